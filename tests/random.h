/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for tests: the same seed, the same test (xorshift64*). */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include "types.h"

static u64 random_state = 1;

static inline void random_seed(u64 seed)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15ull;
}

static inline u64 random_u64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

/* 0 .. limit - 1. */
static inline u32 random_below(u32 limit)
{
	return (u32)(random_u64() >> 33) % limit;
}

#endif
