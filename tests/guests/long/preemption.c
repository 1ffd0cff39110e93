/* SPDX-License-Identifier: BSD-2-Clause */
/* Long loops that the preemption timer cuts keep exact counts: the TSC advances by what was executed, over 10 million. */
/* run: */
/* run: --quantum 10000 */
/* run: --quantum 123457 --intercept all */
#include "guest.h"

void guest_main(void)
{
	static const u32 rounds[] = { 1, 1000, 1000000, 5000000 };

	for (u32 i = 0; i < ARRAY_COUNT(rounds); i++) {
		reg a, d, r8, cx = rounds[i];

		asm volatile("rdtsc\n\tmov %%eax, %%r8d\n1:\tdec %3\n\tjnz 1b\n\trdtsc\n\tsub %%r8d, %%eax\n\tmov %%r8, %2"
			     : "=&a"(a), "=d"(d), "=&r"(r8), "+c"(cx) : : "r8");
		EXPECT((u32)a, 2 + 2 * rounds[i]);
	}
	guest_success();
}
