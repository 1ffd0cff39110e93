/* SPDX-License-Identifier: BSD-2-Clause */
/* A page fault through a task gate: its error code is pushed on the new task's stack. */
#include "guest.h"

#define TSS_A SEL_FREE
#define TSS_B (SEL_FREE + 8)

static u32 tss_a[26], tss_b[26];
static u8 stack_b[4096] __attribute__((aligned(16)));
static u32 directory[1024] __attribute__((aligned(PAGE)));
static volatile u32 seen_error, seen_cr2;

/* Comes with the error code on the stack; maps the page and goes back. */
asm(".text\n"
    "task_b:\n\t"
    "pop seen_error\n\t"
    "mov %cr2, %eax\n\t"
    "mov %eax, seen_cr2\n\t"
    "orl $1, directory + 4 * 3\n\t"
    "mov %cr3, %eax\n\t"
    "mov %eax, %cr3\n\t"
    "clts\n\t"
    "iretl\n\t"
    "jmp task_b");
void task_b(void);

void guest_main(void)
{
	struct { u16 limit; u32 base; } __attribute__((packed)) idtr;

	for (u32 i = 0; i < 1024; i++)
		directory[i] = i << 22 | 0x83;
	directory[3] &= ~1u;		/* 12 MiB: not present */
	write_cr4(read_cr4() | CR4_PSE);
	write_cr3((reg)directory);
	write_cr0(read_cr0() | CR0_PG);
	gdt_tss(TSS_A, tss_a, sizeof(tss_a) - 1);
	gdt_tss(TSS_B, tss_b, sizeof(tss_b) - 1);
	tss_a[25] = tss_b[25] = sizeof(tss_a) << 16;
	tss_a[7] = tss_b[7] = (u32)(reg)directory;	/* CR3 is loaded from the TSS and never saved */
	asm volatile("ltr %w0" : : "r"(TSS_A));
	tss_b[8] = (u32)(reg)task_b;
	tss_b[9] = 2;
	tss_b[14] = (u32)(reg)stack_b + sizeof(stack_b) - 16;
	tss_b[18] = tss_b[20] = tss_b[21] = tss_b[22] = tss_b[23] = DS0;
	tss_b[19] = CS0;
	asm volatile("sidt %0" : "=m"(idtr));
	((u64 *)idtr.base)[PF] = (u64)TSS_B << 16 | 0x85ull << 40;
	*(volatile u32 *)0xc00010 = 0x600d;
	EXPECT(seen_error, 2);
	EXPECT(seen_cr2, 0xc00010);
	EXPECT(*(volatile u32 *)0xc00010, 0x600d);
	guest_success();
}
