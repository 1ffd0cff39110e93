/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual-8086 mode: entered by IRET, I/O and CPUID in it work (IOPL and bitmap), #GP leaves it. */
#include "guest.h"

static u32 tss[26 + 32 + 1] __attribute__((aligned(16)));
static u8 stack[4096] __attribute__((aligned(16)));
static volatile u32 done, seen_flags, seen_ip, seen_vector;
static reg kernel_esp;

/* Code at 0:8000H: OUT 3FFH (allowed by the bitmap), CPUID, REP OUTSB DS:SI, HLT (#GP). */
static const u8 code[] = {
	0xba, 0xff, 0x03, 0xb0, 0x39, 0xee,		/* mov $3ffh, %dx; mov $39h, %al; out %al, %dx */
	0x66, 0x31, 0xc0, 0x0f, 0xa2,			/* xor %eax, %eax; cpuid */
	0xbe, 0x00, 0x90, 0xb9, 0x03, 0x00,		/* mov $9000h, %si; mov $3, %cx */
	0xba, 0xff, 0x03, 0xf3, 0x6e,			/* mov $3ffh, %dx; rep outsb */
	0xf4						/* hlt */
};

static void leave(struct frame *frame)
{
	seen_vector = (u32)frame->vector;
	seen_flags = (u32)frame->flags;
	seen_ip = (u32)frame->ip;
	done = 1;
	asm volatile("mov %0, %%esp\n\tjmp v86_back" : : "r"(kernel_esp) : "memory");
}

void guest_main(void)
{
	memcpy((void *)0x8000, code, sizeof(code));
	memcpy((void *)0x9000, "\x10\x20\x30", 3);
	tss[1] = (reg)stack + sizeof(stack);
	tss[2] = DS0;
	tss[25] = 26 * 4 << 16;
	tss[58] = 0xffffffff;
	gdt_tss(SEL_FREE, tss, sizeof(tss) - 1);
	asm volatile("ltr %w0" : : "r"(SEL_FREE));
	trap_handler[GP] = leave;
	asm volatile("pushal\n\tmov %%esp, %0\n\t"
		     "pushl $0\n\tpushl $0\n\tpushl $0\n\tpushl $0\n\t"	/* GS FS DS ES */
		     "pushl $0\n\tpushl $0x7000\n\t"				/* SS:ESP */
		     "pushl $0x20002\n\tpushl $0\n\tpushl $0x8000\n\t"	/* EFLAGS.VM, CS:EIP */
		     "iretl\n"
		     "v86_back:\n\tmov $0x18, %%eax\n\tmov %%eax, %%ds\n\tmov %%eax, %%es\n\tmov %%eax, %%fs\n\t"
		     "mov %%eax, %%gs\n\tmov %%eax, %%ss\n\tpopal" : "=m"(kernel_esp) : : "memory");
	EXPECT(done, 1);
	EXPECT(seen_vector, GP);
	EXPECT(seen_flags & 0x20000, 0x20000);
	EXPECT(seen_ip, 0x8000 + sizeof(code) - 1);
	EXPECT(inb(0x3ff), 0x30);
	guest_success();
}
