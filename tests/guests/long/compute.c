/* SPDX-License-Identifier: BSD-2-Clause */
/* Computes for a while over registers and memory and prints the result: the good neighbour in cases with several VMs. */
/* expect: status=0 console~"result 47e9a47920eabdbf.*SUCCESS" */
#include "guest.h"

static u64 memory[8192];

void guest_main(void)
{
	u64 x = 88172645463325252ull, sum = 0;

	for (u32 round = 0; round < 60; round++)
		for (u32 i = 0; i < ARRAY_COUNT(memory); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			memory[i] += x ^ memory[(i * 31 + round) % ARRAY_COUNT(memory)];
			sum += memory[i];
		}
	say("result %llx\n", sum);
	guest_success();
}
