/* SPDX-License-Identifier: BSD-2-Clause */
/* Running one VM: entry, exit, handling, until its slice is over. */
#ifndef HV_RUN_H
#define HV_RUN_H

#include "cpu.h"
#include "dev/board.h"
#include "exit.h"
#include "gmem.h"
#include "types.h"
#include "vcpu.h"

#include "spec/exit.acsl"

/* What a step may change: the guest's own state and what handlers change (hv/exit.h). */
#define ENTRY_CHANGES(vm) \
	PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), HANDLED_FIELDS(vm), \
	vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE], vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], \
	vmcs[vm][PROCESSOR_BASED_CONTROLS], vmcs[vm][VMX_PREEMPTION_TIMER_VALUE], \
	vmcs[vm][GUEST_IA32_DEBUGCTL .. GUEST_PDPTE3], vmcs[vm][GUEST_ES_LIMIT .. GUEST_SYSENTER_CS], \
	vmcs[vm][GUEST_CR0 .. GUEST_INTERRUPT_SSP_TABLE], vmcs[vm][GUEST_PHYSICAL_ADDRESS], \
	vmcs[vm][VM_INSTRUCTION_ERROR .. VM_EXIT_INSTRUCTION_INFO], vmcs[vm][EXIT_QUALIFICATION .. GUEST_LINEAR_ADDRESS], \
	live_cr2, live_dr[0 .. 6], live_msr[0 .. 5], live_xcr0, live_xstate, count_invvpid[vm], count_message, \
	vcpus[vm].gpr[0 .. 15], vcpus[vm].host_rsp, vcpus[vm].tsc_entry, vcpus[vm].launched, vcpus[vm].deadline, \
	vcpus[vm].exits, vcpus[vm].controls, vcpus[vm].cr8, vcpus[vm].xcr0, vcpus[vm].entropy[0 .. 3]

/* What handling an exit may change (hv/exit.h). */
#define HANDLED(vm) \
	PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), HANDLED_FIELDS(vm), live_cr2, live_dr[0 .. 6], live_xcr0, \
	count_invvpid[vm], vcpus[vm].gpr[0 .. 15], vcpus[vm].cr8, vcpus[vm].xcr0, vcpus[vm].entropy[0 .. 3]

/* The next stop is not later than the end of the quantum, which lies within what the preemption timer can count. */
#define QUANTUM_OK(v) \
	(vcpus[v].deadline <= vcpus[v].quantum_end && vcpus[v].quantum_end <= vcpus[v].position + 0xfffffffe)

/*@ // What holds of a VM between its entries: isolation, and that what is pending is legal.
    predicate vm_ready{L}(integer v) =
      vm_isolated(v) && controls_mirrored(v) && event_valid(vmcs[v][VM_ENTRY_INTERRUPTION_INFO]) == 0 &&
      event_pending_ok(v) && xcr0_legal(vcpus[v].xcr0);

    // And right before one: what was pending is in the VM-entry fields.
    predicate vm_enterable{L}(integer v) =
      vm_isolated(v) && controls_mirrored(v) && vcpus[v].event_info == 0 && vcpus[v].state == VCPU_RUNNING &&
      event_entry_ok(vmcs[v][VM_ENTRY_INTERRUPTION_INFO], vmcs[v][VM_ENTRY_EXCEPTION_ERROR_CODE],
                     vmcs[v][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[v][GUEST_CR0]) &&
      xcr0_legal(vcpus[v].xcr0);
*/

/*@ // What the VMCS reports of events after an exit is legal (SDM 3C 24.9.2, 24.9.3).
    predicate event_reports_ok{L}(integer v) =
      vmcs[v][VM_EXIT_REASON] <= 0xffffffff &&
      (exit_vectors(vmcs[v][VM_EXIT_REASON]) ==>
         event_reported_ok(vmcs[v][IDT_VECTORING_INFO], vmcs[v][IDT_VECTORING_ERROR_CODE],
                           vmcs[v][VM_EXIT_INSTRUCTION_LENGTH], vmcs[v][GUEST_CR0])) &&
      (vmcs[v][VM_EXIT_REASON] == 0 ==>
         event_valid(vmcs[v][VM_EXIT_INTERRUPTION_INFO]) == 1 &&
         event_reported_ok(vmcs[v][VM_EXIT_INTERRUPTION_INFO], vmcs[v][VM_EXIT_INTERRUPTION_ERROR_CODE],
                           vmcs[v][VM_EXIT_INSTRUCTION_LENGTH], vmcs[v][GUEST_CR0]));

    // Where nothing is reported the error code says nothing.
    lemma event_reported_none:
      \forall integer i, e, l, c; 0 <= i <= 0xffffffff && event_valid(i) == 0 ==> event_reported_ok(i, e, l, c);
*/

/*@ // A board that has not seen a later time than s has not seen a later one than t: what is left of it when time goes on.
    lemma pit_clock_monotone: \forall integer s, t; 0 <= s <= t ==> pit_clock(s) <= pit_clock(t);
    lemma board_later{L}: \forall struct board *b, integer s, t; 0 <= s <= t < BOARD_TIME_MAX && board_at{L}(b, s) ==>
      board_at{L}(b, t);
*/

/* The last exit of the VM that runs. */
extern struct vmexit run_exit;

/* Runs the current VM until it halts, ends, or its position reaches the end of its quantum. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires live:     live_vm == vm && live_xcr0 == vcpus[vm].xcr0;
    requires ready:    vm_ready(vm);
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    requires quantum:  QUANTUM_OK(vm);
    assigns  ENTRY_CHANGES(vm), run_exit, count_invept, last_invept;
    exits    never:    \false;
    ensures  live:     live_xcr0 == vcpus[vm].xcr0;
    ensures  ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    vcpus[vm].state != VCPU_ENDED ==> CLOCK_OK(vm);
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
