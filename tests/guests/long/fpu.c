/* SPDX-License-Identifier: BSD-2-Clause */
/* x87 and SSE registers and control words stay as they are across exits of many kinds; the command line is the pattern. */
#include "guest.h"

struct image { u8 b[512]; } __attribute__((aligned(16)));
static struct image want, got;

/* Fills every byte of x87 and XMM state with a pattern of `seed`. */
static void fill(u32 seed)
{
	u8 *b = want.b;

	memset(b, 0, 512);
	*(u16 *)b = (u16)(0x37f | (seed & 3) << 10);		/* FCW: rounding */
	b[4] = 0xff;						/* all tags valid */
	*(u32 *)(b + 24) = 0x1f80 | (seed & 3) << 13;		/* MXCSR */
	for (u32 i = 0; i < 8; i++) {
		for (u32 j = 0; j < 8; j++)
			b[32 + 16 * i + j] = (u8)(seed * 13 + i * 17 + j * 29 + 1);
		b[32 + 16 * i + 7] |= 0x80;			/* normal numbers */
		b[32 + 16 * i + 8] = (u8)(seed + i);
		b[32 + 16 * i + 9] = 0x40;
	}
	for (u32 i = 0; i < 256; i++)
		b[160 + i] = (u8)(seed * 7 + i * 11);
	asm volatile("fxrstor64 %0" : : "m"(want));
}

static void check(void)
{
	asm volatile("fxsave64 %0" : "=m"(got));
	EXPECT(*(u16 *)got.b, *(u16 *)want.b);
	EXPECT(got.b[4], want.b[4]);
	EXPECT(*(u32 *)(got.b + 24), *(u32 *)(want.b + 24));
	for (u32 i = 0; i < 8; i++)
		EXPECT(memcmp(got.b + 32 + 16 * i, want.b + 32 + 16 * i, 10), 0);
	EXPECT(memcmp(got.b + 160, want.b + 160, 256), 0);
}

void guest_main(void)
{
	u32 seed = (u8)*guest_command_line();

	write_cr0((read_cr0() | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS));
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	for (u32 round = 0; round < 60; round++) {
		fill(seed + round);
		cpuid(0, 0);
		inb(0x21);
		outb(0x80, 0);
		rdmsr(MSR_EFER);
		write_cr0(read_cr0() ^ CR0_NE);
		write_dr0(round);
		asm volatile("wbinvd\n\tpause" : : : "memory");
		TRY("ud2", :);
		check();
		for (volatile u32 spin = 0; spin < 20000; spin++)	/* long enough for other VMs to run */
			;
		check();
	}
	guest_success();
}
