/* SPDX-License-Identifier: BSD-2-Clause */
/* Small instructions that exit: RDRAND, RDSEED, XSETBV, INVLPG. */
#include "exit.h"
#include "cpu.h"
#include "entropy.h"
#include "gmem.h"
#include "guest.h"
#include "inject.h"
#include "plan.h"
#include "vcpu.h"
#include "vmcs.h"

#define PREFIX_OPERAND_SIZE 0x66u
#define OPCODE_0F 0x0fu

/* Whether an operand that is not of 64 bits has 16: by the instruction's prefixes, since Bochs reports the address size in
 * the operand size's place (model and hardware agree on 64 bits). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires ready:   gmem_ready(vm);
    assigns  GUEST_MEMORY(vm);
    exits    never:   \false;
    ensures  tables:  ept_same_tables{Pre, Post}(vm);
*/
static bool operand_is_16(vm_id vm, u32 length)
{
	struct paging paging = guest_paging(vm, true);
	u64 rip = cpu_vmread(vm, GUEST_CS_BASE) + cpu_vmread(vm, GUEST_RIP);
	bool is_16 = (cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) & (AR_L | AR_DB)) == 0;
	struct gwalk fault;
	u64 byte;

	paging.ac = true;	/* SMAP does not keep the processor from code */
	/*@ loop invariant range:  0 <= i <= length;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns i, byte, fault, GUEST_MEMORY(vm);
	    loop variant length - i;
	*/
	for (u32 i = 0; i < length; i++) {
		if (gmem_linear_read(vm, &paging, rip + i, 1, &byte, &fault) != OK || byte == OPCODE_0F)
			break;
		if (byte == PREFIX_OPERAND_SIZE)
			return !is_16;
	}
	return is_16;
}

/* RDRAND and RDSEED: a value from the VM's generator, CF=1 (SDM 2B). */
enum action exit_random(vm_id vm, const struct vmexit *exit)
{
	u32 gpr = exit->info / 8u % 16u;	/* SDM 3C table 27-12 */
	u64 old = guest_gpr(vm, gpr);
	u64 value = entropy_next(vm);

	if (exit->info / 0x800u % 4u != 2u)
		value = operand_is_16(vm, exit->length) ? (old & ~0xffffull) | (value & 0xffffull) : value & 0xffffffffull;
	guest_set_gpr(vm, gpr, value);
	cpu_vmwrite(vm, GUEST_RFLAGS, (cpu_vmread(vm, GUEST_RFLAGS) & ~RFLAGS_ARITHMETIC) | RFLAGS_CF);
	return ACTION_SKIP;
}

/* XSETBV: only XCR0, x87 always, AVX only with SSE (SDM 2C). */
enum action exit_xsetbv(vm_id vm)
{
	u64 value = vcpus[vm].gpr[RAX] % 0x100000000ull + vcpus[vm].gpr[RDX] % 0x100000000ull * 0x100000000ull;

	if (guest_cpl(vm) != 0 || (u32)vcpus[vm].gpr[RCX] != 0 ||
	    (value != XCR0_X87 && value != (XCR0_X87 | XCR0_SSE) && value != CPU_XCR0))
		return inject_gp(vm);
	vcpus[vm].xcr0 = value;
	cpu_xcr0_write(value);
	return ACTION_SKIP;
}

/* INVLPG, when a test has it intercepted: all of the VM's translations go. */
enum action exit_invlpg(vm_id vm)
{
	cpu_invvpid(vm);
	return ACTION_SKIP;
}
