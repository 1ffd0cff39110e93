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
static vm_id current = VM_MAX;	/* whose registers are in the machine; VM_MAX: nobody's */
static u32 reported;	/* bit v: VM v has ended and that was reported */

/* Virtual time follows the clock behind the input door; it never goes back. */
static void follow_clock(vm_id vm)
{
	u64 now = vcpu_time(vm);
	u64 time = input_time(vm, now);

	if (time > now) {
		vcpus[vm].idle += time - now;
		vcpus[vm].attention |= ATTEND_TIME;
	}
}

static void poll_console(vm_id vm)
{
	u32 byte;

	while (board_can_receive(vm) && (byte = input_console(vm)) != INPUT_NONE)
		board_receive(vm, (u8)byte);
}

/* The door may have ended the VM meanwhile. */
static bool wake(vm_id vm)
{
	if (vcpus[vm].state != VCPU_HALTED)
		return true;
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
		if (vcpus[vm].state != VCPU_HALTED || board_next(vm, vcpu_time(vm)) != TIME_NEVER ||
		    !board_can_receive(vm) || !input_ready(vm))
			continue;
		if (now > vcpu_time(vm))
			vcpus[vm].idle += now - vcpu_time(vm);
		poll_console(vm);
		(void)wake(vm);
	}
}

static void end_quantum(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];

	while (v->quantum_end <= v->position)
		v->quantum_end += plan->quantum_ticks;
	follow_clock(vm);
	poll_console(vm);
	poll_halted(vcpu_time(vm));
	v->attention |= ATTEND_TIME | ATTEND_INTERRUPT;
	input_boundary(vm);
	output_drain();
}

/* One step of an idle VM: an interrupt that is there already, console input, or the jump to the next event. */
static void idle(vm_id vm)
{
	u64 now, next;

	follow_clock(vm);
	poll_console(vm);
	output_drain();
	if (wake(vm))
		return;
	now = vcpu_time(vm);
	next = board_next(vm, now);
	vcpus[vm].idle += input_wait(vm, now, next) - now;
	poll_console(vm);
	(void)wake(vm);
	if (next == TIME_NEVER)
		poll_halted(vcpu_time(vm));
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
	u64 digest = input_end(vm);
	struct link_report report = { .type = LINK_END, .code = (u16)vcpus[vm].end, .value = vcpus[vm].end_value };

	report.extra[0] = digest;
	if ((plan->vm[vm].flags & PLAN_DIGEST) != 0)
		report.digest = mem_hash(plan->vm[vm].ram_hpa, plan->vm[vm].ram_bytes);
	vcpu_report(vm, &report);
}

/* Puts the VM's registers into the machine. */
static void make_current(vm_id vm)
{
	if (vm == current)
		return;
	if (current != VM_MAX)
		swap_out(current);
	swap_in(vm);
	current = vm;
}

/* Any VM may have ended, also one that the door stopped while another ran. */
static void report_ended(void)
{
	for (vm_id vm = 0; vm < plan->vm_count; vm++) {
		if (vcpus[vm].state != VCPU_ENDED || (reported & 1u << vm) != 0)
			continue;
		reported |= 1u << vm;
		make_current(vm);
		schedule_report_end(plan, vm);
	}
}

void schedule_run(const struct plan *the_plan)
{
	vm_id vm;

	plan = the_plan;
	current = VM_MAX;
	reported = 0;
	for (vm = 0; vm < plan->vm_count; vm++)	/* refused ones */
		reported |= vcpus[vm].state == VCPU_ENDED ? 1u << vm : 0;
	while ((vm = next_vm()) != VM_MAX) {
		if (vcpus[vm].state == VCPU_HALTED) {
			idle(vm);
		} else {
			make_current(vm);
			run_vm(vm);
			if (vcpus[vm].state != VCPU_ENDED && vcpus[vm].position >= vcpus[vm].quantum_end)
				end_quantum(vm);
		}
		report_ended();
	}
}
