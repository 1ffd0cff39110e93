/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping a VM that cannot go on, with a message that names the reason. */
#include "stop.h"
#include "cpu.h"
#include "input.h"
#include "link.h"
#include "plan.h"
#include "text.h"
#include "vcpu.h"
#include "vmcs.h"

char stop_names[VM_MAX][PLAN_NAME_BYTES];

void stop_name(vm_id vm, const u8 *name)
{
	/*@ loop invariant range: 0 <= i <= PLAN_NAME_BYTES;
	    loop invariant copied: \forall integer k; 0 <= k < i ==> stop_names[vm][k] == (char)\at(name[k], Pre);
	    loop assigns i, stop_names[vm][0 .. PLAN_NAME_BYTES - 1];
	    loop variant PLAN_NAME_BYTES - i;
	*/
	for (u32 i = 0; i < PLAN_NAME_BYTES; i++)
		stop_names[vm][i] = (char)name[i];
}

static void begin(struct text *text, vm_id vm)
{
	text_begin(text);
	text_string(text, "vm ");
	text_string(text, stop_names[vm]);
	text_string(text, ": ");
}

static void field(struct text *text, const char *name, u64 value)
{
	text_string(text, ", ");
	text_string(text, name);
	text_string(text, " ");
	text_hex(text, value);
}

void stop_unhandled(vm_id vm, const struct vmexit *exit)
{
	const char *name = exit_name(exit->reason);
	u32 basic = exit->reason % 0x10000u;
	struct text text;

	begin(&text, vm);
	text_string(&text, "stopped: ");
	if (name != NULL) {
		text_string(&text, name);
	} else {
		text_string(&text, "exit reason ");
		text_decimal(&text, basic);
	}
	text_string(&text, " at position ");
	text_decimal(&text, vcpus[vm].position);
	field(&text, "RIP", cpu_vmread(vm, GUEST_RIP));
	field(&text, "qualification", exit->qualification);
	if (basic == EXIT_EPT_VIOLATION || basic == EXIT_EPT_MISCONFIGURATION) {
		field(&text, "guest-physical", exit->gpa);
		field(&text, "linear", exit->linear);
	}
	if (basic == EXIT_RDMSR || basic == EXIT_WRMSR)
		field(&text, "MSR", vcpus[vm].gpr[RCX]);
	output_message(text_end(&text));
	vcpu_end(vm, LINK_END_STOPPED, basic);
}

void stop_entry_failed(vm_id vm)
{
	struct text text;

	begin(&text, vm);
	text_string(&text, "VM entry failed with VM-instruction error ");
	text_decimal(&text, cpu_vmread(vm, VM_INSTRUCTION_ERROR));
	text_string(&text, " at position ");
	text_decimal(&text, vcpus[vm].position);
	field(&text, "RIP", cpu_vmread(vm, GUEST_RIP));
	output_message(text_end(&text));
	vcpu_end(vm, LINK_END_STOPPED, EXIT_INVALID_GUEST_STATE);
}

void stop_refused(vm_id vm, const char *why)
{
	struct text text;

	begin(&text, vm);
	text_string(&text, why);
	output_message(text_end(&text));
	vcpu_end(vm, LINK_END_REFUSED, 0);
}
