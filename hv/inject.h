/* SPDX-License-Identifier: BSD-2-Clause */
/* Events for the guest: exceptions, NMIs and interrupts, and the re-injection of interrupted deliveries. */
#ifndef HV_INJECT_H
#define HV_INJECT_H

#include "types.h"
#include "exit.h"

/* Makes a hardware exception pending for the VM's next entry; it has an error code where the vector has one. If an
 * event was already pending, the two combine as SDM 3A table 6-5 says (#DF or shutdown). Always ACTION_RESUME. */
COLD enum action inject_exception(vm_id vm, u32 vector, u32 error);

/* The same for #PF: also sets CR2 (SDM 3A 4.7). */
COLD enum action inject_page_fault(vm_id vm, u64 linear, u32 error);

/* The general-protection fault with error code 0, the commonest answer. */
COLD enum action inject_gp(vm_id vm);
COLD enum action inject_ud(vm_id vm);

/* Re-injects an intercepted #BP, #OF or INT1 of the guest: `info` as the exit reported it, `length` of the instruction. */
COLD enum action inject_software(vm_id vm, u32 info, u32 length);

/* An event whose delivery the exit interrupted (valid IDT-vectoring information) becomes pending again; the position
 * counts one tick for it (DESIGN: position and time). */
COLD void inject_vectoring(vm_id vm, const struct vmexit *exit);

/* Writes the pending event, or the PIC's or an NMI, into the VM-entry fields, or opens the window to wait for.
 * Called before an entry when vcpu.attention says so. */
COLD void inject_attend(vm_id vm);

#endif
