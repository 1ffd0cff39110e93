/* SPDX-License-Identifier: BSD-2-Clause */
/* One valid VMCS for each kind of guest. */
#include "model/runner/runner.h"
#include "hv/native/asm.h"
#include "hv/native/tables.h"
#include "hv/vmcs.h"
#include "spec/vmx.h"

#define UNUSABLE SEGMENT_UNUSABLE

static u8 regions[BASES][PAGE_BYTES] __attribute__((aligned(4096)));

static void set(u32 field, u64 value)
{
	asm_vmwrite(field, value);
}

static u32 legal(u64 capability, u32 wanted)
{
	return (wanted | (u32)capability) & (u32)(capability >> 32);
}

static bool has_ept(u32 base)
{
	return base == BASE_LONG || base == BASE_COMPATIBILITY || base == BASE_PAE || base == BASE_PROTECTED || base == BASE_REAL;
}

static bool is_long(u32 base)
{
	return base == BASE_LONG || base == BASE_LONG_NO_EPT || base == BASE_COMPATIBILITY || base == BASE_MINIMAL;
}

static void controls(u32 base)
{
	const struct spec_caps *c = &header.caps;
	u32 secondary = (has_ept(base) ? CPU2_ENABLE_EPT | CPU2_UNRESTRICTED_GUEST : 0) | CPU2_ENABLE_RDTSCP;

	set(PIN_BASED_CONTROLS, legal(c->pin, PIN_PREEMPTION_TIMER | PIN_NMI_EXITING | (base == BASE_MINIMAL ? 0 : PIN_VIRTUAL_NMIS)));
	set(PROCESSOR_BASED_CONTROLS, legal(c->cpu, base == BASE_MINIMAL ? 0 : CPU_SECONDARY_CONTROLS));
	set(SECONDARY_CONTROLS, base == BASE_MINIMAL ? 0 : legal(c->cpu2, secondary));
	set(VM_EXIT_CONTROLS, legal(c->exit, EXIT_CTL_HOST_ADDRESS_SPACE_SIZE | EXIT_CTL_LOAD_EFER | EXIT_CTL_LOAD_PAT));
	set(VM_ENTRY_CONTROLS, legal(c->entry, (is_long(base) ? ENTRY_CTL_IA32E_MODE_GUEST : 0) | (base == BASE_MINIMAL ? 0 :
		ENTRY_CTL_LOAD_DEBUG_CONTROLS | ENTRY_CTL_LOAD_PAT | ENTRY_CTL_LOAD_EFER | (c->cet ? ENTRY_CTL_LOAD_CET : 0))));
	set(IO_BITMAP_A, PAGE_BITMAPS);
	set(IO_BITMAP_B, PAGE_BITMAPS + 0x1000);
	set(MSR_BITMAPS, PAGE_BITMAPS + 0x2000);
	set(VMREAD_BITMAP, PAGE_BITMAPS + 0x3000);
	set(VMWRITE_BITMAP, PAGE_BITMAPS + 0x4000);
	set(VIRTUAL_APIC_ADDRESS, PAGE_VIRTUAL_APIC);
	set(APIC_ACCESS_ADDRESS, PAGE_APIC_ACCESS);
	set(PML_ADDRESS, PAGE_PML);
	set(PML_INDEX, 511);
	set(VE_INFORMATION_ADDRESS, PAGE_VE);
	set(EPTP_LIST_ADDRESS, PAGE_EPTP_LIST);
	set(0x2030, PAGE_SPP);	/* sub-page-permission-table pointer */
	set(EPT_POINTER, MODEL_EPTP);
	set(VPID, 1);
	set(TSC_MULTIPLIER, 1ull << 48);
	set(VM_EXIT_MSR_STORE_ADDRESS, PAGE_EXIT_STORE);
	set(VM_EXIT_MSR_LOAD_ADDRESS, PAGE_EXIT_LOAD);
	set(VM_ENTRY_MSR_LOAD_ADDRESS, PAGE_ENTRY_LOAD);
	set(TPR_THRESHOLD, 0);
	set(CR0_GUEST_HOST_MASK, 0);
	set(CR4_GUEST_HOST_MASK, 0);
}

static void host(void)
{
	set(HOST_CR0, asm_read_cr0());
	set(HOST_CR3, asm_read_cr3());
	set(HOST_CR4, asm_read_cr4());
	set(HOST_ES_SELECTOR, 0x10);
	set(HOST_CS_SELECTOR, 0x08);
	set(HOST_SS_SELECTOR, 0x10);
	set(HOST_DS_SELECTOR, 0x10);
	set(HOST_FS_SELECTOR, 0);
	set(HOST_GS_SELECTOR, 0);
	set(HOST_TR_SELECTOR, asm_str());
	set(HOST_TR_BASE, native_tss());
	set(HOST_GDTR_BASE, asm_gdt_base());
	set(HOST_IDTR_BASE, asm_idt_base());
	set(HOST_IA32_PAT, asm_rdmsr(IA32_PAT));
	set(HOST_IA32_EFER, asm_rdmsr(IA32_EFER));
	set(HOST_RIP, (u64)(uintptr_t)runner_exit);
}

