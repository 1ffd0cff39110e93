/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator behind a VM's RDRAND and RDSEED. */
#include "entropy.h"
#include "vcpu.h"

/*@ requires n: 1 <= n <= 63;
    assigns  \nothing;
    exits    never: \false;
*/
static u64 rotate_left(u64 x, u32 n)
{
	return (x << n) | (x >> (64 - n));
}

u64 entropy_next(vm_id vm)
{
	u64 result = rotate_left(vcpus[vm].entropy[1] * 5, 7) * 9;
	u64 t = vcpus[vm].entropy[1] << 17;

	vcpus[vm].entropy[2] ^= vcpus[vm].entropy[0];
	vcpus[vm].entropy[3] ^= vcpus[vm].entropy[1];
	vcpus[vm].entropy[1] ^= vcpus[vm].entropy[2];
	vcpus[vm].entropy[0] ^= vcpus[vm].entropy[3];
	vcpus[vm].entropy[2] ^= t;
	vcpus[vm].entropy[3] = rotate_left(vcpus[vm].entropy[3], 45);
	return result;
}
