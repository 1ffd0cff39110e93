/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running one VM. The loop is the hot path of the hypervisor: what is rare sits behind vcpu.attention and the deadline.
 * This file holds the only call of cpu_enter.
 */
#include "run.h"
#include "cpu.h"
#include "dev/board.h"
#include "ept.h"
#include "exit.h"
#include "inject.h"
#include "stop.h"
#include "trace.h"
#include "vcpu.h"
#include "vmcs.h"

struct vmexit run_exit;

void run_devices(vm_id vm)
{
	u64 now = vcpu_time(vm);
	u64 next;

	board_advance(vm, now);
	next = board_next(vm, now);
	vcpus[vm].deadline = vcpus[vm].quantum_end;
	if (next != TIME_NEVER && next - vcpus[vm].idle < vcpus[vm].deadline)
		vcpus[vm].deadline = next - vcpus[vm].idle;
	vcpu_time_attended(vm);
	if (board_intr(vm))
		vcpu_attend(vm, ATTEND_INTERRUPT);
}

/* The tables may have lost translations that the processor still holds: nothing of them outlives this. */
/*@ requires vm:       vm < VM_MAX;
    requires inv:      ept_inv(vm);
    assigns  vm_ept[vm].stale, count_invept, last_invept;
    exits    never:    \false;
    ensures  inv:      ept_inv(vm);
    ensures  confined: \old(ept_confined(vm)) ==> ept_confined(vm);
    ensures  fresh:    vm_ept[vm].stale == 0;
    ensures  flushed:  \old(vm_ept[vm].stale) != 0 ==>
                       count_invept == (u64)(\old(count_invept) + 1) && last_invept == vm_ept[vm].hfn * 4096 + 0x5e;
    ensures  idle:     \old(vm_ept[vm].stale) == 0 ==> count_invept == \old(count_invept);
*/
static void flush(vm_id vm)
{
	if (vm_ept[vm].stale) {
		cpu_invept(ept_pointer(vm));
		vm_ept[vm].stale = false;
	}
}

/* The event that is pending, if any, goes into the VM-entry fields. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires running:  vcpus[vm].state == VCPU_RUNNING;
    requires ready:    vm_ready(vm);
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    assigns  vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
             vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[vm][PROCESSOR_BASED_CONTROLS], vcpus[vm].event_info,
             vcpus[vm].nmi_pending, vcpus[vm].controls, vcpus[vm].attention, boards[vm].pic;
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
    ensures  enter:    vm_enterable(vm);
*/
static inline void deliver(vm_id vm)
{
	bool due = (vcpus[vm].attention & ATTEND_EVENT) != 0 || (vcpus[vm].attention & ATTEND_INTERRUPT) != 0;

	if (due)
		inject_attend(vm);
	/*@ assert places:   ept_inv(vm) && ept_confined(vm) && regions_apart && bitmaps_closed(vm); */
	/*@ assert fields:   vmcs_addresses(vm) && vmcs_masks(vm); */
	/*@ assert cpu:      cpu_mandatory(vmcs[vm][PROCESSOR_BASED_CONTROLS]); */
	/*@ assert controls: vmcs_controls(vm); */
	/*@ assert mirrored: controls_mirrored(vm) && xcr0_legal(vcpus[vm].xcr0); */
	/*@ assert taken:    vcpus[vm].event_info == 0 && vcpus[vm].state == VCPU_RUNNING; */
}

/*
 * What must happen before the next entry. False: the slice is over.
 * A pending event is delivered first: it counts as part of the instruction that raised it, so that a moment lies at the
 * same place whether or not the event took an exit. The timer then stops the guest right after the delivery.
 */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    requires quantum:  QUANTUM_OK(vm);
    assigns  vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
             vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[vm][PROCESSOR_BASED_CONTROLS], vcpus[vm].event_info,
             vcpus[vm].nmi_pending, vcpus[vm].controls, vcpus[vm].attention, vcpus[vm].deadline, boards[vm];
    exits    never:    \false;
    ensures  quantum:  QUANTUM_OK(vm);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
    ensures  over:     !\result && vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  enter:    \result ==> vm_enterable(vm);
*/
static COLD bool attend(vm_id vm)
{
	if ((vcpus[vm].attention & ATTEND_STATE) != 0)
		return false;
	if ((vcpus[vm].attention & ATTEND_EVENT) == 0) {
		if (vcpus[vm].position >= vcpus[vm].quantum_end)
			return false;
		if ((vcpus[vm].attention & ATTEND_TIME) != 0 || vcpus[vm].position >= vcpus[vm].deadline)
			run_devices(vm);
	}
	deliver(vm);
	return true;
}

