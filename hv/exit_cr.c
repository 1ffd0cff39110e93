/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control registers. The guest owns most bits; an exit means that it touched one of the hypervisor's: CR0.NE, NW, CD
 * and reserved bits, CR4.VMXE, SMXE and every bit whose feature CPUID hides, or CR8. The whole MOV is then carried out
 * here, with the checks of SDM 2B "MOV to/from control registers" and the mode changes of SDM 3A 9.8.5.
 */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "gmem.h"
#include "guest.h"
#include "inject.h"
#include "vcpu.h"
#include "vmcs.h"

bool exit_load_pdptes(vm_id vm, u64 cr3)
{
	u64 reserved = (~0ull << CPUID_MAXPHYADDR) | 0x1e6ull;
	u64 pdpte[4];

	/*@ loop invariant range: 0 <= i <= 4;
	    loop assigns i, pdpte[0 .. 3];
	    loop variant 4 - i;
	*/
	for (u32 i = 0; i < 4; i++) {
		if (gmem_read(vm, (cr3 & 0xffffffe0ull) + 8u * i, 8, &pdpte[i]) != OK)
			return false;
		if ((pdpte[i] & 1u) != 0 && (pdpte[i] & reserved) != 0)
			return false;
	}
	cpu_vmwrite(vm, GUEST_PDPTE0, pdpte[0]);
	cpu_vmwrite(vm, GUEST_PDPTE1, pdpte[1]);
	cpu_vmwrite(vm, GUEST_PDPTE2, pdpte[2]);
	cpu_vmwrite(vm, GUEST_PDPTE3, pdpte[3]);
	return true;
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_IA32_EFER], vmcs[vm][VM_ENTRY_CONTROLS];
    exits    never:   \false;
    ensures  lma:     (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) != 0;
    ensures  mode:    (vmcs[vm][VM_ENTRY_CONTROLS] & ENTRY_CTL_IA32E_MODE_GUEST) != 0;
    ensures  kept:    ENTRY_MANDATORY(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==>
                      ENTRY_MANDATORY(vmcs[vm][VM_ENTRY_CONTROLS]);
*/
static void enter_long_mode(vm_id vm)
{
	cpu_vmwrite(vm, GUEST_IA32_EFER, cpu_vmread(vm, GUEST_IA32_EFER) | EFER_LMA);
	cpu_vmwrite(vm, VM_ENTRY_CONTROLS, (u32)cpu_vmread(vm, VM_ENTRY_CONTROLS) | ENTRY_CTL_IA32E_MODE_GUEST);
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_IA32_EFER], vmcs[vm][VM_ENTRY_CONTROLS];
    exits    never:   \false;
    ensures  lma:     (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) == 0;
    ensures  mode:    (vmcs[vm][VM_ENTRY_CONTROLS] & ENTRY_CTL_IA32E_MODE_GUEST) == 0;
    ensures  kept:    ENTRY_MANDATORY(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==>
                      ENTRY_MANDATORY(vmcs[vm][VM_ENTRY_CONTROLS]);
*/
static void leave_long_mode(vm_id vm)
{
	cpu_vmwrite(vm, GUEST_IA32_EFER, cpu_vmread(vm, GUEST_IA32_EFER) & ~EFER_LMA);
	cpu_vmwrite(vm, VM_ENTRY_CONTROLS, (u32)cpu_vmread(vm, VM_ENTRY_CONTROLS) & ~ENTRY_CTL_IA32E_MODE_GUEST);
}

/* MOV to CR0 (also CLTS and LMSW, whose new value the caller computed). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vmcs[vm][GUEST_CR0], vmcs[vm][CR0_READ_SHADOW], vmcs[vm][GUEST_IA32_EFER],
             vmcs[vm][VM_ENTRY_CONTROLS], vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2],
             vmcs[vm][GUEST_PDPTE3];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  result:  (\result == ACTION_SKIP && nothing_pending{Pre, Post}(vm)) ||
                      (\result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0));
    ensures  kept:    ENTRY_MANDATORY(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==>
                      ENTRY_MANDATORY(vmcs[vm][VM_ENTRY_CONTROLS]);
    ensures  host:    \result == ACTION_SKIP ==> CR0_HOST_BITS(vmcs[vm][GUEST_CR0]);
    ensures  shadow:  \result == ACTION_SKIP ==> vmcs[vm][CR0_READ_SHADOW] == ((value & CR0_DEFINED) | CR0_ET);
    ensures  refused: \result == ACTION_RESUME ==>
                      vmcs[vm][GUEST_CR0] == \old(vmcs[vm][GUEST_CR0]) &&
                      vmcs[vm][CR0_READ_SHADOW] == \old(vmcs[vm][CR0_READ_SHADOW]) &&
                      vmcs[vm][GUEST_IA32_EFER] == \old(vmcs[vm][GUEST_IA32_EFER]);
    ensures  high:    value >= 0x100000000 ==> \result == ACTION_RESUME;
*/
static enum action write_cr0(vm_id vm, u64 value)
{
	u64 old = cpu_vmread(vm, GUEST_CR0);
	u64 cr4 = cpu_vmread(vm, GUEST_CR4);
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);
	bool paging_on = (value & CR0_PG) != 0 && (old & CR0_PG) == 0;
	bool paging_off = (value & CR0_PG) == 0 && (old & CR0_PG) != 0;

	if (value >= 0x100000000ull || ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) ||
	    ((value & CR0_NW) != 0 && (value & CR0_CD) == 0))
		return inject_gp(vm);
	if (paging_on && (efer & EFER_LME) != 0) {
		if ((cr4 & CR4_PAE) == 0 || (cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0)
			return inject_gp(vm);
	}
	if (paging_off && (guest_is_long(vm) || (cr4 & CR4_PCIDE) != 0))
		return inject_gp(vm);
	if ((value & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0 && (efer & EFER_LME) == 0 &&
	    ((value ^ old) & (CR0_PG | CR0_CD | CR0_NW)) != 0 && !exit_load_pdptes(vm, cpu_vmread(vm, GUEST_CR3)))
		return inject_gp(vm);
	if (paging_on && (efer & EFER_LME) != 0)
		enter_long_mode(vm);
	if (paging_off && (efer & EFER_LMA) != 0)
		leave_long_mode(vm);
	value = (value & CR0_DEFINED) | CR0_ET;
	cpu_vmwrite(vm, CR0_READ_SHADOW, value);
	cpu_vmwrite(vm, GUEST_CR0, (value & ~(CR0_CD | CR0_NW)) | CR0_NE);
	return ACTION_SKIP;
}

/* MOV to CR4 with a bit of the hypervisor's changed. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vmcs[vm][GUEST_CR4], vmcs[vm][CR4_READ_SHADOW], vmcs[vm][GUEST_PDPTE0],
             vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  result:  (\result == ACTION_SKIP && nothing_pending{Pre, Post}(vm)) ||
                      (\result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0));
    ensures  written: \result == ACTION_SKIP ==>
                      vmcs[vm][GUEST_CR4] == (value | CR4_VMXE) && vmcs[vm][CR4_READ_SHADOW] == value;
    ensures  visible: \result == ACTION_SKIP ==> (value & (u64)~cr4_visible(vcpus[vm].cpu)) == 0;
    ensures  refused: \result == ACTION_RESUME ==>
                      vmcs[vm][GUEST_CR4] == \old(vmcs[vm][GUEST_CR4]) &&
                      vmcs[vm][CR4_READ_SHADOW] == \old(vmcs[vm][CR4_READ_SHADOW]);
*/
static enum action write_cr4(vm_id vm, u64 value)
{
	u64 old = cpu_vmread(vm, GUEST_CR4);
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);

	if ((value & ~cpuid_cr4(vcpus[vm].cpu)) != 0)
		return inject_gp(vm);
	if ((efer & EFER_LMA) != 0 && (value & CR4_PAE) == 0)
		return inject_gp(vm);
	if ((cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0 && (value & CR4_PAE) != 0 && (efer & EFER_LMA) == 0 &&
	    ((value ^ old) & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) != 0 &&
	    !exit_load_pdptes(vm, cpu_vmread(vm, GUEST_CR3)))
		return inject_gp(vm);
	cpu_vmwrite(vm, CR4_READ_SHADOW, value);
	cpu_vmwrite(vm, GUEST_CR4, value | CR4_VMXE);
	return ACTION_SKIP;
}

/* MOV to CR3, when a test has it intercepted. Translations are tagged by VPID; the entry that follows flushes them. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vmcs[vm][GUEST_CR3], count_invvpid[vm], vmcs[vm][GUEST_PDPTE0],
             vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  result:  (\result == ACTION_SKIP && nothing_pending{Pre, Post}(vm)) ||
                      (\result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0));
    ensures  written: \result == ACTION_SKIP ==> vmcs[vm][GUEST_CR3] == value &&
                      count_invvpid[vm] == (u64)(\old(count_invvpid[vm]) + 1);
    ensures  refused: \result == ACTION_RESUME ==> vmcs[vm][GUEST_CR3] == \old(vmcs[vm][GUEST_CR3]);
*/
static enum action write_cr3(vm_id vm, u64 value)
{
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);

	if ((efer & EFER_LMA) != 0) {
		if ((value & (~0ull << CPUID_MAXPHYADDR)) != 0)
			return inject_gp(vm);
	} else if ((cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0 && (cpu_vmread(vm, GUEST_CR4) & CR4_PAE) != 0 &&
		   !exit_load_pdptes(vm, value)) {
		return inject_gp(vm);
	}
	cpu_vmwrite(vm, GUEST_CR3, value);
	cpu_invvpid(vm);
	return ACTION_SKIP;
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vcpus[vm].cr8;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  written: value <= 0xf ==> \result == ACTION_SKIP && nothing_pending{Pre, Post}(vm) && vcpus[vm].cr8 == value;
    ensures  refused: value > 0xf ==> \result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0) &&
                      vcpus[vm].cr8 == \old(vcpus[vm].cr8);
*/
static enum action write_cr8(vm_id vm, u64 value)
{
	if (value > 0xfu)
		return inject_gp(vm);
	vcpus[vm].cr8 = value;
	return ACTION_SKIP;
}

/* What all writes have in common. */
#define MOV_TO_CR_ASSIGNS(vm) \
	INJECTED(vm), vcpus[vm].cr8, count_invvpid[vm], vmcs[vm][GUEST_CR0], vmcs[vm][GUEST_CR3], vmcs[vm][GUEST_CR4], \
	vmcs[vm][CR0_READ_SHADOW], vmcs[vm][CR4_READ_SHADOW], vmcs[vm][GUEST_IA32_EFER], vmcs[vm][VM_ENTRY_CONTROLS], \
	vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3]

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  MOV_TO_CR_ASSIGNS(vm);
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  result:  (\result == ACTION_SKIP && nothing_pending{Pre, Post}(vm)) ||
                      (\result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0)) ||
                      (\result == ACTION_STOP && nothing_pending{Pre, Post}(vm));
    ensures  kept:    ENTRY_MANDATORY(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==>
                      ENTRY_MANDATORY(vmcs[vm][VM_ENTRY_CONTROLS]);
    ensures  cr0:     vmcs[vm][GUEST_CR0] == \old(vmcs[vm][GUEST_CR0]) || CR0_HOST_BITS(vmcs[vm][GUEST_CR0]);
    ensures  cr4:     vmcs[vm][GUEST_CR4] == \old(vmcs[vm][GUEST_CR4]) || vmcs[vm][GUEST_CR4] == (value | CR4_VMXE);
    ensures  cr8:     vcpus[vm].cr8 == \old(vcpus[vm].cr8) || vcpus[vm].cr8 <= 0xf;
    ensures  unknown: cr != 0 && cr != 3 && cr != 4 && cr != 8 <==> \result == ACTION_STOP;
*/
static enum action mov_to_cr(vm_id vm, u32 cr, u64 value)
{
	if (cr == 0)
		return write_cr0(vm, value);
	if (cr == 3)
		return write_cr3(vm, value);
	if (cr == 4)
		return write_cr4(vm, value);
	if (cr == 8)
		return write_cr8(vm, value);
	return ACTION_STOP;
}

/* CR0 as the guest reads it: its own bits, and the shadow of the hypervisor's. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  \nothing;
    exits    never:   \false;
    ensures  value:   \result == ((vmcs[vm][GUEST_CR0] & (u64)~vmcs[vm][CR0_GUEST_HOST_MASK]) |
                      (vmcs[vm][CR0_READ_SHADOW] & vmcs[vm][CR0_GUEST_HOST_MASK]));
*/
static u64 visible_cr0(vm_id vm)
{
	u64 mask = cpu_vmread(vm, CR0_GUEST_HOST_MASK);

	return (cpu_vmread(vm, GUEST_CR0) & ~mask) | (cpu_vmread(vm, CR0_READ_SHADOW) & mask);
}

enum action exit_cr(vm_id vm, const struct vmexit *exit)
{
	u64 qualification = exit->qualification;	/* SDM 3C table 27-3 */
	u32 cr = (u32)(qualification % 16u);
	u32 gpr = (u32)(qualification / 0x100u % 16u);
	u32 kind = (u32)(qualification / 0x10u % 4u);
	u64 source;

	if (kind == 0) {	/* MOV to CR */
		source = guest_gpr(vm, gpr);
		return mov_to_cr(vm, cr, guest_is_long(vm) ? source : source % 0x100000000ull);
	}
	if (kind == 1) {	/* MOV from CR3 or CR8 */
		guest_set_gpr(vm, gpr, cr == 8 ? vcpus[vm].cr8 : cpu_vmread(vm, GUEST_CR3));
		return ACTION_SKIP;
	}
	if (kind == 2)	/* CLTS */
		return write_cr0(vm, visible_cr0(vm) & ~CR0_TS);
	source = qualification / 0x10000u;	/* LMSW: bits 3:0, cannot clear PE */
	return write_cr0(vm, (visible_cr0(vm) & ~0xeull) | source % 16u);
}

/* Carries out MOV to DR: DR7 is in the VMCS, the others in the processor. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires n:       n <= 7 && n != 4 && n != 5;
    assigns  vmcs[vm][GUEST_DR7], live_dr[0 .. 6];
    exits    never:   \false;
    ensures  dr7:     n == 7 ==> vmcs[vm][GUEST_DR7] == ((value & 0xffff27ff) | DR7_FIXED);
    ensures  dr6:     n == 6 ==> live_dr[6] == ((value & DR6_WRITABLE) | DR6_FIXED);
    ensures  address: n <= 3 ==> live_dr[n] == value;
    ensures  others:  \forall integer k; 0 <= k <= 6 && k != n ==> live_dr[k] == \old(live_dr[k]);
    ensures  same:    n != 7 ==> vmcs[vm][GUEST_DR7] == \old(vmcs[vm][GUEST_DR7]);
*/
static void write_dr(vm_id vm, u32 n, u64 value)
{
	if (n == 7)
		cpu_vmwrite(vm, GUEST_DR7, (value & 0xffff27ffull) | DR7_FIXED);
	else if (n == 6)
		cpu_dr_write(6, (value & DR6_WRITABLE) | DR6_FIXED);
	else
		cpu_dr_write(n, value);
}

enum action exit_dr(vm_id vm, const struct vmexit *exit)
{
	u32 n = (u32)(exit->qualification % 8u);	/* SDM 3C table 27-4 */
	u32 gpr = (u32)(exit->qualification / 0x100u % 16u);
	u64 dr7 = cpu_vmread(vm, GUEST_DR7);
	u64 value;

	/* Bochs exits before the checks of SDM 3B 17.2, the one for CPL included */
	if (guest_cpl(vm) != 0)
		return inject_gp(vm);
	if (n == 4 || n == 5) {
		if ((cpu_vmread(vm, GUEST_CR4) & CR4_DE) != 0)
			return inject_ud(vm);
		n += 2;
	}
	if ((dr7 & DR7_GD) != 0) {
		cpu_dr_write(6, cpu_dr_read(6) | DR6_BD);
		cpu_vmwrite(vm, GUEST_DR7, dr7 & ~DR7_GD);
		return inject_exception(vm, VECTOR_DB, 0);
	}
	if ((exit->qualification & 0x10u) != 0) {
		guest_set_gpr(vm, gpr, n == 7 ? dr7 : cpu_dr_read(n));
		return ACTION_SKIP;
	}
	value = guest_gpr(vm, gpr);
	if (!guest_is_long(vm))
		value %= 0x100000000ull;
	if (n >= 6 && value >= 0x100000000ull)
		return inject_gp(vm);
	write_dr(vm, n, value);
	return ACTION_SKIP;
}
