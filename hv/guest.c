/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM's registers as an instruction of the guest sees them: modes, privilege, segments, paging. */
#include "guest.h"
#include "cpu.h"
#include "cpuid.h"
#include "vcpu.h"
#include "vmcs.h"

bool guest_is_long(vm_id vm)
{
	return (cpu_vmread(vm, GUEST_IA32_EFER) & EFER_LMA) != 0 && (cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0;
}

u32 guest_cpl(vm_id vm)
{
	return AR_DPL((u32)cpu_vmread(vm, GUEST_SS_ACCESS_RIGHTS));
}

u64 guest_gpr(vm_id vm, u32 n)
{
	return n == RSP ? cpu_vmread(vm, GUEST_RSP) : vcpus[vm].gpr[n];
}

void guest_set_gpr(vm_id vm, u32 n, u64 value)
{
	if (n == RSP)
		cpu_vmwrite(vm, GUEST_RSP, value);
	else
		vcpus[vm].gpr[n] = value;
}

struct paging guest_paging(vm_id vm, bool supervisor)
{
	struct paging p = {
		.cr0 = cpu_vmread(vm, GUEST_CR0),
		.cr3 = cpu_vmread(vm, GUEST_CR3),
		.cr4 = cpu_vmread(vm, GUEST_CR4),
		.efer = cpu_vmread(vm, GUEST_IA32_EFER),
		.maxphyaddr = CPUID_MAXPHYADDR,
		.user = !supervisor && guest_cpl(vm) == 3,
		.ac = !supervisor && (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_AC) != 0,
	};

	if ((p.cr0 & CR0_PG) != 0 && (p.cr4 & CR4_PAE) != 0 && (p.efer & EFER_LMA) == 0) {
		p.pdpte[0] = cpu_vmread(vm, GUEST_PDPTE0);
		p.pdpte[1] = cpu_vmread(vm, GUEST_PDPTE1);
		p.pdpte[2] = cpu_vmread(vm, GUEST_PDPTE2);
		p.pdpte[3] = cpu_vmread(vm, GUEST_PDPTE3);
	}
	return p;
}

bool guest_canonical(u64 linear)
{
	return linear < 0x800000000000ull || linear >= 0xffff800000000000ull;
}

/* The limit check of SDM 3A 5.3; offsets in an expand-down segment lie above the limit. */
/*@ assigns \nothing;
    exits   never: \false;
*/
static bool within_limit(u32 ar, u64 limit, u64 offset, u32 bytes)
{
	u64 last = offset + bytes - 1;
	u64 top = (ar & AR_DB) != 0 ? 0xffffffffull : 0xffffull;

	if ((ar & (AR_CODE | AR_EXPAND_DOWN)) == AR_EXPAND_DOWN)
		return offset > limit && last <= top;
	return last <= limit;
}

enum error guest_linear(vm_id vm, u32 seg, u64 offset, u32 bytes, bool write, u64 *linear)
{
	u32 step = seg * VMCS_SEGMENT_STEP;
	u32 ar;
	u64 base;

	if (guest_is_long(vm)) {
		base = seg == SEG_FS || seg == SEG_GS ? cpu_vmread(vm, GUEST_ES_BASE + step) : 0;
		*linear = base + offset;
		return guest_canonical(*linear) && guest_canonical(*linear + bytes - 1) ? OK : ERR_INVALID;
	}
	ar = (u32)cpu_vmread(vm, GUEST_ES_ACCESS_RIGHTS + step);
	base = cpu_vmread(vm, GUEST_ES_BASE + step);
	*linear = (base + offset) & 0xffffffffull;
	if ((ar & AR_UNUSABLE) != 0)
		return ERR_INVALID;
	if (!within_limit(ar, cpu_vmread(vm, GUEST_ES_LIMIT + step), offset, bytes))
		return ERR_INVALID;
	if ((cpu_vmread(vm, GUEST_CR0) & CR0_PE) == 0 || (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_VM) != 0)
		return OK;	/* real and virtual-8086 mode: no type checks */
	if (write)
		return (ar & (AR_CODE | AR_WRITABLE)) == AR_WRITABLE ? OK : ERR_INVALID;
	return (ar & (AR_CODE | AR_WRITABLE)) != AR_CODE ? OK : ERR_INVALID;
}
