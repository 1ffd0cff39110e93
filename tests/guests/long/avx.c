/* SPDX-License-Identifier: BSD-2-Clause */
/* YMM registers and XCR0 stay as they are across exits and while other VMs run; the command line is the pattern. */
/* run: --cpu avx */
#include "guest.h"

static u8 want[16][32] __attribute__((aligned(32))), got[16][32] __attribute__((aligned(32)));

#define EACH(op) \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD(n) asm volatile("vmovdqa %0, %%ymm" #n : : "m"(want[n]));
#define STORE(n) asm volatile("vmovdqa %%ymm" #n ", %0" : "=m"(got[n]));

void guest_main(void)
{
	u32 seed = (u8)*guest_command_line(), low, high, xcr0 = 7;

	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXSAVE);
	asm volatile("xsetbv" : : "c"(0), "a"(xcr0), "d"(0));
	for (u32 round = 0; round < 60; round++) {
		for (u32 i = 0; i < sizeof(want); i++)
			((u8 *)want)[i] = (u8)(seed * 7 + i * 11 + round * 3);
		EACH(LOAD)
		cpuid(0, 0);
		inb(0x21);
		rdmsr(MSR_EFER);
		asm volatile("pause");
		TRY("ud2", :);
		for (volatile u32 spin = 0; spin < 20000; spin++)
			;
		EACH(STORE)
		EXPECT(memcmp(want, got, sizeof(want)), 0);
		asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
		EXPECT(low, 7);
		EXPECT(high, 0);
	}
	guest_success();
}
