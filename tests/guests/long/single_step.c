/* SPDX-License-Identifier: BSD-2-Clause */
/* TF traps after every instruction, also after one that the hypervisor completes, and after each iteration of a REP. */
/* run: */
/* run: --intercept all */
#include "guest.h"

#define STEPS 32

static volatile u32 steps;
static volatile reg step_ip[STEPS], step_cx[STEPS], step_dr6, stop_ip;

static void on_debug(struct frame *frame)
{
	step_dr6 = read_dr6();
	write_dr6(0xffff0ff0);
	if (steps < STEPS) {
		step_ip[steps] = frame->ip;
		step_cx[steps] = frame->cx;
	}
	steps++;
	if (frame->ip == stop_ip)
		frame->flags &= ~FLAG_TF;
}

static void on_software(struct frame *frame)
{
	EXPECT(read_flags() & FLAG_TF, 0);
	EXPECT(frame->flags & FLAG_TF, FLAG_TF);
}

#define POPF_TF "pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\t"

/* Single-steps `code`, one instruction: exactly one trap, after it (label 1). */
#define ONE(code) do { \
	steps = 0; \
	asm volatile("movq $1f, stop_ip\n\t" POPF_TF code "\n1:\tnop" : : : "rax", "rbx", "rcx", "rdx", "memory", "cc"); \
	EXPECT(steps, 1); \
	EXPECT(step_ip[0], stop_ip); \
	EXPECT(step_dr6 & 0xe00f, 0x4000); \
} while (0)

void guest_main(void)
{
	static const char text[] = "abc";
	reg cx = 3, si = (reg)text;

	write_dr6(0xffff0ff0);
	trap_handler[DB] = on_debug;
	ONE("nop");
	ONE("cpuid");
	ONE("rdtsc");
	ONE("inb $0x21, %%al");
	ONE("outb %%al, $0x80");
	ONE("pause");
	ONE("wbinvd");
	ONE("mov %%cr0, %%rax");
	ONE("mov %%cr3, %%rax");
	ONE("mov %%cr8, %%rax");
	ONE("mov %%dr0, %%rax");
	ONE("mov %%dr7, %%rax");
	ONE("invlpg (%%rsp)");
	ONE("clts");
	ONE("rdrand %%eax");
	steps = 0;
	asm volatile("movq $1f, stop_ip\n\tmov %%cr0, %%rax\n\tmov $0xc0000080, %%ecx\n\t" POPF_TF
		     "mov %%rax, %%cr0\n2:\tmov %%cr3, %%rax\n3:\tmov %%rax, %%cr3\n4:\trdmsr\n5:\twrmsr\n1:\tnop"
		     : : : "rax", "rcx", "rdx", "memory", "cc");
	EXPECT(steps, 5);
	EXPECT(step_ip[4], stop_ip);
	EXPECT(step_ip[3], stop_ip - 2);
	EXPECT(step_ip[2], stop_ip - 4);
	EXPECT(step_ip[1], stop_ip - 7);
	EXPECT(step_ip[0], stop_ip - 10);

	/* MOV SS puts the trap off by one instruction */
	steps = 0;
	asm volatile("movq $1f, stop_ip\n\tmov %%ss, %%eax\n\t" POPF_TF "mov %%eax, %%ss\n\tcpuid\n1:\tnop"
		     : : : "rax", "rbx", "rcx", "rdx", "memory", "cc");
	EXPECT(steps, 1);
	EXPECT(step_ip[0], stop_ip);

	/* REP OUTSB to the UART's scratch register: one trap an iteration, RIP at the instruction but for the last */
	steps = 0;
	asm volatile("movq $1f, stop_ip\n\t" POPF_TF "rep outsb\n1:\tnop" : "+c"(cx), "+S"(si) : "d"(0x3ff) : "memory", "cc");
	EXPECT(steps, 3);
	EXPECT(step_ip[0], stop_ip - 2);
	EXPECT(step_ip[1], stop_ip - 2);
	EXPECT(step_ip[2], stop_ip);
	EXPECT(step_cx[0], 2);
	EXPECT(step_cx[1], 1);
	EXPECT(step_cx[2], 0);
	EXPECT(cx, 0);

	/* INT n clears TF for the handler; IRET sets it, and the trap comes after the next instruction */
	steps = 0;
	trap_handler[0x71] = on_software;
	asm volatile("movq $1f, stop_ip\n\t" POPF_TF "int $0x71\n\tnop\n1:\tnop\n\tpushf\n\tandl $~0x100, (%%rsp)\n\tpopf"
		     : : : "memory", "cc");
	EXPECT(step_ip[0], stop_ip);
	guest_success();
}
