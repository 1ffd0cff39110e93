/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of a VM entry on guest state and event injection, for the controls that the hypervisor uses (unrestricted
 * guest, virtual NMIs): SDM 3C 26.2.1.3 and 26.3.1. */
#include "cpuid.h"
#include "guest.h"
#include "oracle.h"

#define F(name) field[machine_index(name)]
#define MUST(condition, rule, section) \
	do { if (!(condition)) { *source = "SDM 3C " section; return rule; } } while (0)

static bool canonical(u64 a)
{
	return (u64)((s64)(a << 16) >> 16) == a;
}

static const char *segments(const u64 *field, const char **source)
{
	bool v86 = (F(GUEST_RFLAGS) & RFLAGS_VM) != 0, ia32e = (F(VM_ENTRY_CONTROLS) & ENTRY_CTL_IA32E_MODE_GUEST) != 0;

	for (u32 seg = SEG_ES; seg <= SEG_TR; seg++) {
		u64 selector = field[machine_index(GUEST_ES_SELECTOR + seg * 2)], base = field[machine_index(GUEST_ES_BASE + seg * 2)];
		u64 limit = field[machine_index(GUEST_ES_LIMIT + seg * 2)];
		u32 ar = (u32)field[machine_index(GUEST_ES_ACCESS_RIGHTS + seg * 2)], type = ar & 15u, dpl = AR_DPL(ar);
		bool usable = (ar & AR_UNUSABLE) == 0;

		if (seg == SEG_TR)
			MUST((selector & 4u) == 0, "TR selector is in the GDT", "26.3.1.2");
		if (seg == SEG_LDTR && usable)
			MUST((selector & 4u) == 0, "LDTR selector is in the GDT", "26.3.1.2");
		if (seg == SEG_TR || seg == SEG_FS || seg == SEG_GS || (seg == SEG_LDTR && usable))
			MUST(canonical(base), "FS, GS, TR, LDTR base canonical", "26.3.1.2");
		if (seg == SEG_CS || ((seg == SEG_ES || seg == SEG_SS || seg == SEG_DS) && usable))
			MUST(base >> 32 == 0, "CS, SS, DS, ES base below 4 GiB", "26.3.1.2");
		if (v86 && seg <= SEG_GS) {
			MUST(base == selector << 4, "v86 base is selector * 16", "26.3.1.2");
			MUST(limit == 0xffff, "v86 limit is FFFFH", "26.3.1.2");
			MUST(ar == 0xf3, "v86 access rights are F3H", "26.3.1.2");
			continue;
		}
		if (!usable && seg != SEG_CS && seg != SEG_TR)
			continue;
		if (seg == SEG_CS)
			MUST(type == 3 || type == 9 || type == 11 || type == 13 || type == 15, "CS type", "26.3.1.2");
		else if (seg == SEG_SS)
			MUST(type == 3 || type == 7, "SS type", "26.3.1.2");
		else if (seg <= SEG_GS)
			MUST((type & 1u) != 0 && ((type & 8u) == 0 || (type & 2u) != 0), "data segment type", "26.3.1.2");
		else if (seg == SEG_TR)
			MUST(type == 11 || (type == 3 && !ia32e), "TR type", "26.3.1.2");
		else
			MUST(type == 2, "LDTR type", "26.3.1.2");
		MUST(((ar & AR_S) != 0) == (seg <= SEG_GS), "S bit", "26.3.1.2");
		MUST((ar & AR_P) != 0, "present", "26.3.1.2");
		MUST((ar & 0xfffe0f00u) == 0, "reserved access rights", "26.3.1.2");
		MUST(seg != SEG_TR || usable, "TR usable", "26.3.1.2");
		if ((limit & 0xfff) != 0xfff)
			MUST((ar & AR_G) == 0, "granularity 0 for such a limit", "26.3.1.2");
		if (limit >> 20 != 0)
			MUST((ar & AR_G) != 0, "granularity 1 for such a limit", "26.3.1.2");
		if (seg == SEG_CS) {
			u32 ss = AR_DPL((u32)F(GUEST_SS_ACCESS_RIGHTS));

			MUST(type != 3 || dpl == 0, "CS DPL with type 3", "26.3.1.2");
			MUST((type != 9 && type != 11) || dpl == ss, "CS DPL is SS DPL", "26.3.1.2");
			MUST((type != 13 && type != 15) || dpl <= ss, "conforming CS DPL", "26.3.1.2");
			MUST(!(ia32e && (ar & AR_L) != 0 && (ar & AR_DB) != 0), "CS L and D", "26.3.1.2");
		}
		if (seg == SEG_SS)
			MUST(dpl == 0 || ((F(GUEST_CS_ACCESS_RIGHTS) & 15u) != 3 && (F(GUEST_CR0) & CR0_PE) != 0),
			     "SS DPL 0 in real mode", "26.3.1.2");
	}
	return NULL;
}

