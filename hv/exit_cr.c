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

/* Loads the four PDPTEs from CR3 (SDM 3A 4.4.1). False: a reserved bit is set, or they lie outside the VM's RAM. */
static bool load_pdptes(vm_id vm, u64 cr3)
{
	u64 reserved = (~0ull << CPUID_MAXPHYADDR) | 0x1e6ull;
	u64 pdpte[4];

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

static void set_long_mode(vm_id vm, bool on)
{
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);
	u64 entry = cpu_vmread(vm, VM_ENTRY_CONTROLS);

	cpu_vmwrite(vm, GUEST_IA32_EFER, on ? efer | EFER_LMA : efer & ~EFER_LMA);
	cpu_vmwrite(vm, VM_ENTRY_CONTROLS,
		    on ? entry | ENTRY_CTL_IA32E_MODE_GUEST : entry & ~(u64)ENTRY_CTL_IA32E_MODE_GUEST);
}

/* MOV to CR0 (also CLTS and LMSW, whose new value the caller computed). */
static enum action write_cr0(vm_id vm, u64 value)
{
	u64 old = cpu_vmread(vm, GUEST_CR0);
	u64 cr4 = cpu_vmread(vm, GUEST_CR4);
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);
	bool paging_on = (value & CR0_PG) != 0 && (old & CR0_PG) == 0;
	bool paging_off = (value & CR0_PG) == 0 && (old & CR0_PG) != 0;

	if ((value >> 32) != 0 || ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) ||
	    ((value & CR0_NW) != 0 && (value & CR0_CD) == 0))
		return inject_gp(vm);
	if (paging_on && (efer & EFER_LME) != 0) {
		if ((cr4 & CR4_PAE) == 0 || (cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0)
			return inject_gp(vm);
	}
	if (paging_off && (guest_is_long(vm) || (cr4 & CR4_PCIDE) != 0))
		return inject_gp(vm);
	if ((value & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0 && (efer & EFER_LME) == 0 &&
	    ((value ^ old) & (CR0_PG | CR0_CD | CR0_NW)) != 0 && !load_pdptes(vm, cpu_vmread(vm, GUEST_CR3)))
		return inject_gp(vm);
	if (paging_on && (efer & EFER_LME) != 0)
		set_long_mode(vm, true);
	if (paging_off && (efer & EFER_LMA) != 0)
		set_long_mode(vm, false);
	value = (value & CR0_DEFINED) | CR0_ET;
	cpu_vmwrite(vm, CR0_READ_SHADOW, value);
	cpu_vmwrite(vm, GUEST_CR0, (value & ~(CR0_CD | CR0_NW)) | CR0_NE);
	return ACTION_SKIP;
}

/* MOV to CR4 with a bit of the hypervisor's changed. */
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
	    !load_pdptes(vm, cpu_vmread(vm, GUEST_CR3)))
		return inject_gp(vm);
	cpu_vmwrite(vm, CR4_READ_SHADOW, value);
	cpu_vmwrite(vm, GUEST_CR4, value | CR4_VMXE);
	return ACTION_SKIP;
}

/* MOV to CR3, when a test has it intercepted. Translations are tagged by VPID; the entry that follows flushes them. */
static enum action write_cr3(vm_id vm, u64 value)
{
	u64 efer = cpu_vmread(vm, GUEST_IA32_EFER);

	if ((efer & EFER_LMA) != 0) {
		if ((value & (~0ull << CPUID_MAXPHYADDR)) != 0)
			return inject_gp(vm);
	} else if ((cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0 && (cpu_vmread(vm, GUEST_CR4) & CR4_PAE) != 0 &&
		   !load_pdptes(vm, value)) {
		return inject_gp(vm);
	}
	cpu_vmwrite(vm, GUEST_CR3, value);
	cpu_invvpid(vm);
	return ACTION_SKIP;
}

static enum action write_cr8(vm_id vm, u64 value)
{
	if ((value & ~0xfull) != 0)
		return inject_gp(vm);
	vcpus[vm].cr8 = value;
	return ACTION_SKIP;
}

static enum action mov_to_cr(vm_id vm, u32 cr, u64 value)
{
	switch (cr) {
	case 0:
		return write_cr0(vm, value);
	case 3:
		return write_cr3(vm, value);
	case 4:
		return write_cr4(vm, value);
	case 8:
		return write_cr8(vm, value);
	default:
		return ACTION_STOP;
	}
}

/* CR0 as the guest reads it: its own bits, and the shadow of the hypervisor's. */
static u64 visible_cr0(vm_id vm)
{
	u64 mask = cpu_vmread(vm, CR0_GUEST_HOST_MASK);

	return (cpu_vmread(vm, GUEST_CR0) & ~mask) | (cpu_vmread(vm, CR0_READ_SHADOW) & mask);
}

enum action exit_cr(vm_id vm, const struct vmexit *exit)
{
	u32 qualification = (u32)exit->qualification;	/* SDM 3C table 27-3 */
	u32 cr = qualification & 0xfu;
	u32 gpr = (qualification >> 8) & 0xfu;
	u64 source;

	switch ((qualification >> 4) & 3u) {
	case 0:	/* MOV to CR */
		source = guest_gpr(vm, gpr);
		return mov_to_cr(vm, cr, guest_is_long(vm) ? source : source & 0xffffffffull);
	case 1:	/* MOV from CR3 or CR8 */
		guest_set_gpr(vm, gpr, cr == 8 ? vcpus[vm].cr8 : cpu_vmread(vm, GUEST_CR3));
		return ACTION_SKIP;
	case 2:	/* CLTS */
		return write_cr0(vm, visible_cr0(vm) & ~CR0_TS);
	default:	/* LMSW: bits 3:0, cannot clear PE */
		source = exit->qualification >> 16;
		return write_cr0(vm, (visible_cr0(vm) & ~0xeull) | (source & 0xfull));
	}
}

enum action exit_dr(vm_id vm, const struct vmexit *exit)
{
	u32 n = (u32)exit->qualification & 7u;	/* SDM 3C table 27-4 */
	u32 gpr = (u32)(exit->qualification >> 8) & 0xfu;
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
		value &= 0xffffffffull;
	if (n >= 6 && (value >> 32) != 0)
		return inject_gp(vm);
	if (n == 7)
		cpu_vmwrite(vm, GUEST_DR7, (value & 0xffff27ffull) | DR7_FIXED);
	else
		cpu_dr_write(n, n == 6 ? (value & DR6_WRITABLE) | DR6_FIXED : value);
	return ACTION_SKIP;
}
