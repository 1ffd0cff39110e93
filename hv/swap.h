/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers that VMX does not switch: CR2, DR0-3, DR6, seven MSRs, XCR0 and the XSAVE components. */
#ifndef HV_SWAP_H
#define HV_SWAP_H

#include "types.h"

/* Saves the machine's values as the VM's. */
void swap_out(vm_id vm);

/* Makes the VM's VMCS current and loads its values; nothing of another VM stays. */
void swap_in(vm_id vm);

#endif
