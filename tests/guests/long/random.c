/* SPDX-License-Identifier: BSD-2-Clause */
/* RDRAND and RDSEED: all widths and registers, CF=1 and other flags 0, values differ. */
#include "guest.h"

void guest_main(void)
{
	reg a, b, flags, hold;
	u32 ones = 0;

	asm volatile("rdrand %0\n\tpushf\n\tpop %1" : "=r"(a), "=r"(flags));
	EXPECT(flags & 0x8d5, 1);
	asm volatile("rdseed %0\n\tpushf\n\tpop %1" : "=r"(b), "=r"(flags));
	EXPECT(flags & 0x8d5, 1);
	CHECK(a != b);
	hold = ~0ul;
	asm volatile("rdrand %k0" : "+r"(hold));
	EXPECT(hold >> 32, 0);
	hold = 0x5555555555555555ul;
	asm volatile("rdrand %w0" : "+r"(hold));
	EXPECT(hold >> 16, 0x555555555555ul);
	asm volatile("mov %%rsp, %1\n\trdseed %%rsp\n\tmov %%rsp, %0\n\tmov %1, %%rsp" : "=&r"(a), "=&r"(hold));
	asm volatile("rdrand %%r15\n\tmov %%r15, %0" : "=r"(b) : : "r15");
	CHECK(a != b);
	for (u32 i = 0; i < 64; i++) {
		asm volatile("rdrand %0" : "=r"(a));
		ones += (u32)(a >> i & 1);
	}
	CHECK(ones > 12 && ones < 52);
	guest_success();
}
