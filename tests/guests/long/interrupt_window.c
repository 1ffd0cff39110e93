/* SPDX-License-Identifier: BSD-2-Clause */
/* An interrupt that comes while IF=0 waits, and is delivered right after IF allows it: STI's shadow, MOV SS, POPF, IRET. */
/* run: */
/* run: --intercept all */
#include "guest.h"

static volatile reg seen_ip, expected_ip, seen_flags;
static volatile u32 count;

static void on_timer(struct frame *frame)
{
	count++;
	seen_ip = frame->ip;
	seen_flags = frame->flags;
	pic_eoi(0);
}

/* Makes IRQ 0 pending at the PIC, with IF=0. */
static void make_pending(void)
{
	u32 before = count;

	cli();
	outb(0x21, 0xfe);
	pit_start(0, 0, 50);
	outb(0x20, 0x0a);	/* read IRR */
	for (u32 i = 0; (inb(0x20) & 1) == 0; i++)
		if (i > 10000000)
			guest_failure("IRQ 0 never becomes pending");
	EXPECT(count, before);
}

/* Runs asm `code`, in which the label 7 marks where the interrupt must come. */
#define AT(code) do { \
	u32 before = count; \
	make_pending(); \
	asm volatile("movq $7f, expected_ip\n\t" code "\n\tcli" : : : "memory", "rax", "rbx", "rcx", "rdx", "cc"); \
	EXPECT(count, before + 1); \
	EXPECT(seen_ip, expected_ip); \
	EXPECT(seen_flags & FLAG_IF, FLAG_IF); \
} while (0)

void guest_main(void)
{
	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;
	AT("sti\n\tnop\n7:\tnop\n\tnop");
	AT("sti\n\tcpuid\n7:\tnop\n\tnop");	/* the shadow ends although the hypervisor completes the instruction */
	AT("mov $0x3ff, %%edx\n\tsti\n\tin %%dx, %%al\n7:\tnop\n\tnop");
	AT("sti\n\tsti\n7:\tnop\n\tnop");
	AT("pushf\n\torl $0x200, (%%rsp)\n\tpopf\n7:\tnop\n\tnop");
	AT("mov %%ss, %%eax\n\tpushf\n\torl $0x200, (%%rsp)\n\tpopf\n7:\tnop\n\tmov %%eax, %%ss");
	AT("mov %%ss, %%eax\n\tsti\n\tmov %%eax, %%ss\n\tnop\n7:\tnop\n\tnop");
	AT("mov %%ss, %%eax\n\tsti\n\tmov %%eax, %%ss\n\tcpuid\n7:\tnop\n\tnop");
	AT("mov %%rsp, %%rcx\n\tpushq $0x18\n\tpush %%rcx\n\tpushf\n\torl $0x200, (%%rsp)\n\tpushq $0x10\n\tpushq $7f\n\t"
	   "iretq\n7:\tnop\n\tnop");
	AT("sti\n\thlt\n7:\tnop\n\tnop");

	/* STI, CLI: never */
	make_pending();
	asm volatile("sti\n\tcli\n\tnop\n\tnop" : : : "memory");
	EXPECT(inb(0x20) & 1, 1);

	/* unmasked by an OUT while IF=1, in the shadow of MOV SS: right after the OUT */
	make_pending();
	outb(0x21, 0xff);
	sti();
	asm volatile("nop");
	u32 before = count;
	asm volatile("movq $7f, expected_ip\n\tmov %%ss, %%ecx\n\tmov $0xfe, %%eax\n\tmov %%ecx, %%ss\n\toutb %%al, $0x21\n"
		     "7:\tnop\n\tnop\n\tcli" : : : "memory", "rax", "rbx", "rcx", "rdx", "cc");
	EXPECT(count, before + 1);
	if (on_reprise())	/* Bochs's own PIC may raise INTR later */
		EXPECT(seen_ip, expected_ip);
	guest_success();
}
