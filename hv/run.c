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

void run_devices(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];
	u64 now = vcpu_time(vm);
	u64 next;

	board_advance(vm, now);
	next = board_next(vm, now);
	v->deadline = v->quantum_end;
	if (next != TIME_NEVER && next - v->idle < v->deadline)
		v->deadline = next - v->idle;
	v->attention &= ~ATTEND_TIME;
	if (board_intr(vm))
		v->attention |= ATTEND_INTERRUPT;
}

/*
 * What must happen before the next entry. False: the slice is over.
 * A pending event is delivered first: it counts as part of the instruction that raised it, so that a moment lies at the
 * same place whether or not the event took an exit. The timer then stops the guest right after the delivery.
 */
static COLD bool attend(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];

	if ((v->attention & ATTEND_STATE) != 0)
		return false;
	if ((v->attention & ATTEND_EPT) != 0) {
		cpu_invept(ept_pointer(vm));
		v->attention &= ~ATTEND_EPT;
	}
	if ((v->attention & ATTEND_EVENT) == 0) {
		if (v->position >= v->quantum_end)
			return false;
		if ((v->attention & ATTEND_TIME) != 0 || v->position >= v->deadline)
			run_devices(vm);
	}
	if ((v->attention & (ATTEND_EVENT | ATTEND_INTERRUPT)) != 0)
		inject_attend(vm);
	return true;
}

void run_vm(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];
	struct vmexit exit = { 0 };	/* what a reason does not define stays as it was: never garbage */
	enum action action;

	for (;;) {
		u64 timer = 1;	/* stops before the next instruction */
		s64 ticks;

		if ((v->attention != 0 || v->position >= v->deadline) && !attend(vm))
			return;
		if (v->position < v->deadline)
			timer = v->deadline - v->position + 1;
		cpu_vmwrite(vm, VMX_PREEMPTION_TIMER_VALUE, timer);
		ticks = cpu_enter(vm, v->position + v->idle);
		if (ticks == CPU_ENTRY_FAILED) {
			stop_entry_failed(vm);
			return;
		}
		v->position += (u64)ticks;
		v->exits++;
		exit_load(vm, &exit);
		trace_exit(vm, &exit);
		action = exit_handle(vm, &exit);
		trace_handled(vm, &exit);
		switch (action) {
		case ACTION_RESUME:
			break;
		case ACTION_SKIP:
			exit_skip(vm, exit.length);
			break;
		default:
			stop_unhandled(vm, &exit);
			return;
		}
	}
}