static const char *event(const u64 *field, const char **source)
{
	u32 info = (u32)F(VM_ENTRY_INTERRUPTION_INFO), type = EVENT_TYPE(info), vector = EVENT_VECTOR(info);
	u64 blocking = F(GUEST_INTERRUPTIBILITY_STATE);
	bool error = (info & EVENT_ERROR_CODE) != 0, pe = (F(GUEST_CR0) & CR0_PE) != 0;

	if ((info & EVENT_VALID) == 0)
		return NULL;
	MUST(type != 1 && type != 7, "event type", "26.2.1.3");
	MUST(type != EVENT_NMI || vector == 2, "NMI has vector 2", "26.2.1.3");
	MUST(type != EVENT_HARDWARE_EXCEPTION || vector <= 31, "exception vector", "26.2.1.3");
	MUST(error == (type == EVENT_HARDWARE_EXCEPTION && pe &&
		       (vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)), "deliver error code", "26.2.1.3");
	MUST((info & 0x7ffff000u) == 0, "reserved bits of the event", "26.2.1.3");
	if (error)
		MUST((F(VM_ENTRY_EXCEPTION_ERROR_CODE) & 0xffff0000u) == 0, "error code bits 31:16", "26.2.1.3");
	if (type >= EVENT_SOFTWARE_INTERRUPT)
		MUST(F(VM_ENTRY_INSTRUCTION_LENGTH) >= 1 && F(VM_ENTRY_INSTRUCTION_LENGTH) <= 15, "instruction length",
		     "26.2.1.3");
	if (type == EVENT_EXTERNAL) {
		MUST((F(GUEST_RFLAGS) & RFLAGS_IF) != 0, "IF for an external interrupt", "26.3.1.4");
		MUST((blocking & 3u) == 0, "no STI or MOV SS blocking for an external interrupt", "26.3.1.5");
	}
	if (type == EVENT_NMI)
		MUST((blocking & (BLOCKING_BY_MOV_SS | BLOCKING_BY_NMI)) == 0, "no blocking for an NMI", "26.3.1.5");
	return NULL;
}

