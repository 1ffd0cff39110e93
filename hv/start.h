/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's first state: its virtual CPU and its VMCS, from the plan. */
#ifndef HV_START_H
#define HV_START_H

#include "controls.h"
#include "cpu.h"
#include "dev/board.h"
#include "plan.h"
#include "run.h"
#include "types.h"

/* Sets up vcpus[vm], the MSR and I/O bitmaps and the VMCS. The VM's EPT has been built (memory_prepare). */
/*@ requires vm:       vm < VM_MAX;
    requires valid:    \valid_read(plan) && \valid_read(controls);
    requires legal:    controls_legal(controls);
    requires memory:   ept_inv(vm) && ept_confined(vm) && regions_apart;
    requires tables:   vm_ept[vm].hfn * 4096 == ept_place(vm);
    assigns  vmcs[vm][0 .. 0x6fff], live_vmcs, vcpus[vm], vm_bitmaps[vm], boards[vm];
    exits    never:    \false;
    ensures  ready:    vm_ready(vm);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
    ensures  runs:     vcpus[vm].state == VCPU_RUNNING && vcpus[vm].position == 0 && vcpus[vm].idle == 0;
    ensures  current:  live_vmcs == vm;
*/
void start_vm(vm_id vm, const struct plan_vm *plan, const struct controls *controls, u64 quantum_ticks);

#endif
