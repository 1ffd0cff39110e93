/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sharing the CPU. A VM runs to the end of its quantum; then the one with the least virtual time (divided by its
 * weight) is next. An idle VM counts with the time of its next event and jumps there. Console input arrives at quantum
 * boundaries and while the VM is idle, and at no other moment.
 */
#include "schedule.h"
#include "cpu.h"
#include "dev/board.h"
#include "input.h"
#include "link.h"
#include "mem.h"
#include "run.h"
#include "swap.h"
#include "vcpu.h"

static const struct plan *plan;

/* With the host's clock, virtual time is never behind it at a quantum boundary or after an idle wait. */
static void follow_host(vm_id vm)
{
	u64 now = vcpu_time(vm);
	u64 host;

	if (plan->clock != PLAN_CLOCK_HOST)
		return;
	host = input_clock();
	if (host > now) {
		vcpus[vm].idle += host - now;
		vcpus[vm].attention |= ATTEND_TIME;
	}
}

static bool poll_console(vm_id vm)
{
	bool any = false;
	u32 byte;

	while (board_can_receive(vm) && (byte = input_console(vm)) != INPUT_NONE) {
		board_receive(vm, (u8)byte);
		any = true;
	}
	return any;
}

static bool wake(vm_id vm)
{
	run_devices(vm);
	if (!board_intr(vm) && vcpus[vm].nmi_pending == 0)
		return false;
	vcpus[vm].state = VCPU_RUNNING;
	vcpus[vm].attention = (vcpus[vm].attention & ~ATTEND_STATE) | ATTEND_TIME | ATTEND_INTERRUPT;
	return true;
}

/* A halted VM without a timer of its own waits for input only: it is asked while others run, and wakes at their time. */
static void poll_halted(u64 now)
{
	for (vm_id vm = 0; vm < plan->vm_count; vm++) {
		if (vcpus[vm].state != VCPU_HALTED || board_next(vm, vcpu_time(vm)) != TIME_NEVER || !poll_console(vm))
			continue;
		if (now > vcpu_time(vm))
			vcpus[vm].idle += now - vcpu_time(vm);
		(void)wake(vm);
	}
}

static void end_quantum(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];

	while (v->quantum_end <= v->position)
		v->quantum_end += plan->quantum_ticks;
	follow_host(vm);
	(void)poll_console(vm);
	poll_halted(vcpu_time(vm));
	v->attention |= ATTEND_TIME | ATTEND_INTERRUPT;
	output_drain();
}

/* Waits until `ticks` of host time have passed or a console byte comes. Returns the ticks waited. */
static u64 wait_host(vm_id vm, u64 ticks)
{
	u64 start = input_clock();
	u64 passed = 0;

	while (passed < ticks && !poll_console(vm)) {
		output_drain();
		passed = input_clock() - start;
	}
	return passed < ticks ? passed : ticks;
}

/* One step of an idle VM: an interrupt that is there already, console input, or the jump to the next event. */
static void idle(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];
	bool waits = plan->pace == PLAN_PACE_REAL || plan->clock == PLAN_CLOCK_HOST;
	u64 now = vcpu_time(vm);
	u64 next, jump;

	follow_host(vm);
	(void)poll_console(vm);
	output_drain();
	if (wake(vm))
		return;
	now = vcpu_time(vm);
	next = board_next(vm, now);
	if (next == TIME_NEVER) {	/* only input can wake it */
		if (waits)
			v->idle += wait_host(vm, TICKS_PER_SECOND / 100);
		(void)wake(vm);
		poll_halted(vcpu_time(vm));
		return;
	}
	jump = next - now;
	if (waits)
		jump = wait_host(vm, jump);
	v->idle += jump;
	(void)wake(vm);
}

/* What the scheduler compares: virtual time, for an idle VM that of its next event, divided by the weight. */
static u64 key(vm_id vm)
{
	u64 time = vcpu_time(vm);

	if (vcpus[vm].state == VCPU_HALTED) {
		u64 next = board_next(vm, time);

		if (next == TIME_NEVER)
			return TIME_NEVER;
		time = next;
	}
	return time / plan->vm[vm].weight;
}

static vm_id next_vm(void)
{
	vm_id best = VM_MAX;
	u64 least = 0;

	for (vm_id vm = 0; vm < plan->vm_count; vm++) {
		u64 k;

		if (vcpus[vm].state == VCPU_ENDED)
			continue;
		k = key(vm);
		if (best == VM_MAX || k < least) {
			best = vm;
			least = k;
		}
	}
	return best;
}

void schedule_report_end(const struct plan *plan, vm_id vm)
{
	struct link_report report = { .type = LINK_END, .code = (u16)vcpus[vm].end, .value = vcpus[vm].end_value };

	if ((plan->vm[vm].flags & PLAN_DIGEST) != 0)
		report.digest = mem_hash(plan->vm[vm].ram_hpa, plan->vm[vm].ram_bytes);
	vcpu_report(vm, &report);
}

void schedule_run(const struct plan *the_plan)
{
	vm_id current = VM_MAX;
	vm_id vm;

	plan = the_plan;
	while ((vm = next_vm()) != VM_MAX) {
		if (vcpus[vm].state == VCPU_HALTED) {
			idle(vm);
			continue;
		}
		if (vm != current) {
			if (current != VM_MAX)
				swap_out(current);
			swap_in(vm);
			current = vm;
		}
		run_vm(vm);
		if (vcpus[vm].state == VCPU_ENDED)
			schedule_report_end(plan, vm);
		else if (vcpus[vm].position >= vcpus[vm].quantum_end)
			end_quantum(vm);
	}
}
