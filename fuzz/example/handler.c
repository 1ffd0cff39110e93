/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worked example (fuzz/README.md): two exit handlers of another hypervisor, written against hv/exit.h, to be put under
 * the oracle with `make fuzz-own HANDLER=fuzz/example/handler.c`. exit_rdmsr has a mistake that no crash shows: it leaves
 * the upper half of RAX as it was, where RDMSR clears it (SDM 2B RDMSR).
 */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "inject.h"
#include "plan.h"
#include "vcpu.h"
#include "vmcs.h"

enum action exit_cpuid(vm_id vm)
{
	u64 *gpr = vcpus[vm].gpr;
	struct cpuid r = cpuid_leaf(vcpus[vm].cpu, (u32)gpr[RAX], (u32)gpr[RCX]);
	bool avx = vcpus[vm].cpu == PLAN_CPU_AVX;

	if (avx && (u32)gpr[RAX] == 1 && (cpu_vmread(vm, GUEST_CR4) & CR4_OSXSAVE) != 0)
		r.ecx |= CPUID_1_ECX_OSXSAVE;
	if (avx && (u32)gpr[RAX] == 0xd && (u32)gpr[RCX] == 0)
		r.ebx = cpuid_xsave_bytes(vcpus[vm].xcr0);
	gpr[RAX] = r.eax;
	gpr[RBX] = r.ebx;
	gpr[RCX] = r.ecx;
	gpr[RDX] = r.edx;
	return ACTION_SKIP;
}

static u32 field_of(u32 msr)
{
	switch (msr) {
	case IA32_SYSENTER_CS: return GUEST_SYSENTER_CS;
	case IA32_SYSENTER_ESP: return GUEST_SYSENTER_ESP;
	case IA32_SYSENTER_EIP: return GUEST_SYSENTER_EIP;
	case IA32_DEBUGCTL: return GUEST_IA32_DEBUGCTL;
	case IA32_PAT: return GUEST_IA32_PAT;
	case IA32_EFER: return GUEST_IA32_EFER;
	case IA32_FS_BASE: return GUEST_FS_BASE;
	case IA32_GS_BASE: return GUEST_GS_BASE;
	default: return 0;
	}
}

enum action exit_rdmsr(vm_id vm)
{
	u64 *gpr = vcpus[vm].gpr;
	u32 msr = (u32)gpr[RCX];
	u64 value = 0;

	if (field_of(msr) != 0)
		value = cpu_vmread(vm, field_of(msr));
	else if (msr == IA32_TIME_STAMP_COUNTER)
		value = vcpu_time(vm);
	else if (msr == IA32_MISC_ENABLE)
		value = 1;
	else if (msr != IA32_PLATFORM_ID && msr != IA32_BIOS_SIGN_ID && !(msr == IA32_XSS && vcpus[vm].cpu == PLAN_CPU_AVX))
		return inject_gp(vm);
	gpr[RAX] = (gpr[RAX] & ~0xffffffffull) | (u32)value;	/* the mistake */
	gpr[RDX] = value >> 32;
	return ACTION_SKIP;
}
