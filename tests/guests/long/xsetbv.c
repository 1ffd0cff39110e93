/* SPDX-License-Identifier: BSD-2-Clause */
/* XSETBV: valid values are set, every invalid one is #GP, CPL 3 is #GP, without CR4.OSXSAVE it is #UD. */
/* run: --cpu avx */
#include "guest.h"

static u32 xsetbv(u32 index, u64 value)
{
	return TRY("xsetbv", : : "c"(index), "a"((u32)value), "d"((u32)(value >> 32)));
}

static u64 xgetbv(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

static volatile u32 user_vector;

static void user(void)
{
	user_vector = xsetbv(0, 3);
	USER_RETURN();
}

void guest_main(void)
{
	static const u64 bad[] = { 0, 2, 4, 5, 6, 1ull << 63 | 7, 1ull << 32 | 7, 0x3f7 };

	EXPECT(xsetbv(0, 1), UD);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXSAVE);
	EXPECT(xgetbv(), 1);
	EXPECT(xsetbv(0, 3), NO_TRAP);
	EXPECT(xgetbv(), 3);
	EXPECT(xsetbv(0, 7), NO_TRAP);
	EXPECT(xgetbv(), 7);
	for (u32 i = 0; i < ARRAY_COUNT(bad); i++) {
		EXPECT(xsetbv(0, bad[i]), GP);
		EXPECT(trap.error, 0);
		EXPECT(xgetbv(), 7);
	}
	EXPECT(xsetbv(1, 7), GP);
	EXPECT(xsetbv(0xffffffff, 7), GP);
	EXPECT(xgetbv(), 7);
	paging_own();
	user_call(user);
	EXPECT(user_vector, GP);
	EXPECT(xgetbv(), 7);
	/* a bit of it missing: AVX is #UD */
	EXPECT(xsetbv(0, 3), NO_TRAP);
	EXPECT(TRY("vpxor %%xmm0, %%xmm0, %%xmm0", :), UD);
	EXPECT(xsetbv(0, 7), NO_TRAP);
	EXPECT(TRY("vpxor %%xmm0, %%xmm0, %%xmm0", :), NO_TRAP);
	guest_success();
}
