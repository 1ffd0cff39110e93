/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator behind a VM's RDRAND and RDSEED. */
#include "entropy.h"
#include "vcpu.h"

static u64 rotate_left(u64 x, u32 n)
{
	return (x << n) | (x >> (64 - n));
}

u64 entropy_next(vm_id vm)
{
	u64 *s = vcpus[vm].entropy;
	u64 result = rotate_left(s[1] * 5, 7) * 9;
	u64 t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}
