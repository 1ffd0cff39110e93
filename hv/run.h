/* SPDX-License-Identifier: BSD-2-Clause */
/* Running one VM: entry, exit, handling, until its slice is over. */
#ifndef HV_RUN_H
#define HV_RUN_H

#include "types.h"

/* Runs the current VM until it halts, ends, or its position reaches the end of its quantum. */
void run_vm(vm_id vm);

/* Brings the VM's devices to its virtual time and computes the position of the next stop. */
COLD void run_devices(vm_id vm);

#endif
