/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INS and OUTS, one iteration an exit: the memory operand goes through the guest's segments and page tables, RCX, RSI
 * and RDI move, and RIP only when the string is done. The processor exits before it looks at the operand (SDM 3C
 * 25.1.1), so operand faults are found here.
 */
#include "exit.h"
#include "cpu.h"
#include "gmem.h"
#include "guest.h"
#include "inject.h"
#include "io.h"
#include "vcpu.h"
#include "vmcs.h"

/* Exit instruction information for INS and OUTS (SDM 3C table 27-8) */
static u64 address_mask(u32 info)
{
	switch ((info >> 7) & 7u) {
	case 0:
		return 0xffffull;
	case 1:
		return 0xffffffffull;
	default:
		return ~0ull;
	}
}

/* Adds `step` to the part of register `n` that the address size selects; 32-bit writes zero the high half. */
static void advance(vm_id vm, u32 n, u64 mask, u64 step)
{
	u64 old = vcpus[vm].gpr[n];
	u64 keep = mask == 0xffffull ? ~0xffffull : 0;

	vcpus[vm].gpr[n] = (old & keep) | ((old + step) & mask);
}

static enum action operand_fault(vm_id vm, u32 seg)
{
	return seg == SEG_SS ? inject_exception(vm, VECTOR_SS, 0) : inject_gp(vm);
}

enum action exit_string_io(vm_id vm, const struct vmexit *exit)
{
	struct vcpu *v = &vcpus[vm];
	u32 info = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_INFO);
	u32 width = ((u32)exit->qualification & 7u) + 1u;
	u16 port = (u16)(exit->qualification >> 16);
	bool in = (exit->qualification & IO_IN) != 0;
	u64 mask = address_mask(info);
	u32 index = in ? RDI : RSI;
	u32 seg = in ? SEG_ES : (info >> 15) & 7u;
	u64 step = (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_DF) != 0 ? 0 - (u64)width : width;
	struct paging paging = guest_paging(vm, false);
	struct gwalk fault = { 0 };
	enum error error;
	u64 linear, value = 0;

	if ((exit->qualification & IO_REP) != 0 && (v->gpr[RCX] & mask) == 0)
		return ACTION_SKIP;	/* no iteration: no operand, no port */
	if (guest_linear(vm, seg, v->gpr[index] & mask, width, in, &linear) != OK)
		return operand_fault(vm, seg);
	/* a write must be known to succeed before the port is read: the read may change the device */
	error = in ? gmem_linear_check_write(vm, &paging, linear, width, &fault)
		   : gmem_linear_read(vm, &paging, linear, width, &value, &fault);
	if (error == ERR_UNMAPPED)
		return inject_page_fault(vm, fault.linear, fault.error_code);
	if (error != OK)
		return ACTION_STOP;
	if (in)
		(void)gmem_linear_write(vm, &paging, linear, width, io_in(vm, port, width), &fault);
	else
		io_out(vm, port, width, (u32)value);
	advance(vm, index, mask, step);
	if ((exit->qualification & IO_REP) != 0) {
		advance(vm, RCX, mask, ~0ull);
		if ((v->gpr[RCX] & mask) != 0) {
			exit_skip(vm, 0);	/* an iteration is a tick, and a place for a single-step trap */
			return ACTION_RESUME;
		}
	}
	return ACTION_SKIP;
}