static void segments(u32 base)
{
	for (u32 seg = SEG_ES; seg <= SEG_TR; seg++) {
		u32 step = seg * VMCS_SEGMENT_STEP;
		u32 selector = seg == SEG_CS ? 0x08 : seg == SEG_TR ? 0x18 : seg == SEG_LDTR ? 0x20 : 0x10;
		u32 rights = seg == SEG_CS ? (is_long(base) && base != BASE_COMPATIBILITY ? 0xa09b : 0xc09b) : 0xc093;
		u64 limit = 0xffffffff;

		if (base == BASE_REAL || base == BASE_V86)
			selector = 0, limit = 0xffff, rights = base == BASE_V86 ? 0xf3 : seg == SEG_CS ? 0x9b : 0x93;
		if (seg == SEG_TR)
			limit = 0x67, rights = 0x8b;
		if (seg == SEG_LDTR)
			limit = 0xffff, rights = base == BASE_LONG || base == BASE_PAE ? 0x82 : UNUSABLE;
		set(GUEST_ES_SELECTOR + step, selector);
		set(GUEST_ES_BASE + step, 0);
		set(GUEST_ES_LIMIT + step, limit);
		set(GUEST_ES_ACCESS_RIGHTS + step, rights);
	}
}

static void guest(u32 base)
{
	bool ept = has_ept(base), longs = is_long(base);
	bool paging = base != BASE_PROTECTED && base != BASE_REAL;
	bool pae = base == BASE_PAE || base == BASE_PAE_NO_EPT;
	u64 tables = ept ? AT_GUEST_TABLES : AT_TABLES + 0x3000;

	if (base == BASE_32_NO_EPT || base == BASE_V86)
		tables = AT_TABLES + 0x8000;
	if (pae)
		tables = ept ? AT_GUEST_TABLES + 0x4000 : AT_PDPT;
	set(GUEST_CR0, CR0_NE | CR0_ET | (base == BASE_REAL ? 0 : CR0_PE) | (paging ? CR0_PG | CR0_WP : 0));
	set(GUEST_CR3, tables);
	set(GUEST_CR4, CR4_VMXE | CR4_PSE | (longs || pae ? CR4_PAE : 0));
	set(GUEST_IA32_EFER, longs ? EFER_LME | EFER_LMA | EFER_NXE : 0);
	set(GUEST_IA32_PAT, PAT_RESET);
	set(GUEST_DR7, DR7_FIXED);
	set(GUEST_RFLAGS, RFLAGS_FIXED | (base == BASE_V86 ? RFLAGS_VM : 0) | (base & 1 ? RFLAGS_IF : 0));
	set(GUEST_RIP, 0x8000);
	set(GUEST_RSP, 0x9000);
	set(GUEST_GDTR_LIMIT, 0xffff);
	set(GUEST_IDTR_LIMIT, base == BASE_REAL ? 0x3ff : 0xfff);
	set(VMCS_LINK_POINTER, ~0ull);
	for (u32 i = 0; i < 4; i++)
		set(GUEST_PDPTE0 + 2 * i, (AT_GUEST_TABLES + 0x2000) | 1);
	segments(base);
}

static u32 guest_fields;
static u64 guest_encodings[SPEC_FIELDS], guest_values[BASES][SPEC_FIELDS];
static bool launched[BASES], supported[SPEC_FIELDS];
static u32 current = BASES;

void base_load(u32 base)
{
	if (base != current)
		asm_vmptrld(header.vmcs[base]);
	current = base;
}

void bases_build(void)
{
	for (u32 base = 0; base < BASES; base++) {
		*(u32 *)regions[base] = (u32)header.caps.basic & 0x7fffffffu;
		header.vmcs[base] = (u64)(uintptr_t)regions[base];
		asm_vmclear(header.vmcs[base]);
		base_load(base);
		for (u32 f = 0; f < SPEC_FIELDS; f++)
			if ((spec_field_encoding(f) >> 10 & 3) != 1)
				set(spec_field_encoding(f), 0);
		controls(base);
		host();
		guest(base);
		for (u32 f = 0; f < SPEC_FIELDS; f++) {
			u64 value = 0;

			supported[f] = asm_vmread_ok(spec_field_encoding(f));
			if (supported[f])
				value = asm_vmread(spec_field_encoding(f));
			header.base[base][f] = value;
		}
		guest_fields = 0;
		for (u32 f = 0; f < SPEC_FIELDS; f++) {
			u32 encoding = spec_field_encoding(f);

			if (!supported[f] || ((encoding >> 10 & 3) != 2 && encoding != VM_ENTRY_INTERRUPTION_INFO))
				continue;
			guest_encodings[guest_fields] = encoding;
			guest_values[base][guest_fields++] = header.base[base][f];
		}
	}
}

/* What a VM exit saves into the guest-state area, back to the base's values. */
void base_restore_guest(u32 base)
{
	const u64 *values = guest_values[base];

	for (u32 i = 0; i < guest_fields; i++)
		asm_vmwrite(guest_encodings[i], values[i]);
}

/* One entry into the current base as it stands; false: VMfail or failed entry. */
bool runner_enter_base(u32 base, struct model_result *result)
{
	static struct enter_frame frame;
	bool entered;

	runner_enter(&frame, launched[base]);
	result->tsc = frame.tsc;
	result->extra = frame.tsc_exit;
	if (frame.failed != 0) {
		result->reason = RESULT_VMFAIL;
		result->error = (u32)asm_vmread(VM_INSTRUCTION_ERROR);
		result->qualification = 0;
		return false;
	}
	result->reason = (u32)asm_vmread(VM_EXIT_REASON);
	result->error = 0;
	result->qualification = asm_vmread(EXIT_QUALIFICATION);
	entered = (result->reason & EXIT_REASON_ENTRY_FAILURE) == 0;
	if (entered)
		launched[base] = true;
	return entered;
}

bool base_launched(u32 base)
{
	return launched[base];
}

void base_set_launched(u32 base)
{
	launched[base] = true;
}