/* The one call of cpu_enter: its precondition, isolation, is proved here. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires live:     live_vm == vm;
    requires enter:    vm_enterable(vm);
    requires fresh:    vm_ept[vm].stale == 0;
    requires timer:    vcpus[vm].deadline <= vcpus[vm].position + 0xfffffffe;
    assigns  GUEST_CHANGES(vm), vmcs[vm][VMX_PREEMPTION_TIMER_VALUE];
    exits    never:    \false;
    ensures  isolated: vm_isolated(vm);
    ensures  fresh:    vm_ept[vm].stale == 0;
    ensures  event:    event_valid(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 0;
    ensures  time:     \result != CPU_ENTRY_FAILED ==>
                       -1 <= \result && 0 <= vcpus[vm].position + \result &&
                       vcpus[vm].position + vcpus[vm].idle + \result < 0x7fffffff00000000;
    ensures  back:     \result == -1 ==> exit_vectors(vmcs[vm][VM_EXIT_REASON]) &&
                       event_valid(vmcs[vm][IDT_VECTORING_INFO]) == 1;
    ensures  reported: event_reports_ok(vm);
*/
static inline s64 enter(vm_id vm)
{
	u64 timer = vcpus[vm].deadline - vcpus[vm].position + 1;

	if (UNLIKELY(vcpus[vm].position >= vcpus[vm].deadline))
		timer = 1;	/* stops before the next instruction */
	cpu_vmwrite(vm, VMX_PREEMPTION_TIMER_VALUE, timer);
	return cpu_enter(vm, vcpus[vm].position + vcpus[vm].idle);
}

/* What an exit asks for, after `ticks` in the guest. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires isolated: vm_isolated(vm);
    requires fresh:    vm_ept[vm].stale == 0;
    requires mirrored: controls_mirrored(vm);
    requires event:    event_valid(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 0 && vcpus[vm].event_info == 0;
    requires running:  vcpus[vm].state == VCPU_RUNNING;
    requires xcr0:     xcr0_legal(vcpus[vm].xcr0) && live_xcr0 == vcpus[vm].xcr0;
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    requires time:     -1 <= ticks && 0 <= vcpus[vm].position + ticks &&
                       vcpus[vm].position + vcpus[vm].idle + ticks < 0x7fffffff00000000;
    requires back:     ticks == -1 ==> exit_vectors(vmcs[vm][VM_EXIT_REASON]) &&
                       event_valid(vmcs[vm][IDT_VECTORING_INFO]) == 1;
    requires reported: event_reports_ok(vm);
    assigns  HANDLED(vm), vcpus[vm].exits, run_exit;
    exits    never:    \false;
    ensures  live:     live_xcr0 == vcpus[vm].xcr0;
    ensures  isolated: vm_isolated(vm);
    ensures  ready:    \result != ACTION_STOP && vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  fresh:    vm_ept[vm].stale == 0;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    \result != ACTION_STOP ==> CLOCK_OK(vm);
    ensures  later:    \result != ACTION_STOP ==> \old(vcpus[vm].position) <= vcpus[vm].position;
    ensures  time:     \result != ACTION_STOP ==> vcpus[vm].position + vcpus[vm].idle < 0x7fffffff00000004;
    ensures  action:   \result == ACTION_SKIP || \result == ACTION_RESUME || \result == ACTION_STOP;
*/
static inline enum action handle(vm_id vm, s64 ticks)
{
	enum action action;

	vcpus[vm].position = (u64)((s64)vcpus[vm].position + ticks);
	vcpus[vm].exits++;
	exit_load(vm, &run_exit);
	/*@ assert moved:    vcpus[vm].position == \at(vcpus[vm].position, Pre) + ticks; */
	/*@ assert timers: counter_ok(&boards[vm].pit.counter[0]) && counter_ok(&boards[vm].pit.counter[1]) && counter_ok(&boards[vm].pit.counter[2]); */
	/*@ assert pit:      pit_ok(&boards[vm].pit); */
	/*@ assert rtc:      rtc_ok(&boards[vm].rtc); */
	/*@ assert uart:     uart_ok(&boards[vm].uart); */
	/*@ assert pic:      pic_ok(&boards[vm].pic); */
	/*@ assert board:    board_ok(&boards[vm]); */
	/*@ assert seen0: counter_at(&boards[vm].pit.counter[0], pit_clock(\at(vcpus[vm].position + vcpus[vm].idle, Pre))); */
	/*@ assert seen1: counter_at(&boards[vm].pit.counter[1], pit_clock(\at(vcpus[vm].position + vcpus[vm].idle, Pre))); */
	/*@ assert seen2: counter_at(&boards[vm].pit.counter[2], pit_clock(\at(vcpus[vm].position + vcpus[vm].idle, Pre))); */
	/*@ assert seen:     board_at(&boards[vm], \at(vcpus[vm].position + vcpus[vm].idle, Pre)); */
	/*@ assert first:    ticks == -1 ==> exit_vectors(run_exit.reason) && event_valid(run_exit.vectoring) == 1; */
	trace_exit(vm, &run_exit);
	action = exit_handle(vm, &run_exit);
	/*@ assert tables:   ept_inv(vm) && ept_confined(vm) && regions_apart && bitmaps_closed(vm); */
	/*@ assert fields:   vmcs_addresses(vm) && vmcs_masks(vm); */
	/*@ assert controls: vmcs_controls(vm); */
	trace_handled(vm, &run_exit);
	return action;
}

