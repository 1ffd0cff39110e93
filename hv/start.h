/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's first state: its virtual CPU and its VMCS, from the plan. */
#ifndef HV_START_H
#define HV_START_H

#include "controls.h"
#include "plan.h"
#include "types.h"

/* Sets up vcpus[vm], the MSR and I/O bitmaps and the VMCS. The VM's EPT has been built (memory_prepare). */
void start_vm(vm_id vm, const struct plan_vm *plan, const struct controls *controls, u64 quantum_ticks);

#endif
