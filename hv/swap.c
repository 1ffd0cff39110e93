/* SPDX-License-Identifier: BSD-2-Clause */
/* Swapping the registers that VMX does not switch. */
#include "swap.h"
#include "cpu.h"
#include "vcpu.h"
#include "vmcs.h"

/*@ requires i:      i < SWAPPED_MSRS;
    assigns  \nothing;
    exits    never:  \false;
    ensures  slot:   msr_slot(\result) == i;
*/
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

bool swap_nmi_left;

void swap_out(vm_id vm)
{
	swap_nmi_left = (cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI) != 0;
	vcpus[vm].cr2 = cpu_cr2_read();
	/*@ loop invariant range: 0 <= i <= 4;
	    loop invariant saved: \forall integer k; 0 <= k < i ==> vcpus[vm].dr[k] == live_dr[k];
	    loop assigns i, vcpus[vm].dr[0 .. 3];
	    loop variant 4 - i;
	*/
	for (u32 i = 0; i < 4; i++)
		vcpus[vm].dr[i] = cpu_dr_read(i);
	vcpus[vm].dr6 = cpu_dr_read(6);
	/*@ loop invariant range: 0 <= i <= SWAPPED_MSRS;
	    loop invariant saved: \forall integer k; 0 <= k < i ==> vcpus[vm].msr[k] == live_msr[k];
	    loop assigns i, vcpus[vm].msr[0 .. SWAPPED_MSRS - 1];
	    loop variant SWAPPED_MSRS - i;
	*/
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		vcpus[vm].msr[i] = cpu_msr_read(swapped_msr(i));
	cpu_xcr0_write(CPU_XCR0);	/* the whole state, also what the guest has switched off meanwhile */
	cpu_xsave(vm);
}

void swap_in(vm_id vm)
{
	cpu_vmptrld(vm);
	cpu_xcr0_write(CPU_XCR0);
	cpu_xrstor(vm);
	cpu_xcr0_write(vcpus[vm].xcr0);
	/*@ loop invariant range:  0 <= i <= SWAPPED_MSRS;
	    loop invariant loaded: \forall integer k; 0 <= k < i ==> live_msr[k] == vcpus[vm].msr[k];
	    loop assigns i, live_msr[0 .. SWAPPED_MSRS - 1];
	    loop variant SWAPPED_MSRS - i;
	*/
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		cpu_msr_write(swapped_msr(i), vcpus[vm].msr[i]);
	/*@ loop invariant range:  0 <= i <= 4;
	    loop invariant loaded: \forall integer k; 0 <= k < i ==> live_dr[k] == vcpus[vm].dr[k];
	    loop assigns i, live_dr[0 .. 3];
	    loop variant 4 - i;
	*/
	for (u32 i = 0; i < 4; i++)
		cpu_dr_write(i, vcpus[vm].dr[i]);
	cpu_dr_write(6, vcpus[vm].dr6);
	cpu_cr2_write(vcpus[vm].cr2);
	if (swap_nmi_left && (cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI) == 0)
		cpu_nmi_unblock();
	/*@ ghost live_vm = vm; */
}
