/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX instructions in root mode that fail: flags, VM-instruction error (SDM 3C 30.4), and what Bochs logs. */
#ifndef MODEL_INSTRUCTION_CASE_H
#define MODEL_INSTRUCTION_CASE_H

#include "types.h"

enum vmx_op { OP_VMXON, OP_VMPTRLD, OP_VMCLEAR, OP_VMREAD, OP_VMWRITE, OP_VMLAUNCH, OP_VMLAUNCH_MOV_SS, OP_VMRESUME, OP_VMCALL, OP_INVEPT, OP_INVVPID };
enum vmx_state { STATE_CLEAR, STATE_LAUNCHED, STATE_NONE, STATE_OFF };	/* of the current VMCS; no current VMCS; VMX off */
enum vmx_outcome { VM_SUCCEED, VM_FAIL_INVALID, VM_FAIL_VALID };

/* Operands that are addresses. */
#define OPERAND_VMCS 1ull
#define OPERAND_VMXON 2ull
#define OPERAND_UNALIGNED 3ull
#define OPERAND_WIDE 4ull
#define OPERAND_REVISION 5ull	/* a page with another revision identifier */

struct instruction_case {
	const char *name;
	enum vmx_op op;
	enum vmx_state state;
	u64 a, b, c;		/* address operand, field, or type and descriptor */
	enum vmx_outcome outcome;
	u32 error;
	const char *text;	/* null: Bochs logs nothing */
	const char *waiver;	/* what Bochs gets wrong, and what it does instead */
	enum vmx_outcome waived_outcome;
	u32 waived_error;
};

extern const struct instruction_case instruction_cases[];
extern const u32 instruction_case_count;

#endif
