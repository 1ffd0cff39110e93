/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual CPUs: their state, and the few ways in which it ends. */
#include "vcpu.h"
#include "cpu.h"
#include "input.h"

struct vcpu vcpus[VM_MAX];

void vcpu_end(vm_id vm, u32 end, u32 value)
{
	vcpus[vm].state = VCPU_ENDED;
	vcpus[vm].attention |= ATTEND_STATE;
	vcpus[vm].end = end;
	vcpus[vm].end_value = value;
}

void vcpu_halt(vm_id vm)
{
	vcpus[vm].state = VCPU_HALTED;
	vcpus[vm].attention |= ATTEND_STATE;
}

void vcpu_report(vm_id vm, struct link_report *report)
{
	report->vm = (u8)vm;
	report->position = vcpus[vm].position;
	report->vtime = vcpu_time(vm);
	report->exits = vcpus[vm].exits;
	report->ticks = cpu_ticks();
	output_report(report);
}