/* RIP moves past the instruction that has been emulated. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    requires clock:    CLOCK_OK(vm);
    requires time:     vcpus[vm].position + vcpus[vm].idle < 0x7fffffff00000004;
    assigns  vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_RFLAGS],
             vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS], vcpus[vm].position;
    exits    never:    \false;
    ensures  ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  clock:    CLOCK_OK(vm);
    ensures  tick:     vcpus[vm].position == \old(vcpus[vm].position) + 1;
*/
static inline void skip(vm_id vm)
{
	exit_skip(vm, run_exit.length);
	/*@ assert places:   \at(vm_ready(vm), Pre) ==> ept_inv(vm) && ept_confined(vm) && regions_apart && bitmaps_closed(vm); */
	/*@ assert fields:   \at(vm_ready(vm), Pre) ==> vmcs_addresses(vm) && vmcs_masks(vm); */
	/*@ assert controls: \at(vm_ready(vm), Pre) ==> vmcs_controls(vm); */
	/*@ assert pending:  \at(vm_ready(vm), Pre) ==> controls_mirrored(vm) && event_pending_ok(vm) && xcr0_legal(vcpus[vm].xcr0); */
}

/* One entry, and what the exit asks for. False: the slice is over. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires live:     live_vm == vm && live_xcr0 == vcpus[vm].xcr0;
    requires enter:    vm_enterable(vm);
    requires fresh:    vm_ept[vm].stale == 0;
    requires quantum:  QUANTUM_OK(vm);
    requires noted:    ATTENTION_OK(vm);
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    assigns  ENTRY_CHANGES(vm), run_exit;
    exits    never:    \false;
    ensures  live:     live_xcr0 == vcpus[vm].xcr0;
    ensures  ready:    vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
    ensures  fresh:    vm_ept[vm].stale == 0;
    ensures  quantum:  \result ==> QUANTUM_OK(vm);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    \result ==> CLOCK_OK(vm);
    ensures  stopped:  !\result ==> vcpus[vm].state == VCPU_ENDED;
*/
static inline bool step(vm_id vm)
{
	s64 ticks = enter(vm);

	if (ticks == CPU_ENTRY_FAILED) {
		stop_entry_failed(vm);
		return false;
	}
	switch (handle(vm, ticks)) {
	case ACTION_RESUME:
		return true;
	case ACTION_SKIP:
		skip(vm);
		return true;
	default:
		stop_unhandled(vm, &run_exit);
		return false;
	}
}

void run_vm(vm_id vm)
{
	struct vmexit none = { 0 };	/* what a reason does not define stays as it was: never garbage */

	run_exit = none;
	flush(vm);
	/*@ assert tables:   ept_inv(vm) && ept_confined(vm); */
	/*@ assert fields:   regions_apart && bitmaps_closed(vm) && vmcs_addresses(vm) && vmcs_masks(vm) && vmcs_controls(vm); */
	/*@ assert pending:  controls_mirrored(vm) && event_pending_ok(vm) && xcr0_legal(vcpus[vm].xcr0); */
	/*@ loop invariant current: live_vmcs == vm;
	    loop invariant live:    live_vm == vm && live_xcr0 == vcpus[vm].xcr0;
	    loop invariant ready:   vcpus[vm].state != VCPU_ENDED ==> vm_ready(vm);
	    loop invariant fresh:   vm_ept[vm].stale == 0;
	    loop invariant quantum: QUANTUM_OK(vm);
	    loop invariant noted:   ATTENTION_OK(vm);
	    loop invariant board:   board_ok(&boards[vm]);
	    loop invariant clock:   CLOCK_OK(vm);
	    loop assigns ENTRY_CHANGES(vm), run_exit;
	*/
	for (;;) {
		if ((vcpus[vm].attention != 0 || vcpus[vm].position >= vcpus[vm].deadline) && !attend(vm))
			return;
		if (!step(vm))
			return;
	}
}
