/* SPDX-License-Identifier: BSD-2-Clause */
/* Where each VM's RAM lies. */
#ifndef HV_RAM_H
#define HV_RAM_H

#include "ept.h"
#include "types.h"

/* Guest-physical [0, bytes) is host-physical [hpa, hpa + bytes). */
struct ram {
	u64 hpa;
	u64 bytes;
};

extern struct ram vm_ram[VM_MAX];

#include "spec/mem.acsl"

/*@ // The VM's RAM and tables are set up: its EPT is sound, and the region is that of plan_validate.
    predicate gmem_ready{L}(integer v) = ept_inv(v) && vm_ram[v].hpa + vm_ram[v].bytes <= 0x100000000;
*/

#endif
