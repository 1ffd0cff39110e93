/* SPDX-License-Identifier: BSD-2-Clause */
/* Hardware task switches by JMP, CALL, IRET and a task gate: registers, NT, back link, busy bits, CR0.TS. */
#include "guest.h"

#define TSS_A SEL_FREE			/* the main task */
#define TSS_B (SEL_FREE + 8)
#define GATE (SEL_FREE + 16)

static u32 tss_a[26], tss_b[26];
static u8 stack_b[4096] __attribute__((aligned(16)));
static volatile u32 visits, seen_flags, seen_cr0, seen_link, seen_ax, seen_tr, seen_busy_a, seen_busy_b, how;

static u32 type_of(u32 selector)
{
	return (u32)(gdt[selector / 8] >> 40) & 0x1f;
}

/* The other task: notes what it sees, and goes back the way that `how` says. */
static void task_b(void)
{
	for (;;) {
		u32 tr;

		asm volatile("str %0" : "=r"(tr));
		visits++;
		seen_flags = (u32)read_flags();
		seen_cr0 = (u32)read_cr0();
		seen_link = tss_b[0] & 0xffff;
		seen_tr = tr;
		seen_busy_a = type_of(TSS_A);
		seen_busy_b = type_of(TSS_B);
		asm volatile("clts");
		if (how == 0)
			asm volatile("ljmp %0, $0" : : "i"(TSS_A) : "memory");
		else
			asm volatile("iretl" : : : "memory");
	}
}

void guest_main(void)
{
	gdt_tss(TSS_A, tss_a, sizeof(tss_a) - 1);
	gdt_tss(TSS_B, tss_b, sizeof(tss_b) - 1);
	gdt[GATE / 8] = (u64)TSS_B << 16 | 0x85ull << 40;
	tss_a[25] = tss_b[25] = sizeof(tss_a) << 16;
	asm volatile("ltr %w0" : : "r"(TSS_A));
	EXPECT(type_of(TSS_A), 0xb);
	tss_b[8] = (u32)(reg)task_b;
	tss_b[9] = 2;
	tss_b[10] = 0xa5a5a5a5;
	tss_b[14] = (u32)(reg)stack_b + sizeof(stack_b) - 16;
	tss_b[18] = tss_b[20] = tss_b[21] = DS0;
	tss_b[19] = CS0;
	tss_b[22] = tss_b[23] = DS0;

	/* JMP there, JMP back */
	how = 0;
	u32 keep_di = 0x12345678, keep_si = 0x9abcdef0;
	asm volatile("ljmp %2, $0" : "+D"(keep_di), "+S"(keep_si) : "i"(TSS_B) : "memory", "cc");
	EXPECT(visits, 1);
	EXPECT(seen_tr, TSS_B);
	EXPECT(seen_flags & FLAG_NT, 0);
	EXPECT(seen_cr0 & CR0_TS, CR0_TS);
	EXPECT(seen_busy_a, 0x9);
	EXPECT(seen_busy_b, 0xb);
	EXPECT(type_of(TSS_A), 0xb);
	EXPECT(type_of(TSS_B), 0x9);
	EXPECT(keep_di, 0x12345678);
	EXPECT(keep_si, 0x9abcdef0);
	EXPECT(read_cr0() & CR0_TS, CR0_TS);
	asm volatile("clts");

	/* CALL there, IRET back: NT and the back link; task B goes on after its JMP, so it loops */
	how = 1;
	asm volatile("lcall %0, $0" : : "i"(TSS_B) : "memory", "cc");
	EXPECT(visits, 2);
	EXPECT(seen_flags & FLAG_NT, FLAG_NT);
	EXPECT(seen_link, TSS_A);
	EXPECT(seen_busy_a, 0xb);
	EXPECT(seen_busy_b, 0xb);
	EXPECT(type_of(TSS_A), 0xb);
	EXPECT(type_of(TSS_B), 0x9);
	EXPECT(read_flags() & FLAG_NT, 0);
	asm volatile("clts");

	/* CALL through a task gate in the GDT */
	asm volatile("lcall %0, $0" : : "i"(GATE) : "memory", "cc");
	EXPECT(visits, 3);
	EXPECT(seen_link, TSS_A);
	asm volatile("clts");

	/* #BP through a task gate in the IDT: INT3 switches, IRET comes back after it */
	u64 saved[1];
	struct { u16 limit; u32 base; } __attribute__((packed)) idtr;
	asm volatile("sidt %0" : "=m"(idtr));
	saved[0] = ((u64 *)idtr.base)[BP];
	((u64 *)idtr.base)[BP] = (u64)TSS_B << 16 | 0xe5ull << 40;
	asm volatile("int3" : : : "memory", "cc");
	((u64 *)idtr.base)[BP] = saved[0];
	EXPECT(visits, 4);
	EXPECT(seen_flags & FLAG_NT, FLAG_NT);
	EXPECT(seen_link, TSS_A);
	asm volatile("clts");
	guest_success();
}
