/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID: the VM sees cpuid.c's table plus the bits that follow its own CR4 and XCR0. */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "vcpu.h"
#include "vmcs.h"

enum action exit_cpuid(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];
	u32 leaf = (u32)v->gpr[RAX];
	struct cpuid r = cpuid_leaf(v->cpu, leaf, (u32)v->gpr[RCX]);

	if (v->cpu == PLAN_CPU_AVX) {
		if (leaf == 1 && (cpu_vmread(vm, GUEST_CR4) & CR4_OSXSAVE) != 0)
			r.ecx |= CPUID_1_ECX_OSXSAVE;
		if (leaf == 0xd && (u32)v->gpr[RCX] == 0)
			r.ebx = cpuid_xsave_bytes(v->xcr0);
	}
	v->gpr[RAX] = r.eax;
	v->gpr[RBX] = r.ebx;
	v->gpr[RCX] = r.ecx;
	v->gpr[RDX] = r.edx;
	return ACTION_SKIP;
}
