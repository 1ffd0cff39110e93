/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX instructions in root mode: which flag they set, and the VM-instruction error. */
#include "model/runner/runner.h"
#include "model/instruction_case.h"
#include "hv/native/asm.h"
#include "hv/vmcs.h"

static u64 address(u64 operand)
{
	switch (operand) {
	case OPERAND_VMCS: return header.vmcs[BASE_LONG];
	case OPERAND_VMXON: return header.vmxon;
	case OPERAND_UNALIGNED: return header.vmcs[BASE_LONG] | 0x10;
	case OPERAND_WIDE: return 1ull << 45;
	default: return PAGE_LINKS + 2 * PAGE_BYTES;
	}
}

static void prepare(enum vmx_state state)
{
	static struct enter_frame frame;
	u64 vmcs = header.vmcs[BASE_LONG];

	(void)asm_vmclear(vmcs);
	(void)asm_vmptrld(vmcs);
	if (state == STATE_LAUNCHED) {
		base_restore_guest(BASE_LONG);
		asm_vmwrite(VMX_PREEMPTION_TIMER_VALUE, 1);
		runner_enter(&frame, 0);
	}
	if (state == STATE_NONE)
		(void)asm_vmclear(vmcs);
	if (state == STATE_OFF)
		__asm__ volatile("vmxoff" : : : "cc", "memory");
}

#define FLAGS "setc %0; setz %1"
#define OUT "=qm"(carry), "=qm"(zero)

static u32 execute(const struct instruction_case *c)
{
	u64 operand = address(c->a), descriptor[2] = { c->b, c->c }, value = c->b;
	bool carry = false, zero = false;

	switch (c->op) {
	case OP_VMXON: __asm__ volatile("vmxon %2; " FLAGS : OUT : "m"(operand) : "cc", "memory"); break;
	case OP_VMPTRLD: __asm__ volatile("vmptrld %2; " FLAGS : OUT : "m"(operand) : "cc", "memory"); break;
	case OP_VMCLEAR: __asm__ volatile("vmclear %2; " FLAGS : OUT : "m"(operand) : "cc", "memory"); break;
	case OP_VMREAD: __asm__ volatile("vmread %3, %2; " FLAGS : OUT, "+r"(value) : "r"(c->a) : "cc"); break;
	case OP_VMWRITE: __asm__ volatile("vmwrite %2, %3; " FLAGS : OUT : "r"(value), "r"(c->a) : "cc"); break;
	case OP_VMLAUNCH: __asm__ volatile("vmlaunch; " FLAGS : OUT : : "cc", "memory"); break;
	case OP_VMLAUNCH_MOV_SS: __asm__ volatile("mov %%ss, %%eax; mov %%eax, %%ss; vmlaunch; " FLAGS : OUT : : "cc", "memory", "rax"); break;
	case OP_VMRESUME: __asm__ volatile("vmresume; " FLAGS : OUT : : "cc", "memory"); break;
	case OP_VMCALL: __asm__ volatile("vmcall; " FLAGS : OUT : : "cc", "memory"); break;
	case OP_INVEPT: __asm__ volatile("invept %2, %3; " FLAGS : OUT : "m"(descriptor), "r"(c->a) : "cc", "memory"); break;
	case OP_INVVPID: __asm__ volatile("invvpid %2, %3; " FLAGS : OUT : "m"(descriptor), "r"(c->a) : "cc", "memory"); break;
	}
	return carry ? VM_FAIL_INVALID : zero ? VM_FAIL_VALID : VM_SUCCEED;
}

void suite_instruction(void)
{
	for (u64 n = params.first; n < params.first + params.count && n < instruction_case_count; n++) {
		const struct instruction_case *c = &instruction_cases[n];
		struct model_result *result = result_slot(n);

		prepare(c->state);
		result->tsc = asm_rdtsc();
		result->reason = execute(c);
		result->extra = asm_rdtsc();
		result->error = result->reason == VM_FAIL_VALID ? (u32)asm_vmread(VM_INSTRUCTION_ERROR) : 0;
		if (c->state == STATE_OFF)
			(void)asm_vmxon(header.vmxon);
		result_done(n);
	}
}
