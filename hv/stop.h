/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping a VM that cannot go on, with a message that names the reason. The other VMs go on. */
#ifndef HV_STOP_H
#define HV_STOP_H

#include "exit.h"
#include "types.h"

/* The exit has no handling: reason, qualification, addresses, position and RIP by name. */
COLD void stop_unhandled(vm_id vm, const struct vmexit *exit);

/* VMLAUNCH or VMRESUME failed: the VM-instruction error (SDM 3C 30.4). */
COLD void stop_entry_failed(vm_id vm);

/* The VM is not started: `why` is one clause. */
COLD void stop_refused(vm_id vm, const char *why);

/* Gives the VM the name that messages use. */
COLD void stop_name(vm_id vm, const u8 *name);

#endif