const char *entry_check(const u64 field[MACHINE_FIELDS], const char **source)
{
	u64 cr0 = F(GUEST_CR0), cr4 = F(GUEST_CR4), efer = F(GUEST_IA32_EFER), rflags = F(GUEST_RFLAGS);
	u64 blocking = F(GUEST_INTERRUPTIBILITY_STATE), pending = F(GUEST_PENDING_DEBUG_EXCEPTIONS);
	bool ia32e = (F(VM_ENTRY_CONTROLS) & ENTRY_CTL_IA32E_MODE_GUEST) != 0, pg = (cr0 & CR0_PG) != 0;
	bool code64 = ia32e && (F(GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0;
	const char *broken;

	MUST((cr0 & ~CR0_DEFINED) == 0 && (cr0 & CR0_NE) != 0, "CR0 fixed bits", "26.3.1.1");
	MUST(!pg || (cr0 & CR0_PE) != 0, "CR0.PG needs CR0.PE", "26.3.1.1");
	MUST((cr4 & ~(cpuid_cr4(1) | CR4_VMXE)) == 0 && (cr4 & CR4_VMXE) != 0, "CR4 fixed and hidden bits", "26.3.1.1");
	MUST(!ia32e || (pg && (cr4 & CR4_PAE) != 0), "IA-32e mode needs paging and PAE", "26.3.1.1");
	MUST(ia32e || (cr4 & CR4_PCIDE) == 0, "CR4.PCIDE needs IA-32e mode", "26.3.1.1");
	MUST(F(GUEST_CR3) >> CPUID_MAXPHYADDR == 0, "CR3 within the physical-address width", "26.3.1.1");
	MUST((F(GUEST_IA32_DEBUGCTL) & ~3ull) == 0, "IA32_DEBUGCTL reserved bits", "26.3.1.1");
	MUST(F(GUEST_DR7) >> 32 == 0, "DR7 bits 63:32", "26.3.1.1");
	MUST(canonical(F(GUEST_SYSENTER_ESP)) && canonical(F(GUEST_SYSENTER_EIP)), "SYSENTER canonical", "26.3.1.1");
	for (u32 i = 0; i < 8; i++) {
		u64 type = F(GUEST_IA32_PAT) >> 8 * i & 0xff;

		MUST(type <= 1 || (type >= 4 && type <= 7), "IA32_PAT types", "26.3.1.1");
	}
	MUST((efer & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) == 0, "IA32_EFER reserved bits", "26.3.1.1");
	MUST(((efer & EFER_LMA) != 0) == ia32e, "IA32_EFER.LMA is the entry control", "26.3.1.1");
	MUST(!pg || ((efer & EFER_LMA) != 0) == ((efer & EFER_LME) != 0), "IA32_EFER.LMA is LME", "26.3.1.1");
	broken = segments(field, source);
	if (broken != NULL)
		return broken;
	MUST(canonical(F(GUEST_GDTR_BASE)) && canonical(F(GUEST_IDTR_BASE)), "GDTR, IDTR base canonical", "26.3.1.3");
	MUST(F(GUEST_GDTR_LIMIT) >> 16 == 0 && F(GUEST_IDTR_LIMIT) >> 16 == 0, "GDTR, IDTR limit", "26.3.1.3");
	MUST(code64 || F(GUEST_RIP) >> 32 == 0, "RIP bits 63:32 outside 64-bit code", "26.3.1.4");
	MUST(!code64 || F(GUEST_RIP) >> 48 == 0 || F(GUEST_RIP) >> 48 == 0xffff, "RIP bits 63:48 identical", "26.3.1.4");
	MUST((rflags & ~0x3f7fd7ull) == 0 && (rflags & RFLAGS_FIXED) != 0, "RFLAGS reserved bits", "26.3.1.4");
	MUST((rflags & RFLAGS_VM) == 0 || (!ia32e && (cr0 & CR0_PE) != 0), "RFLAGS.VM", "26.3.1.4");
	MUST(F(GUEST_ACTIVITY_STATE) == 0, "activity state is active", "26.3.1.5");
	MUST((blocking & ~0xfull) == 0 && (blocking & 4u) == 0, "interruptibility reserved bits and SMI", "26.3.1.5");
	MUST((blocking & 3u) != 3u, "not both STI and MOV SS", "26.3.1.5");
	MUST((blocking & 1u) == 0 || (rflags & RFLAGS_IF) != 0, "STI blocking needs IF", "26.3.1.5");
	MUST((pending & ~0x1500full) == 0 && (pending & (1ull << 16)) == 0, "pending debug exceptions", "26.3.1.5");
	if ((blocking & 3u) != 0)
		MUST(((pending & PENDING_DEBUG_BS) != 0) ==
		     ((rflags & RFLAGS_TF) != 0 && (F(GUEST_IA32_DEBUGCTL) & 2u) == 0), "pending BS with blocking", "26.3.1.5");
	MUST(F(VMCS_LINK_POINTER) == ~0ull, "VMCS link pointer", "26.3.1.5");
	if (pg && (cr4 & CR4_PAE) != 0 && !ia32e)
		for (u32 i = 0; i < 4; i++) {
			u64 pdpte = field[machine_index(GUEST_PDPTE0 + i * 2)];

			MUST((pdpte & 1u) == 0 || (pdpte & ((~0ull << CPUID_MAXPHYADDR) | 0x1e6)) == 0, "PDPTE reserved bits",
			     "26.3.1.6");
		}
	return event(field, source);
}
