/* SPDX-License-Identifier: BSD-2-Clause */
/* RDMSR and WRMSR: a short list by name; every other MSR does not exist and faults (SDM 4). */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "guest.h"
#include "inject.h"
#include "vcpu.h"
#include "vmcs.h"

#define MISC_ENABLE_FAST_STRING 1ull	/* SDM 4 table 2-2 */

/* The VMCS field that holds an MSR of the guest, or 0. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures field: \result == msr_guest_field(msr);
*/
static u32 msr_field(u32 msr)
{
	switch (msr) {
	case IA32_SYSENTER_CS: return GUEST_SYSENTER_CS;
	case IA32_SYSENTER_ESP: return GUEST_SYSENTER_ESP;
	case IA32_SYSENTER_EIP: return GUEST_SYSENTER_EIP;
	case IA32_PAT: return GUEST_IA32_PAT;
	case IA32_EFER: return GUEST_IA32_EFER;
	case IA32_FS_BASE: return GUEST_FS_BASE;
	case IA32_GS_BASE: return GUEST_GS_BASE;
	case IA32_DEBUGCTL: return GUEST_IA32_DEBUGCTL;
	default: return 0;
	}
}

/*@ // A memory type that a PAT entry may hold (SDM 3A table 11-10).
    predicate pat_type_ok(integer t) = t == 0 || t == 1 || 4 <= t <= 7;
*/

/*@ assigns \nothing;
    exits   never: \false;
    ensures valid: \result <==> pat_type_ok(type);
*/
static bool pat_type_valid(u64 type)
{
	return type <= 1 || (type >= 4 && type <= 7);
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures valid: \result <==> pat_type_ok(value % 0x100) && pat_type_ok(value / 0x100 % 0x100) &&
                   pat_type_ok(value / 0x10000 % 0x100) && pat_type_ok(value / 0x1000000 % 0x100) &&
                   pat_type_ok(value / 0x100000000 % 0x100) && pat_type_ok(value / 0x10000000000 % 0x100) &&
                   pat_type_ok(value / 0x1000000000000 % 0x100) && pat_type_ok(value / 0x100000000000000 % 0x100);
*/
static bool pat_valid(u64 value)
{
	return pat_type_valid(value % 0x100u) && pat_type_valid(value / 0x100u % 0x100u) &&
	       pat_type_valid(value / 0x10000u % 0x100u) && pat_type_valid(value / 0x1000000u % 0x100u) &&
	       pat_type_valid(value / 0x100000000u % 0x100u) && pat_type_valid(value / 0x10000000000u % 0x100u) &&
	       pat_type_valid(value / 0x1000000000000u % 0x100u) && pat_type_valid(value / 0x100000000000000u % 0x100u);
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures lma:   (\result & EFER_LMA) == (old & EFER_LMA);
    ensures bits:  (\result & EFER_SCE) == (value & EFER_SCE) && (\result & EFER_LME) == (value & EFER_LME) &&
                   (\result & EFER_NXE) == (value & EFER_NXE);
*/
static u64 keep_lma(u64 value, u64 old)
{
	return (value & ~EFER_LMA) | (old & EFER_LMA);
}

/* EFER: LMA belongs to the processor, LME may not change while paging is on (SDM 4 table 2-2, 3A 2.2.1). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_IA32_EFER];
    exits    never:   \false;
    ensures  lma:     (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) == (\old(vmcs[vm][GUEST_IA32_EFER]) & EFER_LMA);
    ensures  refused: !\result ==> vmcs[vm][GUEST_IA32_EFER] == \old(vmcs[vm][GUEST_IA32_EFER]);
    ensures  bits:    \result ==> (vmcs[vm][GUEST_IA32_EFER] & EFER_SCE) == (value & EFER_SCE) &&
                      (vmcs[vm][GUEST_IA32_EFER] & EFER_LME) == (value & EFER_LME) &&
                      (vmcs[vm][GUEST_IA32_EFER] & EFER_NXE) == (value & EFER_NXE);
    ensures  legal:   \result ==> (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) == 0;
*/
static bool write_efer(vm_id vm, u64 value)
{
	u64 old = cpu_vmread(vm, GUEST_IA32_EFER);

	if ((value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) != 0)
		return false;
	if (((value ^ old) & EFER_LME) != 0 && (cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0)
		return false;
	cpu_vmwrite(vm, GUEST_IA32_EFER, keep_lma(value, old));
	return true;
}

/*@ requires vm:     vm < VM_MAX;
    assigns  vcpus[vm].gpr[RAX], vcpus[vm].gpr[RDX];
    exits    never:  \false;
    ensures  skip:   \result == ACTION_SKIP;
    ensures  value:  edx_eax(vm) == value && vcpus[vm].gpr[RAX] <= 0xffffffff && vcpus[vm].gpr[RDX] <= 0xffffffff;
*/
static enum action result(vm_id vm, u64 value)
{
	vcpus[vm].gpr[RAX] = value % 0x100000000ull;
	vcpus[vm].gpr[RDX] = value / 0x100000000ull;
	return ACTION_SKIP;
}

enum action exit_rdmsr(vm_id vm)
{
	u32 msr = (u32)vcpus[vm].gpr[RCX];
	u32 field = msr_field(msr);
	u64 value = 0;
	bool known = true;

	if (field != 0)
		return result(vm, cpu_vmread(vm, field));
	switch (msr) {
	case IA32_TIME_STAMP_COUNTER:
		value = vcpu_time(vm);
		break;
	case IA32_MISC_ENABLE:
		value = MISC_ENABLE_FAST_STRING;
		break;
	case IA32_PLATFORM_ID:
	case IA32_BIOS_SIGN_ID:
		break;
	case IA32_XSS:
		known = vcpus[vm].cpu == PLAN_CPU_AVX;
		break;
	default:
		known = false;
		break;
	}
	if (!known)
		return inject_gp(vm);
	return result(vm, value);
}

enum action exit_wrmsr(vm_id vm)
{
	u32 msr = (u32)vcpus[vm].gpr[RCX];
	u64 value = vcpus[vm].gpr[RAX] % 0x100000000ull + vcpus[vm].gpr[RDX] % 0x100000000ull * 0x100000000ull;
	bool legal = true;

	switch (msr) {
	case IA32_EFER:
		if (!write_efer(vm, value))
			return inject_gp(vm);
		return ACTION_SKIP;
	case IA32_PAT:
		legal = pat_valid(value);
		break;
	case IA32_SYSENTER_ESP:
	case IA32_SYSENTER_EIP:
	case IA32_FS_BASE:
	case IA32_GS_BASE:
		legal = guest_canonical(value);
		break;
	case IA32_SYSENTER_CS:
		value %= 0x100000000ull;
		break;
	case IA32_DEBUGCTL:	/* LBR and BTF may be set; nothing records branches */
		legal = value <= 3;
		break;
	case IA32_MISC_ENABLE:	/* nothing in it can be switched */
	case IA32_BIOS_SIGN_ID:
		return ACTION_SKIP;
	default:
		legal = false;
		break;
	}
	if (!legal)
		return inject_gp(vm);
	cpu_vmwrite(vm, msr_field(msr), value);
	return ACTION_SKIP;
}
