/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator behind a VM's RDRAND and RDSEED: xoshiro256** (Blackman, Vigna 2018), seeded by the plan. */
#ifndef HV_ENTROPY_H
#define HV_ENTROPY_H

#include "types.h"
#include "vcpu.h"

/* The next 64 bits of the VM's generator. */
/*@ requires vm: vm < VM_MAX;
    assigns  vcpus[vm].entropy[0 .. 3];
    exits    never: \false;

*/
u64 entropy_next(vm_id vm);

#endif
