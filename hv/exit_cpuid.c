/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID: the VM sees cpuid.c's table plus the bits that follow its own CR4 and XCR0. */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "vcpu.h"
#include "vmcs.h"

/*@ assigns \nothing;
    exits   never: \false;
    ensures set:    (\result & CPUID_1_ECX_OSXSAVE) != 0;
    ensures hidden: CPUID_1_ECX_HIDDEN(ecx) ==> CPUID_1_ECX_HIDDEN(\result);
*/
static u32 with_osxsave(u32 ecx)
{
	return ecx | CPUID_1_ECX_OSXSAVE;
}

enum action exit_cpuid(vm_id vm)
{
	u32 leaf = (u32)vcpus[vm].gpr[RAX];
	u32 subleaf = (u32)vcpus[vm].gpr[RCX];
	struct cpuid r = cpuid_leaf(vcpus[vm].cpu, leaf, subleaf);

	if (vcpus[vm].cpu == PLAN_CPU_AVX) {
		if (leaf == 1 && (cpu_vmread(vm, GUEST_CR4) & CR4_OSXSAVE) != 0)
			r.ecx = with_osxsave(r.ecx);
		if (leaf == 0xd && subleaf == 0)
			r.ebx = cpuid_xsave_bytes(vcpus[vm].xcr0);
	}
	vcpus[vm].gpr[RAX] = r.eax;
	vcpus[vm].gpr[RBX] = r.ebx;
	vcpus[vm].gpr[RCX] = r.ecx;
	vcpus[vm].gpr[RDX] = r.edx;
	return ACTION_SKIP;
}
