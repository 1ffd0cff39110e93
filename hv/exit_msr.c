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

static bool pat_valid(u64 value)
{
	for (u32 i = 0; i < 8; i++) {
		u64 type = (value >> (8 * i)) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* EFER: LMA belongs to the processor, LME may not change while paging is on (SDM 4 table 2-2, 3A 2.2.1). */
static bool write_efer(vm_id vm, u64 value)
{
	u64 old = cpu_vmread(vm, GUEST_IA32_EFER);

	if ((value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) != 0)
		return false;
	if (((value ^ old) & EFER_LME) != 0 && (cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0)
		return false;
	cpu_vmwrite(vm, GUEST_IA32_EFER, (value & ~EFER_LMA) | (old & EFER_LMA));
	return true;
}

static enum action result(vm_id vm, u64 value)
{
	vcpus[vm].gpr[RAX] = value & 0xffffffffull;
	vcpus[vm].gpr[RDX] = value >> 32;
	return ACTION_SKIP;
}

enum action exit_rdmsr(vm_id vm)
{
	u32 msr = (u32)vcpus[vm].gpr[RCX];
	u32 field = msr_field(msr);

	if (field != 0)
		return result(vm, cpu_vmread(vm, field));
	switch (msr) {
	case IA32_TIME_STAMP_COUNTER:
		return result(vm, vcpu_time(vm));
	case IA32_MISC_ENABLE:
		return result(vm, MISC_ENABLE_FAST_STRING);
	case IA32_PLATFORM_ID:
	case IA32_BIOS_SIGN_ID:
		return result(vm, 0);
	case IA32_XSS:
		return vcpus[vm].cpu == PLAN_CPU_AVX ? result(vm, 0) : inject_gp(vm);
	default:
		return inject_gp(vm);
	}
}

enum action exit_wrmsr(vm_id vm)
{
	u32 msr = (u32)vcpus[vm].gpr[RCX];
	u64 value = (vcpus[vm].gpr[RAX] & 0xffffffffull) | (vcpus[vm].gpr[RDX] << 32);

	switch (msr) {
	case IA32_EFER:
		return write_efer(vm, value) ? ACTION_SKIP : inject_gp(vm);
	case IA32_PAT:
		if (!pat_valid(value))
			return inject_gp(vm);
		break;
	case IA32_SYSENTER_ESP:
	case IA32_SYSENTER_EIP:
	case IA32_FS_BASE:
	case IA32_GS_BASE:
		if (!guest_canonical(value))
			return inject_gp(vm);
		break;
	case IA32_SYSENTER_CS:
		value &= 0xffffffffull;
		break;
	case IA32_DEBUGCTL:	/* LBR and BTF may be set; nothing records branches */
		if ((value & ~3ull) != 0)
			return inject_gp(vm);
		break;
	case IA32_MISC_ENABLE:	/* nothing in it can be switched */
	case IA32_BIOS_SIGN_ID:
		return ACTION_SKIP;
	default:
		return inject_gp(vm);
	}
	cpu_vmwrite(vm, msr_field(msr), value);
	return ACTION_SKIP;
}
