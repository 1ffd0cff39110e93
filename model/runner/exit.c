/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit information: one snippet, one VM exit. */
#include "model/runner/runner.h"
#include "model/exit_case.h"
#include "hv/native/asm.h"
#include "hv/vmcs.h"
#include "spec/vmx.h"

static u64 *at(u64 address)
{
	return (u64 *)(uintptr_t)address;
}

/* Tables that only some snippets use, in the sandbox (model/exit_cases.c). */
static void furniture(void)
{
	u64 *msrs = at(AT_SANDBOX + 0x30000), *copy = at(AT_SANDBOX + 0x42000);

	msrs[0] = IA32_TSC_AUX, msrs[1] = 0;
	at(AT_SANDBOX + 0x50000)[3] = 0x0000890510000067ull;	/* an available 32-bit TSS at 51000H */
	msrs[2] = IA32_FS_BASE, msrs[3] = 0;
	for (u32 i = 0; i < 512; i++) {
		at(AT_SANDBOX + 0x40000)[i] = 0;
		at(AT_SANDBOX + 0x41000)[i] = 2;
		copy[i] = (AT_SANDBOX + 0x43000) | 7;		/* like AT_TABLES, dirty flags clear */
		at(AT_SANDBOX + 0x43000)[i] = (AT_SANDBOX + 0x44000) | 7;
		at(AT_SANDBOX + 0x44000)[i] = AT_SANDBOX | 0xb7;
	}
}

static struct enter_frame frame;

/* Runs the snippet with the VMX-preemption timer at `timer`. */
static void run(const struct exit_case *c, u64 timer, struct exit_result *result)
{
	base_load(c->base);
	tables_guest();
	furniture();
	for (u32 i = 0; i < sizeof(c->code); i++)
		*(volatile u8 *)(uintptr_t)(AT_SANDBOX + EXIT_CODE + i) = c->code[i];
	asm_vmwrite(VMX_PREEMPTION_TIMER_VALUE, timer);
	for (u32 i = 0; i < EXIT_CHANGES && (c->change[i].field != 0 || c->change[i].value != 0); i++) {
		u32 field = c->change[i].field;
		u64 old = 0;

		for (u32 j = 0; j < i; j++)	/* a field may be named twice */
			if (c->change[j].field == field)
				old = asm_vmread(spec_field_encoding(field));
		asm_vmwrite(spec_field_encoding(field), c->change[i].value | (c->change[i].or ? old | header.base[c->base][field] : 0));
	}
	for (u32 i = 0; i < 16; i++)
		frame.gpr[i] = 0x1000 + i;
	frame.gpr[RAX] = c->rax != 0 ? c->rax : EXIT_DATA;
	frame.gpr[RCX] = c->rcx;
	frame.gpr[RDX] = c->rdx;
	frame.gpr[RDI] = EXIT_DATA;
	frame.gpr[RSI] = EXIT_DATA;
	runner_enter(&frame, base_launched(c->base));
	result->tsc = frame.tsc;
	result->reason = frame.failed != 0 ? RESULT_VMFAIL : (u32)asm_vmread(VM_EXIT_REASON);
	if (frame.failed == 0 && (result->reason & EXIT_REASON_ENTRY_FAILURE) == 0)
		base_set_launched(c->base);
	result->error = frame.failed != 0 ? asm_vmread(VM_INSTRUCTION_ERROR) : 0;
	result->length = (u32)asm_vmread(VM_EXIT_INSTRUCTION_LENGTH);
	result->qualification = asm_vmread(EXIT_QUALIFICATION);
	result->info = (u32)asm_vmread(VM_EXIT_INSTRUCTION_INFO);
	result->interruption = (u32)asm_vmread(VM_EXIT_INTERRUPTION_INFO);
	result->rip = asm_vmread(GUEST_RIP);
	result->gpa = asm_vmread(GUEST_PHYSICAL_ADDRESS);
	result->linear = asm_vmread(GUEST_LINEAR_ADDRESS);
}

static void restore(const struct exit_case *c)
{
	for (u32 i = 0; i < EXIT_CHANGES && (c->change[i].field != 0 || c->change[i].value != 0); i++)
		asm_vmwrite(spec_field_encoding(c->change[i].field), header.base[c->base][c->change[i].field]);
	base_restore_guest(c->base);
}

void suite_exit(void)
{
	asm_wrmsr(IA32_XSS, 0x800);	/* CET_U: something that XSAVES can exit for */
	for (u64 n = params.first; n < params.first + params.count && n < exit_case_count; n++) {
		run(&exit_cases[n], 50, result_slot(n));
		restore(&exit_cases[n]);
		result_done(n);
	}
}

void suite_counter(void)
{
	for (u64 n = params.first; n < params.first + params.count && n < counter_case_count; n++) {
		const struct counter_case *c = &counter_cases[n];
		struct exit_result *result = result_slot(n);

		run(&c->snippet, c->timer, result);
		result->gpa = frame.tsc_exit - frame.tsc;
		result->linear = frame.gpr[RCX];
		result->error = asm_vmread(VMX_PREEMPTION_TIMER_VALUE);
		restore(&c->snippet);
		result_done(n);
	}
}
