/* SPDX-License-Identifier: BSD-2-Clause */
/* Running one VM: entry, exit, handling, until its slice is over. */
#ifndef HV_RUN_H
#define HV_RUN_H

#include "cpu.h"
#include "dev/board.h"
#include "gmem.h"
#include "types.h"
#include "vcpu.h"

#include "spec/exit.acsl"

/*@ // What holds of a VM between its entries: isolation, and that everything pending is noted.
    predicate vm_ready{L}(integer v) =
      vm_isolated(v) && controls_mirrored(v) && event_valid(vmcs[v][VM_ENTRY_INTERRUPTION_INFO]) == 0 &&
      event_pending_ok(v) && xcr0_legal(vcpus[v].xcr0);
*/

/* Runs the current VM until it halts, ends, or its position reaches the end of its quantum. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires live:     live_vm == vm && live_xcr0 == vcpus[vm].xcr0;
    requires ready:    vm_ready(vm);
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    assigns  PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), vmcs[vm][0 .. 0x6fff],
             live_cr2, live_dr[0 .. 6], live_msr[0 .. 5], live_xcr0, live_xstate, count_invvpid[vm], count_invept,
             last_invept, count_message, vcpus[vm];
    exits    never:    \false;
    ensures  live:     live_xcr0 == vcpus[vm].xcr0;
    ensures  ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
*/
void run_vm(vm_id vm);

/* Brings the VM's devices to its virtual time and computes the position of the next stop. */
/*@ requires vm:       vm < VM_MAX;
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    assigns  boards[vm], vcpus[vm].deadline, vcpus[vm].attention;
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
    ensures  deadline: vcpus[vm].deadline <= vcpus[vm].quantum_end;
    ensures  asks:     boards[vm].pic.intr != 0 ==> (vcpus[vm].attention & ATTEND_INTERRUPT) != 0;
*/
COLD void run_devices(vm_id vm);

#endif
