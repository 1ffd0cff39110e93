/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-VM MSR and I/O bitmaps (SDM 3C 24.6.4, 24.6.9): everything exits but the MSRs that a VM owns outright. */
#ifndef HV_BITMAPS_H
#define HV_BITMAPS_H

#include "types.h"

/* Every port and MSR exits, but FS, GS and kernel GS base, the SYSCALL and SYSENTER MSRs and TSC_AUX, which the VMCS or
 * the swap list hold for each VM. */
void bitmaps_reset(vm_id vm);

/* Host-physical addresses for the VMCS. */
u64 bitmaps_io_a(vm_id vm);
u64 bitmaps_io_b(vm_id vm);
u64 bitmaps_msr(vm_id vm);

#endif
