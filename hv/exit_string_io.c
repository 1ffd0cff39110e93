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

/* Exit instruction information for INS and OUTS (SDM 3C table 27-8): 2^16, 2^32, or 0 for 64 bits. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures size:  \result == (info / 0x80 % 8 == 0 ? 0x10000 : info / 0x80 % 8 == 1 ? 0x100000000 : 0);
*/
static u64 address_space(u32 info)
{
	switch (info / 0x80u % 8u) {
	case 0:
		return 0x10000u;
	case 1:
		return 0x100000000ull;
	default:
		return 0;
	}
}

/*@ // The part of a register that the address size selects.
    logic integer part(integer value, integer space) = space == 0 ? value : value % space;
*/

/*@ requires space:  space == 0 || space == 0x10000 || space == 0x100000000;
    assigns  \nothing;
    exits    never:  \false;
    ensures  part:   \result == part(value, space);
*/
static u64 low_part(u64 value, u64 space)
{
	return space == 0 ? value : space == 0x10000u ? value % 0x10000u : value % 0x100000000ull;
}

/* Adds `step` to the part of register `n` that the address size selects; 32-bit writes zero the high half. */
/*@ requires vm:     vm < VM_MAX;
    requires n:      n < 16;
    requires space:  space == 0 || space == 0x10000 || space == 0x100000000;
    assigns  vcpus[vm].gpr[n];
    exits    never:  \false;
    ensures  low:    part(vcpus[vm].gpr[n], space) == part((u64)(\old(vcpus[vm].gpr[n]) + step), space);
    ensures  word:   space == 0x10000 ==> vcpus[vm].gpr[n] / 0x10000 == \old(vcpus[vm].gpr[n]) / 0x10000;
    ensures  double: space == 0x100000000 ==> vcpus[vm].gpr[n] <= 0xffffffff;
*/
static void advance(vm_id vm, u32 n, u64 space, u64 step)
{
	u64 old = vcpus[vm].gpr[n];
	u64 keep = space == 0x10000u ? old - old % 0x10000u : 0;

	vcpus[vm].gpr[n] = keep + low_part(old + step, space);
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm);
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  resume:  \result == ACTION_RESUME && event_pending_ok(vm);
    ensures  fault:   fault_pending{Pre, Post}(vm, seg == SEG_SS ? VECTOR_SS : VECTOR_GP, 0);
*/
static enum action operand_fault(vm_id vm, u32 seg)
{
	return seg == SEG_SS ? inject_exception(vm, VECTOR_SS, 0) : inject_gp(vm);
}

enum action exit_string_io(vm_id vm, const struct vmexit *exit)
{
	u32 info = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_INFO);
	u32 width = (u32)(exit->qualification % 8u) + 1u;
	u16 port = (u16)(exit->qualification / 0x10000u);
	bool in = (exit->qualification & IO_IN) != 0;
	u64 space = address_space(info);
	u32 index = in ? RDI : RSI;
	u32 seg = in ? SEG_ES : info / 0x8000u % 8u;
	u64 step = (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_DF) != 0 ? 0 - (u64)width : width;
	struct paging paging = guest_paging(vm, false);
	struct gwalk fault = { 0 };
	enum error error;
	u64 linear, value = 0;

	if ((exit->qualification & IO_REP) != 0 && low_part(vcpus[vm].gpr[RCX], space) == 0)
		return ACTION_SKIP;	/* no iteration: no operand, no port */
	if (guest_linear(vm, seg, low_part(vcpus[vm].gpr[index], space), width, in, &linear) != OK)
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
	advance(vm, index, space, step);
	if ((exit->qualification & IO_REP) != 0) {
		advance(vm, RCX, space, ~0ull);
		if (low_part(vcpus[vm].gpr[RCX], space) != 0) {
			exit_skip(vm, 0);	/* an iteration is a tick, and a place for a single-step trap */
			return ACTION_RESUME;
		}
	}
	return ACTION_SKIP;
}
