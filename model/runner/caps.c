/* SPDX-License-Identifier: BSD-2-Clause */
/* This processor's capabilities as the executable spec wants them. */
#include "model/runner/caps.h"
#include "hv/native/asm.h"
#include "spec/vmx.h"

static u64 efer_bits(void)
{
	u32 r[4];

	asm_cpuid(0x80000001, 0, r);
	return EFER_SCE | EFER_LME | EFER_LMA | ((r[3] & 1u << 20) != 0 ? EFER_NXE : 0);
}

void caps_read(struct spec_caps *c)
{
	u32 r[4], leaf7[4];

	asm_cpuid(7, 0, leaf7);
	c->basic = asm_rdmsr(IA32_VMX_BASIC);
	c->pin = asm_rdmsr(IA32_VMX_TRUE_PINBASED_CTLS);
	c->cpu = asm_rdmsr(IA32_VMX_TRUE_PROCBASED_CTLS);
	c->cpu2 = asm_rdmsr(IA32_VMX_PROCBASED_CTLS2);
	c->exit = asm_rdmsr(IA32_VMX_TRUE_EXIT_CTLS);
	c->entry = asm_rdmsr(IA32_VMX_TRUE_ENTRY_CTLS);
	c->misc = asm_rdmsr(IA32_VMX_MISC);
	c->cr0_fixed0 = asm_rdmsr(IA32_VMX_CR0_FIXED0);
	c->cr0_fixed1 = asm_rdmsr(IA32_VMX_CR0_FIXED1);
	c->cr4_fixed0 = asm_rdmsr(IA32_VMX_CR4_FIXED0);
	c->cr4_fixed1 = asm_rdmsr(IA32_VMX_CR4_FIXED1);
	c->ept_vpid = asm_rdmsr(IA32_VMX_EPT_VPID_CAP);
	c->vmfunc = (c->cpu2 >> 32 & CPU2_ENABLE_VM_FUNCTIONS) != 0 ? asm_rdmsr(0x491) : 0;
	c->efer = efer_bits();
	c->debugctl = 0xdfc3;
	c->perf_global = 0x70000000f;
	c->rtit = 0;
	asm_cpuid(0x80000008, 0, r);
	c->physical_bits = r[0] & 0xff;
	c->linear_bits = r[0] >> 8 & 0xff;
	c->cet = (leaf7[2] & 1u << 7) != 0;
	c->rtm = (leaf7[1] & 1u << 11) != 0;
	c->sgx = (leaf7[1] & 1u << 2) != 0;
	c->nmi_sti = true;
}
