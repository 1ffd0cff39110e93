/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX instructions in root mode, good and bad (SDM 3C 30.3, 30.4). */
#include "model/instruction_case.h"
#include "model/case.h"

#define NO_DUAL_MONITOR "without dual-monitor treatment VMCALL in root operation is error 1, whatever the VMCS (SDM 3C 30.3)"

const struct instruction_case instruction_cases[] = {
	{ "VMPTRLD of a VMCS", OP_VMPTRLD, STATE_CLEAR, OPERAND_VMCS, 0, 0, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "VMXON in VMX root operation", OP_VMXON, STATE_CLEAR, OPERAND_VMXON, 0, 0, VM_FAIL_VALID, 15, NULL, NULL, 0, 0 },
	{ "VMXON, address not aligned", OP_VMXON, STATE_OFF, OPERAND_UNALIGNED, 0, 0, VM_FAIL_INVALID, 0, "VMXON: invalid or not page aligned physical address !", NULL, 0, 0 },
	{ "VMXON, address too wide", OP_VMXON, STATE_OFF, OPERAND_WIDE, 0, 0, VM_FAIL_INVALID, 0, "VMXON: invalid or not page aligned physical address !", NULL, 0, 0 },
	{ "VMXON, another revision", OP_VMXON, STATE_OFF, OPERAND_REVISION, 0, 0, VM_FAIL_INVALID, 0, "VMXON: not expected (* != *) VMCS revision id !", NULL, 0, 0 },
	{ "VMPTRLD, address not aligned", OP_VMPTRLD, STATE_CLEAR, OPERAND_UNALIGNED, 0, 0, VM_FAIL_VALID, 9, "VMFAIL: invalid or not page aligned physical address !", NULL, 0, 0 },
	{ "VMPTRLD, address too wide", OP_VMPTRLD, STATE_CLEAR, OPERAND_WIDE, 0, 0, VM_FAIL_VALID, 9, "VMFAIL: invalid or not page aligned physical address !", NULL, 0, 0 },
	{ "VMPTRLD, no current VMCS, address not aligned", OP_VMPTRLD, STATE_NONE, OPERAND_UNALIGNED, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: invalid or not page aligned physical address !", NULL, 0, 0 },
	{ "VMPTRLD of the VMXON region", OP_VMPTRLD, STATE_CLEAR, OPERAND_VMXON, 0, 0, VM_FAIL_VALID, 10, "VMFAIL: VMPTRLD with VMXON ptr !", NULL, 0, 0 },
	{ "VMPTRLD, another revision", OP_VMPTRLD, STATE_CLEAR, OPERAND_REVISION, 0, 0, VM_FAIL_VALID, 11, "VMPTRLD: not expected (* != *) VMCS revision id !", NULL, 0, 0 },
	{ "VMCLEAR, address not aligned", OP_VMCLEAR, STATE_CLEAR, OPERAND_UNALIGNED, 0, 0, VM_FAIL_VALID, 2, "VMFAIL: VMCLEAR with invalid physical address!", NULL, 0, 0 },
	{ "VMCLEAR, address too wide", OP_VMCLEAR, STATE_CLEAR, OPERAND_WIDE, 0, 0, VM_FAIL_VALID, 2, "VMFAIL: VMCLEAR with invalid physical address!", NULL, 0, 0 },
	{ "VMCLEAR of the VMXON region", OP_VMCLEAR, STATE_CLEAR, OPERAND_VMXON, 0, 0, VM_FAIL_VALID, 3, "VMFAIL: VMLEAR with VMXON ptr !", NULL, 0, 0 },
	{ "VMREAD of a field", OP_VMREAD, STATE_CLEAR, 0x681e, 0, 0, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "VMREAD, no such field", OP_VMREAD, STATE_CLEAR, 0x6830, 0, 0, VM_FAIL_VALID, 12, "VMREAD: not supported field 0x*", NULL, 0, 0 },
	{ "VMREAD, field above 32 bits", OP_VMREAD, STATE_CLEAR, 1ull << 40 | 0x681e, 0, 0, VM_FAIL_VALID, 12, "VMREAD: not supported field (upper 32-bit not zero)", NULL, 0, 0 },
	{ "VMREAD, no current VMCS", OP_VMREAD, STATE_NONE, 0x681e, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: VMREAD with invalid VMCS ptr !", NULL, 0, 0 },
	{ "VMWRITE of a field", OP_VMWRITE, STATE_CLEAR, 0x681e, 0x8000, 0, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "VMWRITE of a read-only field: IA32_VMX_MISC[29] allows it", OP_VMWRITE, STATE_CLEAR, 0x4400, 0, 0, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "VMWRITE, no such field", OP_VMWRITE, STATE_CLEAR, 0x6830, 0, 0, VM_FAIL_VALID, 12, "VMWRITE: not supported field 0x*", NULL, 0, 0 },
	{ "VMWRITE, field above 32 bits", OP_VMWRITE, STATE_CLEAR, 1ull << 40 | 0x681e, 0, 0, VM_FAIL_VALID, 12, "VMWRITE: not supported field (upper 32-bit not zero)", NULL, 0, 0 },
	{ "VMWRITE, no current VMCS", OP_VMWRITE, STATE_NONE, 0x681e, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: VMWRITE with invalid VMCS ptr !", NULL, 0, 0 },
	{ "VMLAUNCH, launched already", OP_VMLAUNCH, STATE_LAUNCHED, 0, 0, 0, VM_FAIL_VALID, 4, "VMFAIL: VMLAUNCH with non-clear VMCS!", NULL, 0, 0 },
	{ "VMLAUNCH, no current VMCS", OP_VMLAUNCH, STATE_NONE, 0, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: VMLAUNCH with invalid VMCS ptr !", NULL, 0, 0 },
	{ "VMLAUNCH behind MOV SS", OP_VMLAUNCH_MOV_SS, STATE_CLEAR, 0, 0, 0, VM_FAIL_VALID, 26, "VMFAIL: VMLAUNCH with interrupts blocked by MOV_SS !", NULL, 0, 0 },
	{ "VMRESUME, not launched", OP_VMRESUME, STATE_CLEAR, 0, 0, 0, VM_FAIL_VALID, 5, "VMFAIL: VMRESUME with non-launched VMCS!", NULL, 0, 0 },
	{ "VMRESUME, no current VMCS", OP_VMRESUME, STATE_NONE, 0, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: VMLAUNCH with invalid VMCS ptr !", NULL, 0, 0 },
	{ "VMCALL, no current VMCS", OP_VMCALL, STATE_NONE, 0, 0, 0, VM_FAIL_INVALID, 0, "VMFAIL: VMCALL with invalid VMCS ptr", NULL, 0, 0 },
	{ "VMCALL, launched VMCS", OP_VMCALL, STATE_LAUNCHED, 0, 0, 0, VM_FAIL_VALID, 1, "VMFAIL: VMCALL with launched VMCS", NO_DUAL_MONITOR, VM_FAIL_VALID, 19 },
	{ "INVEPT, single context", OP_INVEPT, STATE_CLEAR, 1, MODEL_EPTP, 0, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "INVEPT, no such type", OP_INVEPT, STATE_CLEAR, 3, MODEL_EPTP, 0, VM_FAIL_VALID, 28, "INVEPT: not supported type !", NULL, 0, 0 },
	{ "INVEPT, invalid EPTP", OP_INVEPT, STATE_CLEAR, 1, MODEL_EPTP ^ 1, 0, VM_FAIL_VALID, 28, "INVEPT: invalid EPTPTR value !", NULL, 0, 0 },
	{ "INVVPID, one address", OP_INVVPID, STATE_CLEAR, 0, 1, 0x1000, VM_SUCCEED, 0, NULL, NULL, 0, 0 },
	{ "INVVPID, no such type", OP_INVVPID, STATE_CLEAR, 4, 1, 0, VM_FAIL_VALID, 28, "INVVPID: not supported type !", NULL, 0, 0 },
	{ "INVVPID, reserved bits of the descriptor", OP_INVVPID, STATE_CLEAR, 1, 1 | 1ull << 20, 0, VM_FAIL_VALID, 28, "INVVPID: INVVPID_DESC reserved bits set", NULL, 0, 0 },
	{ "INVVPID, VPID 0", OP_INVVPID, STATE_CLEAR, 1, 0, 0, VM_FAIL_VALID, 28, "INVVPID with VPID=0", NULL, 0, 0 },
	{ "INVVPID, address not canonical", OP_INVVPID, STATE_CLEAR, 0, 1, 1ull << 63, VM_FAIL_VALID, 28, "INVVPID: non canonical LADDR single context invalidation", NULL, 0, 0 },
};

const u32 instruction_case_count = sizeof(instruction_cases) / sizeof(instruction_cases[0]);
