/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM-entry cases: pure functions of seed and number, computed alike inside Bochs and on the host. */
#include "model/case.h"
#include "spec/vmx.h"

struct random {
	u64 state;
};

static u64 next(struct random *r)	/* splitmix64 */
{
	u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static u32 below(struct random *r, u32 n)
{
	return (u32)((next(r) >> 32) * n >> 32);
}

u64 model_pdpte(u32 table, u32 entry)
{
	u64 good = (AT_TABLES + 0x9000) | 1;	/* the page directory of tables.c */
	u32 bit = (table * 4 + entry) % 36;

	bit = bit < 12 ? bit : bit + 28;	/* not the address: a walk must stay in known memory */

	if (table < 32 || (table + entry) % 3 != 0)
		return good;
	return (table & 1) != 0 ? good ^ 1ull << bit : good | 1ull << bit;
}

u32 model_link_revision(u32 link, u32 revision)
{
	switch (link) {
	case 0: return revision;
	case 1: return revision | 1u << 31;
	case 2: return revision ^ 1;
	case 3: return (revision ^ 0x40000000) | 1u << 31;
	default: return link * 0x1234567u;
	}
}

/* How a field's value is chosen. */
enum kind { PLAIN, ADDRESS, CONTROL, POINTER, RIGHTS, STATE, SMALL, COUNT, MSR_ADDRESS, LINK_POINTER, HOST_POINTER, ACTIVITY };

struct rule {
	u16 field, kind, weight;
};

/* What is mutated, and how often. */
static const struct rule rules[] = {
	{ F_PIN_BASED_CONTROLS, CONTROL, 6 }, { F_PROCESSOR_BASED_CONTROLS, CONTROL, 12 }, { F_SECONDARY_CONTROLS, CONTROL, 24 },
	{ F_VM_EXIT_CONTROLS, CONTROL, 8 }, { F_VM_ENTRY_CONTROLS, CONTROL, 12 },
	{ F_CR3_TARGET_COUNT, SMALL, 1 }, { F_IO_BITMAP_A, ADDRESS, 1 }, { F_IO_BITMAP_B, ADDRESS, 1 }, { F_MSR_BITMAPS, ADDRESS, 1 },
	{ F_VIRTUAL_APIC_ADDRESS, ADDRESS, 2 }, { F_APIC_ACCESS_ADDRESS, ADDRESS, 2 }, { F_TPR_THRESHOLD, SMALL, 3 },
	{ F_VPID, SMALL, 1 }, { F_EPT_POINTER, ADDRESS, 4 }, { F_PML_ADDRESS, ADDRESS, 2 }, { F_SPP_TABLE_POINTER, ADDRESS, 2 },
	{ F_VM_FUNCTION_CONTROLS, SMALL, 4 }, { F_EPTP_LIST_ADDRESS, ADDRESS, 3 }, { F_VMREAD_BITMAP, ADDRESS, 2 },
	{ F_VMWRITE_BITMAP, ADDRESS, 2 }, { F_VE_INFORMATION_ADDRESS, ADDRESS, 2 }, { F_TSC_MULTIPLIER, SMALL, 2 },
	{ F_VM_EXIT_MSR_STORE_COUNT, COUNT, 1 }, { F_VM_EXIT_MSR_STORE_ADDRESS, MSR_ADDRESS, 2 },
	{ F_VM_EXIT_MSR_LOAD_COUNT, COUNT, 1 }, { F_VM_EXIT_MSR_LOAD_ADDRESS, MSR_ADDRESS, 2 },
	{ F_VM_ENTRY_MSR_LOAD_COUNT, COUNT, 3 }, { F_VM_ENTRY_MSR_LOAD_ADDRESS, MSR_ADDRESS, 2 },
	{ F_VM_ENTRY_INTERRUPTION_INFO, STATE, 20 }, { F_VM_ENTRY_EXCEPTION_ERROR_CODE, PLAIN, 2 }, { F_VM_ENTRY_INSTRUCTION_LENGTH, SMALL, 3 },
	{ F_HOST_CR0, PLAIN, 2 }, { F_HOST_CR3, HOST_POINTER, 1 }, { F_HOST_CR4, PLAIN, 3 }, { F_HOST_SYSENTER_ESP, POINTER, 1 },
	{ F_HOST_SYSENTER_EIP, POINTER, 1 }, { F_HOST_IA32_PERF_GLOBAL_CTRL, PLAIN, 1 }, { F_HOST_IA32_PAT, PLAIN, 1 },
	{ F_HOST_IA32_EFER, PLAIN, 2 }, { F_HOST_S_CET, PLAIN, 2 }, { F_HOST_SSP, POINTER, 1 }, { F_HOST_INTERRUPT_SSP_TABLE, POINTER, 1 },
	{ F_HOST_ES_SELECTOR, SMALL, 1 }, { F_HOST_CS_SELECTOR, SMALL, 1 }, { F_HOST_SS_SELECTOR, SMALL, 1 }, { F_HOST_DS_SELECTOR, SMALL, 1 },
	{ F_HOST_FS_SELECTOR, SMALL, 1 }, { F_HOST_GS_SELECTOR, SMALL, 1 }, { F_HOST_TR_SELECTOR, SMALL, 1 }, { F_HOST_FS_BASE, POINTER, 1 },
	{ F_HOST_GS_BASE, POINTER, 1 }, { F_HOST_TR_BASE, POINTER, 1 }, { F_HOST_GDTR_BASE, POINTER, 1 }, { F_HOST_IDTR_BASE, POINTER, 1 },
	{ F_HOST_RIP, HOST_POINTER, 2 },
	{ F_GUEST_CR0, PLAIN, 8 }, { F_GUEST_CR3, ADDRESS, 4 }, { F_GUEST_CR4, PLAIN, 8 }, { F_GUEST_IA32_DEBUGCTL, PLAIN, 2 }, { F_GUEST_DR7, PLAIN, 2 },
	{ F_GUEST_SYSENTER_ESP, POINTER, 1 }, { F_GUEST_SYSENTER_EIP, POINTER, 1 }, { F_GUEST_IA32_PERF_GLOBAL_CTRL, PLAIN, 1 },
	{ F_GUEST_IA32_PAT, PLAIN, 2 }, { F_GUEST_IA32_EFER, PLAIN, 4 }, { F_GUEST_S_CET, PLAIN, 2 }, { F_GUEST_SSP, POINTER, 2 },
	{ F_GUEST_INTERRUPT_SSP_TABLE, POINTER, 1 }, { F_GUEST_GDTR_BASE, POINTER, 1 }, { F_GUEST_IDTR_BASE, POINTER, 1 },
	{ F_GUEST_GDTR_LIMIT, PLAIN, 1 }, { F_GUEST_IDTR_LIMIT, PLAIN, 1 }, { F_GUEST_RIP, POINTER, 3 }, { F_GUEST_RFLAGS, PLAIN, 8 },
	{ F_GUEST_ACTIVITY_STATE, ACTIVITY, 6 }, { F_GUEST_INTERRUPTIBILITY_STATE, STATE, 10 }, { F_GUEST_PENDING_DEBUG_EXCEPTIONS, PLAIN, 4 },
	{ F_VMCS_LINK_POINTER, LINK_POINTER, 5 }, { F_GUEST_PDPTE0, PLAIN, 1 }, { F_GUEST_PDPTE1, PLAIN, 1 }, { F_GUEST_PDPTE2, PLAIN, 1 },
	{ F_GUEST_PDPTE3, PLAIN, 1 },
	/* the next four stand for all segment registers */
	{ F_GUEST_ES_SELECTOR, SMALL, 12 }, { F_GUEST_ES_BASE, POINTER, 12 }, { F_GUEST_ES_LIMIT, PLAIN, 10 }, { F_GUEST_ES_ACCESS_RIGHTS, RIGHTS, 40 },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static u64 *value_of(struct model_case *c, const struct model_header *header, u32 field)
{
	for (u32 i = 0; i < c->change_count; i++)
		if (c->change[i].field == field)
			return &c->change[i].value;
	if (c->change_count == MODEL_CHANGES)
		return NULL;
	c->change[c->change_count].field = field;
	c->change[c->change_count].value = header->base[c->base][field];
	return &c->change[c->change_count++].value;
}

static u64 peek(const struct model_case *c, const struct model_header *header, u32 field)
{
	for (u32 i = 0; i < c->change_count; i++)
		if (c->change[i].field == field)
			return c->change[i].value;
	return header->base[c->base][field];
}

static void drop(struct model_case *c, u32 field)
{
	for (u32 i = 0; i < c->change_count; i++)
		if (c->change[i].field == field)
			c->change[i--] = c->change[--c->change_count];
}

static u64 flip(struct random *r, u64 x, u32 bits)
{
	u32 n = 1 + (below(r, 4) == 0) + (below(r, 16) == 0);

	while (n-- > 0)
		x ^= 1ull << below(r, bits);
	return x;
}

static u64 pointer(struct random *r, u64 x)
{
	switch (below(r, 8)) {
	case 0: return 0x7fffffffffffull;
	case 1: return 0x800000000000ull;
	case 2: return 0xffff800000000000ull;
	case 3: return 0xffff7fffffffffffull;
	case 4: return next(r);
	case 5: return x ^ 1ull << below(r, 6);
	default: return flip(r, x, 64);
	}
}

static u64 address(struct random *r, u64 x)	/* never another page that exists */
{
	switch (below(r, 6)) {
	case 0: return x | 1ull << (40 + below(r, 24));
	case 1: return x ^ 1ull << below(r, 12);
	case 2: return x ^ (next(r) & 0xfff);
	case 3: return x | (next(r) & 0xffffff0000000000ull);
	case 4: return x ^ 1ull << below(r, 8);
	default: return x;
	}
}

static u64 interruption(struct random *r)
{
	static const u8 vectors[] = { 0, 1, 2, 3, 4, 8, 10, 11, 12, 13, 14, 17, 18, 21, 31, 32, 33, 255 };
	u64 info = EVENT_VALID | (u64)below(r, 8) << 8 | vectors[below(r, sizeof(vectors))];

	if (below(r, 3) == 0)
		info = EVENT_VALID | EVENT_HARDWARE_EXCEPTION << 8 | (info & 31);
	if (below(r, 3) == 0)
		info |= EVENT_ERROR_CODE;
	if (below(r, 10) == 0)
		info |= 1ull << (12 + below(r, 19));
	if (below(r, 16) == 0)
		info &= ~(u64)EVENT_VALID;
	return info;
}

static u64 rights(struct random *r, u64 x)
{
	static const u16 usual[] = { 0x93, 0x9b, 0xc093, 0xc09b, 0xa09b, 0x8b, 0x83, 0x82, 0xf3, 0xf093 & 0xffff, 0x97, 0x9f, 0x99, 0xc0fb };

	switch (below(r, 8)) {
	case 0: return usual[below(r, sizeof(usual) / sizeof(usual[0]))];
	case 1: return SEGMENT_UNUSABLE;
	case 2: return (x & ~0xfull) | below(r, 16);
	case 3: return x ^ (u64)below(r, 4) << 5;
	case 4: return flip(r, x, 32);
	default: return x ^ 1ull << below(r, 17);
	}
}

static u64 control(struct random *r, u64 capability, u64 x)
{
	u64 may = capability >> 32 & ~capability & 0xffffffff;

	switch (below(r, 6)) {
	case 0: return x ^ (next(r) & may);
	case 1: return flip(r, x, 32);
	default: {
		u64 bits = 1ull << below(r, 32) | (below(r, 2) != 0 ? 1ull << below(r, 32) : 0);

		return x ^ (bits & may);
	}
	}
}

static u64 small(struct random *r, u64 x)
{
	static const u64 some[] = { 0, 1, 4, 5, 15, 16, 3, 7, 8, 0x10, 0x13, 0x14, 0x23, 0xffff };

	return below(r, 2) != 0 ? some[below(r, sizeof(some) / sizeof(some[0]))] : flip(r, x, 16);
}

static u64 mutate(struct random *r, const struct rule *rule, u32 field, u64 x, const struct model_header *h)
{
	u32 bits = spec_field_bits(field);

	switch (rule->kind) {
	case ADDRESS: return address(r, x);
	case CONTROL:
		return control(r, field == F_PIN_BASED_CONTROLS ? h->caps.pin : field == F_PROCESSOR_BASED_CONTROLS ? h->caps.cpu :
			       field == F_SECONDARY_CONTROLS ? h->caps.cpu2 : field == F_VM_EXIT_CONTROLS ? h->caps.exit : h->caps.entry, x);
	case POINTER: return pointer(r, x);
	case RIGHTS: return rights(r, x);
	case SMALL: return small(r, x);
	case COUNT: return below(r, 4);
	case MSR_ADDRESS: return below(r, 3) == 0 ? 0xfffffffff0ull - 16 * below(r, 3) : address(r, x);
	case LINK_POINTER:
		switch (below(r, 6)) {
		case 0: return address(r, PAGE_LINKS);
		case 1: return h->vmcs[below(r, BASES)];
		default: return PAGE_LINKS + PAGE_BYTES * below(r, MODEL_LINKS);
		}
	case HOST_POINTER: return field == F_HOST_RIP ? x ^ 1ull << (47 + below(r, 17)) : x ^ (next(r) & 0xffffff0000000fffull);
	case ACTIVITY: return below(r, 4) == 0 ? flip(r, x, 32) : below(r, 4);
	case STATE: return field == F_VM_ENTRY_INTERRUPTION_INFO ? interruption(r) : below(r, 3) == 0 ? flip(r, x, 32) : below(r, 32);
	default:
		if (below(r, 8) == 0)
			return next(r);
		return flip(r, x, bits == 64 && below(r, 2) != 0 ? 32 : bits);
	}
}

static u64 width_mask(u32 field)
{
	u32 bits = spec_field_bits(field);

	return bits == 64 ? ~0ull : (1ull << bits) - 1;
}

static void change_one(struct random *r, struct model_case *c, const struct model_header *h)
{
	static u32 total;
	const struct rule *rule = rules;
	u32 pick, field;
	u64 *value;

	if (total == 0)
		for (u32 i = 0; i < RULES; i++)
			total += rules[i].weight;
	for (pick = below(r, total); pick >= rule->weight; rule++)
		pick -= rule->weight;
	field = rule->field;
	if (field == F_GUEST_ES_SELECTOR || field == F_GUEST_ES_BASE || field == F_GUEST_ES_LIMIT || field == F_GUEST_ES_ACCESS_RIGHTS)
		field += below(r, SEGMENTS);
	value = value_of(c, h, field);
	if (value != NULL)
		*value = mutate(r, rule, field, *value, h) & width_mask(field);
}

/* Fields that the controls make matter get a change more often than chance would give. */
static void change_related(struct random *r, struct model_case *c, const struct model_header *h)
{
	static const struct { u32 control, bit, fields[3]; } pairs[] = {
		{ F_SECONDARY_CONTROLS, CPU2_ENABLE_PML, { F_PML_ADDRESS, F_EPT_POINTER, F_PML_ADDRESS } },
		{ F_SECONDARY_CONTROLS, CPU2_SUB_PAGE_PERMISSIONS, { F_SPP_TABLE_POINTER, F_EPT_POINTER, F_SPP_TABLE_POINTER } },
		{ F_SECONDARY_CONTROLS, CPU2_VMCS_SHADOWING, { F_VMREAD_BITMAP, F_VMWRITE_BITMAP, F_VMCS_LINK_POINTER } },
		{ F_SECONDARY_CONTROLS, CPU2_EPT_VIOLATION_VE, { F_VE_INFORMATION_ADDRESS, F_VE_INFORMATION_ADDRESS, F_EPTP_LIST_ADDRESS } },
		{ F_SECONDARY_CONTROLS, CPU2_ENABLE_VM_FUNCTIONS, { F_VM_FUNCTION_CONTROLS, F_EPTP_LIST_ADDRESS, F_EPTP_LIST_ADDRESS } },
		{ F_SECONDARY_CONTROLS, CPU2_TSC_SCALING, { F_TSC_MULTIPLIER, F_TSC_MULTIPLIER, F_TSC_MULTIPLIER } },
		{ F_SECONDARY_CONTROLS, CPU2_ENABLE_VPID, { F_VPID, F_VPID, F_VPID } },
		{ F_SECONDARY_CONTROLS, CPU2_VIRTUALIZE_APIC_ACCESSES, { F_APIC_ACCESS_ADDRESS, F_TPR_THRESHOLD, F_APIC_ACCESS_ADDRESS } },
		{ F_PROCESSOR_BASED_CONTROLS, CPU_USE_TPR_SHADOW, { F_TPR_THRESHOLD, F_VIRTUAL_APIC_ADDRESS, F_TPR_THRESHOLD } },
		{ F_PROCESSOR_BASED_CONTROLS, CPU_USE_IO_BITMAPS, { F_IO_BITMAP_A, F_IO_BITMAP_B, F_IO_BITMAP_A } },
		{ F_PROCESSOR_BASED_CONTROLS, CPU_USE_MSR_BITMAPS, { F_MSR_BITMAPS, F_MSR_BITMAPS, F_MSR_BITMAPS } },
		{ F_VM_EXIT_CONTROLS, EXIT_CTL_LOAD_CET, { F_HOST_S_CET, F_HOST_SSP, F_HOST_INTERRUPT_SSP_TABLE } },
		{ F_VM_EXIT_CONTROLS, EXIT_CTL_LOAD_PERF_GLOBAL_CTRL, { F_HOST_IA32_PERF_GLOBAL_CTRL, F_HOST_IA32_PERF_GLOBAL_CTRL, F_HOST_IA32_PERF_GLOBAL_CTRL } },
		{ F_VM_ENTRY_CONTROLS, ENTRY_CTL_LOAD_PERF_GLOBAL_CTRL, { F_GUEST_IA32_PERF_GLOBAL_CTRL, F_GUEST_IA32_PERF_GLOBAL_CTRL, F_GUEST_IA32_PERF_GLOBAL_CTRL } },
		{ F_VM_EXIT_MSR_STORE_COUNT, 1, { F_VM_EXIT_MSR_STORE_ADDRESS, F_VM_EXIT_MSR_STORE_ADDRESS, F_VM_EXIT_MSR_STORE_ADDRESS } },
		{ F_VM_EXIT_MSR_LOAD_COUNT, 1, { F_VM_EXIT_MSR_LOAD_ADDRESS, F_VM_EXIT_MSR_LOAD_ADDRESS, F_VM_EXIT_MSR_LOAD_ADDRESS } },
		{ F_VM_ENTRY_MSR_LOAD_COUNT, 1, { F_VM_ENTRY_MSR_LOAD_ADDRESS, F_VM_ENTRY_MSR_LOAD_ADDRESS, F_VM_ENTRY_MSR_LOAD_COUNT } },
	};
	u32 n = below(r, sizeof(pairs) / sizeof(pairs[0]));
	u32 field = pairs[n].fields[below(r, 3)];
	bool secondary = pairs[n].control == F_SECONDARY_CONTROLS;
	u64 *control = value_of(c, h, pairs[n].control);
	u64 *primary = secondary ? value_of(c, h, F_PROCESSOR_BASED_CONTROLS) : NULL;
	u64 *value = value_of(c, h, field);

	if (control == NULL || value == NULL)
		return;
	if (primary != NULL)
		*primary |= CPU_SECONDARY_CONTROLS;
	*control |= pairs[n].bit;
	if (secondary && pairs[n].bit == CPU2_ENABLE_VM_FUNCTIONS && field != F_VM_FUNCTION_CONTROLS) {
		u64 *function = value_of(c, h, F_VM_FUNCTION_CONTROLS);

		if (function != NULL)
			*function = VMFUNC_EPTP_SWITCHING;
	}
	for (u32 i = 0; i < RULES; i++)
		if (rules[i].field == field)
			*value = mutate(r, &rules[i], field, *value, h) & width_mask(field);
}

static void choose_msrs(struct random *r, struct model_case *c)
{
	static const u32 some[] = { IA32_TSC_AUX, IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK, IA32_KERNEL_GS_BASE, IA32_FS_BASE, IA32_GS_BASE,
				    0x800, 0x808, 0x8ff, IA32_PAT, IA32_SYSENTER_ESP };

	c->msr_count = MODEL_MSRS;
	for (u32 i = 0; i < MODEL_MSRS; i++) {
		c->msr[i].index = some[below(r, i == 0 ? 6 : sizeof(some) / sizeof(some[0]))];
		c->msr[i].value = c->msr[i].index == IA32_PAT ? PAT_RESET : c->msr[i].index == IA32_TSC_AUX || c->msr[i].index == IA32_FMASK ? (u32)next(r) :
				  below(r, 3) == 0 ? pointer(r, 0x1000) : 0x1000;
		if (below(r, 8) == 0)
			c->msr[i].index |= 1ull << (32 + below(r, 32));
	}
}

static bool is_guest(u32 field)
{
	return (spec_field_encoding(field) >> 10 & 3) == 2;
}

/* Takes out what would kill the runner and tells nothing about VM entry (facts in model/waivers.def). */
static void keep_alive(struct random *r, struct model_case *c, const struct model_header *h)
{
	static const u32 areas[][2] = {
		{ F_VM_EXIT_MSR_STORE_ADDRESS, F_VM_EXIT_MSR_STORE_COUNT }, { F_VM_EXIT_MSR_LOAD_ADDRESS, F_VM_EXIT_MSR_LOAD_COUNT },
		{ F_VM_ENTRY_MSR_LOAD_ADDRESS, F_VM_ENTRY_MSR_LOAD_COUNT },
	};
	u64 primary = peek(c, h, F_PROCESSOR_BASED_CONTROLS);
	bool ept = (primary & CPU_SECONDARY_CONTROLS) != 0 && (peek(c, h, F_SECONDARY_CONTROLS) & CPU2_ENABLE_EPT) != 0;
	bool timer = (peek(c, h, F_PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER) != 0;
	bool injects = (peek(c, h, F_VM_ENTRY_INTERRUPTION_INFO) & EVENT_VALID) != 0;

	for (u32 i = 0; i < 3; i++) {	/* an area near the top of memory must be too long */
		u64 at = peek(c, h, areas[i][0]);

		if (at >> 12 == 0xfffffff) {
			u64 *count = value_of(c, h, areas[i][1]);

			if (count != NULL)
				*count = 0x100 + below(r, 64);
			else
				drop(c, areas[i][0]);
		}
	}
	if ((peek(c, h, F_HOST_CR4) & CR4_CET) != 0) {
		drop(c, F_HOST_S_CET);
		drop(c, F_GUEST_S_CET);
	}
	if (peek(c, h, F_GUEST_ACTIVITY_STATE) == ACTIVITY_WAIT_FOR_SIPI && !injects)
		drop(c, F_GUEST_ACTIVITY_STATE);
	if (!ept && (peek(c, h, F_GUEST_CR4) ^ h->base[c->base][F_GUEST_CR4]) & CR4_PAE && injects)
		drop(c, F_VM_ENTRY_INTERRUPTION_INFO);
	if (!timer)	/* the guest runs from where the base starts it: VMCALL */
		for (u32 i = 0; i < c->change_count; i++)
			if (is_guest(c->change[i].field) || c->change[i].field == F_VM_ENTRY_INTERRUPTION_INFO ||
			    c->change[i].field == F_PROCESSOR_BASED_CONTROLS || c->change[i].field == F_SECONDARY_CONTROLS ||
			    c->change[i].field == F_VM_ENTRY_CONTROLS || c->change[i].field == F_EPT_POINTER)
				c->change[i--] = c->change[--c->change_count];
}

void model_generate(u64 seed, u64 number, const struct model_header *header, struct model_case *out)
{
	struct random r = { seed * 0x2545f4914f6cdd1dull + number * 0x9e3779b97f4a7c15ull };
	u32 changes;

	if (number < model_directed_count) {
		model_directed((u32)number, header, out);
		return;
	}
	(void)next(&r);
	out->base = below(&r, BASES);
	out->change_count = 0;
	out->msr_count = 0;
	changes = 1 + (below(&r, 3) != 0 ? 0 : 1 + below(&r, 3));
	if (below(&r, 8) == 0) {
		change_related(&r, out, header);
		changes -= 1;
	}
	while (changes-- > 0)
		change_one(&r, out, header);
	choose_msrs(&r, out);
	keep_alive(&r, out, header);
}
