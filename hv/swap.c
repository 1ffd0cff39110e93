/* SPDX-License-Identifier: BSD-2-Clause */
/* Swapping the registers that VMX does not switch. */
#include "swap.h"
#include "cpu.h"
#include "vcpu.h"
#include "vmcs.h"

static u32 swapped_msr(u32 i)
{
	switch (i) {
	case SWAP_STAR: return IA32_STAR;
	case SWAP_LSTAR: return IA32_LSTAR;
	case SWAP_CSTAR: return IA32_CSTAR;
	case SWAP_FMASK: return IA32_FMASK;
	case SWAP_KERNEL_GS_BASE: return IA32_KERNEL_GS_BASE;
	case SWAP_TSC_AUX: return IA32_TSC_AUX;
	default: return IA32_XSS;
	}
}

static bool nmi_left;	/* the VM that ran last is inside its NMI handler */

void swap_out(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];

	nmi_left = (cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI) != 0;
	v->cr2 = cpu_cr2_read();
	for (u32 i = 0; i < 4; i++)
		v->dr[i] = cpu_dr_read(i);
	v->dr6 = cpu_dr_read(6);
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		v->msr[i] = cpu_msr_read(swapped_msr(i));
	cpu_xcr0_write(CPU_XCR0);	/* the whole state, also what the guest has switched off meanwhile */
	cpu_xsave(vm);
}

void swap_in(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];

	cpu_vmptrld(vm);
	cpu_xcr0_write(CPU_XCR0);
	cpu_xrstor(vm);
	cpu_xcr0_write(v->xcr0);
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		cpu_msr_write(swapped_msr(i), v->msr[i]);
	for (u32 i = 0; i < 4; i++)
		cpu_dr_write(i, v->dr[i]);
	cpu_dr_write(6, v->dr6);
	cpu_cr2_write(v->cr2);
	if (nmi_left && (cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI) == 0)
		cpu_nmi_unblock();
}
