/* SPDX-License-Identifier: BSD-2-Clause */
/* What accesses to control and debug registers must do (SDM 2B MOV CR, MOV DR; SDM 3C tables 27-3, 27-4). */
#include "cpuid.h"
#include "spec/effects/effects.h"
#include "guest.h"
#include "plan.h"

/* SDM 2B "MOV to control registers"; false: #GP(0). */
static bool set_cr0(struct state *s, vm_id vm, u64 value)
{
	u64 old = FIELD(s, GUEST_CR0), cr4 = FIELD(s, GUEST_CR4), efer = FIELD(s, GUEST_IA32_EFER);
	bool pg = (value & CR0_PG) != 0, was = (old & CR0_PG) != 0, lme = (efer & EFER_LME) != 0;

	if (value >> 32 != 0 || (pg && (value & CR0_PE) == 0) || ((value & CR0_NW) != 0 && (value & CR0_CD) == 0))
		return false;
	if (pg && !was && lme && ((cr4 & CR4_PAE) == 0 || (FIELD(s, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0))
		return false;
	if (!pg && was && (effects_long(s) || (cr4 & CR4_PCIDE) != 0))
		return false;
	if (pg && (cr4 & CR4_PAE) != 0 && !lme && ((value ^ old) & (CR0_PG | CR0_CD | CR0_NW)) != 0 &&
	    !effects_pdptes(s, vm, FIELD(s, GUEST_CR3)))
		return false;
	if (pg && !was && lme) {
		FIELD(s, GUEST_IA32_EFER) |= EFER_LMA;
		FIELD(s, VM_ENTRY_CONTROLS) |= ENTRY_CTL_IA32E_MODE_GUEST;
	}
	if (!pg && was) {
		FIELD(s, GUEST_IA32_EFER) &= ~EFER_LMA;
		FIELD(s, VM_ENTRY_CONTROLS) &= ~(u64)ENTRY_CTL_IA32E_MODE_GUEST;
	}
	value = (value & CR0_DEFINED) | CR0_ET;
	FIELD(s, CR0_READ_SHADOW) = value;
	FIELD(s, GUEST_CR0) = (value | CR0_NE) & ~(CR0_CD | CR0_NW);
	return true;
}

static bool set_cr4(struct state *s, vm_id vm, u64 value)
{
	u64 old = FIELD(s, GUEST_CR4);
	/* what CPUID shows: VME PVI TSD DE PSE PAE PGE PCE OSFXSR OSXMMEXCPT UMIP FSGSBASE SMEP SMAP, OSXSAVE with AVX */
	u64 allowed = 0x310fbf | (s->cpu == PLAN_CPU_AVX ? 1u << 18 : 0);
	bool lma = (FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0, pae = (value & CR4_PAE) != 0;

	if ((value & ~allowed) != 0 || (lma && !pae))
		return false;
	if ((FIELD(s, GUEST_CR0) & CR0_PG) != 0 && pae && !lma &&
	    ((value ^ old) & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) != 0 && !effects_pdptes(s, vm, FIELD(s, GUEST_CR3)))
		return false;
	FIELD(s, CR4_READ_SHADOW) = value;
	FIELD(s, GUEST_CR4) = value | CR4_VMXE;
	return true;
}

static bool set_cr3(struct state *s, vm_id vm, u64 value)
{
	if ((FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0) {
		if (value >> CPUID_MAXPHYADDR != 0)
			return false;
	} else if ((FIELD(s, GUEST_CR0) & CR0_PG) != 0 && (FIELD(s, GUEST_CR4) & CR4_PAE) != 0 &&
		   !effects_pdptes(s, vm, value)) {
		return false;
	}
	FIELD(s, GUEST_CR3) = value;
	return true;
}

/* SDM 3C table 27-3. False: outside the model. */
bool effects_cr(struct state *s, vm_id vm, const struct vmexit *x)
{
	u32 cr = x->qualification & 15, n = x->qualification >> 8 & 15;
	u64 mask = FIELD(s, CR0_GUEST_HOST_MASK);
	u64 cr0 = (FIELD(s, GUEST_CR0) & ~mask) | (FIELD(s, CR0_READ_SHADOW) & mask);
	u64 value = effects_long(s) ? effects_gpr(s, n) : (u32)effects_gpr(s, n);
	bool done;

	switch (x->qualification >> 4 & 3) {
	case 0:
		if (cr == 0)
			done = set_cr0(s, vm, value);
		else if (cr == 3)
			done = set_cr3(s, vm, value);
		else if (cr == 4)
			done = set_cr4(s, vm, value);
		else if (cr == 8 && value <= 15)
			done = true, s->cr8 = value;
		else if (cr == 8)
			done = false;
		else
			return false;
		break;
	case 1:
		effects_set_gpr(s, n, cr == 8 ? s->cr8 : FIELD(s, GUEST_CR3));
		done = true;
		break;
	case 2:
		done = set_cr0(s, vm, cr0 & ~CR0_TS);
		break;
	default:	/* LMSW loads bits 3:0 and cannot clear PE */
		done = set_cr0(s, vm, (cr0 & ~0xeull) | (x->qualification >> 16 & 15));
		break;
	}
	if (done)
		effects_skip(s, x->length);
	else
		effects_fault(s, 13, 0);
	return true;
}

/* SDM 3B 17.2, 3C table 27-4 */
void effects_dr(struct state *s, const struct vmexit *x)
{
	u32 dr = x->qualification & 7, n = x->qualification >> 8 & 15;
	u64 value;

	if (AR_DPL((u32)FIELD(s, GUEST_SS_ACCESS_RIGHTS)) != 0) {
		effects_fault(s, 13, 0);
		return;
	}
	if (dr == 4 || dr == 5) {
		if ((FIELD(s, GUEST_CR4) & CR4_DE) != 0) {
			effects_fault(s, 6, 0);
			return;
		}
		dr += 2;
	}
	if ((FIELD(s, GUEST_DR7) & DR7_GD) != 0) {
		s->dr6 |= DR6_BD;
		FIELD(s, GUEST_DR7) &= ~DR7_GD;
		effects_fault(s, 1, 0);
		return;
	}
	if ((x->qualification & 16) != 0) {
		effects_set_gpr(s, n, dr == 7 ? FIELD(s, GUEST_DR7) : dr == 6 ? s->dr6 : s->dr[dr]);
	} else {
		value = effects_long(s) ? effects_gpr(s, n) : (u32)effects_gpr(s, n);
		if (dr >= 6 && value >> 32 != 0) {
			effects_fault(s, 13, 0);
			return;
		}
		if (dr == 7)
			FIELD(s, GUEST_DR7) = (value & ~0xd800ull) | 0x400;
		else if (dr == 6)
			s->dr6 = (value & 0x1e00f) | 0xffff0ff0;
		else
			s->dr[dr] = value;
	}
	effects_skip(s, x->length);
}
