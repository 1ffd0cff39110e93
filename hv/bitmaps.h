/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-VM MSR and I/O bitmaps (SDM 3C 24.6.4, 24.6.9): everything exits but the MSRs that a VM owns outright. */
#ifndef HV_BITMAPS_H
#define HV_BITMAPS_H

#include "types.h"

/* A page each, bit n of word n / 64 for port or MSR n. */
struct bitmaps {
	u64 msr[512];	/* read low, read high, write low, write high: 128 words each */
	u64 io_a[512];	/* ports 0-7FFFH */
	u64 io_b[512];	/* ports 8000H-FFFFH */
};

extern struct bitmaps vm_bitmaps[VM_MAX];

#include "spec/bitmaps.acsl"

/* Every port and MSR exits, but FS, GS and kernel GS base, the SYSCALL and SYSENTER MSRs and TSC_AUX, which the VMCS or
 * the swap list hold for each VM. */
/*@ requires vm:     vm < VM_MAX;
    assigns  vm_bitmaps[vm];
    exits    never:  \false;
    ensures  closed: bitmaps_closed(vm);
*/
void bitmaps_reset(vm_id vm);

#endif
