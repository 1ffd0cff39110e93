/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares one VM-entry case: outcome class both ways, and the reason. */
#include "model/host/judge.h"
#include "spec/vmx.h"

struct memory {
	const struct model_header *header;
	const struct model_case *c;
};

static bool read_memory(const void *context, u64 address, u64 *quad)
{
	const struct memory *m = context;

	*quad = 0;
	if (address >= PAGE_ENTRY_LOAD && address < PAGE_ENTRY_LOAD + 4096) {
		u64 n = (address - PAGE_ENTRY_LOAD) / 16;
		bool high = (address & 8) != 0;

		if (n < m->c->msr_count)
			*quad = high ? m->c->msr[n].value : m->c->msr[n].index;
		else
			*quad = high || n > 255 ? 0 : IA32_TSC_AUX;
		return true;
	}
	if (address >= AT_PDPT && address < AT_PDPT + 4096) {
		*quad = model_pdpte((u32)(address - AT_PDPT) / 32, (u32)(address / 8 % 4));
		return true;
	}
	if (address == PAGE_VIRTUAL_APIC + 0x80) {
		*quad = MODEL_VTPR;
		return true;
	}
	if (address >= PAGE_LINKS && address < PAGE_LINKS + MODEL_LINKS * PAGE_BYTES && address % PAGE_BYTES == 0) {
		*quad = model_link_revision((u32)((address - PAGE_LINKS) / PAGE_BYTES), (u32)m->header->caps.basic & 0x7fffffffu);
		return true;
	}
	for (u32 b = 0; b < BASES; b++)
		if (address == m->header->vmcs[b]) {
			*quad = m->header->caps.basic & 0x7fffffffu;
			return true;
		}
	if (address >= AT_GUEST_TABLES + 0x4000 && address < AT_GUEST_TABLES + 0x4020)
		*quad = (AT_GUEST_TABLES + 0x2000) | 1;
	else if (address >= AT_GUEST_TABLES && address < AT_GUEST_TABLES + 0x2000)
		*quad = ((address & ~0xfffull) + 0x1000) | 0x67;
	else if (address >= AT_GUEST_TABLES + 0x2000 && address < AT_GUEST_TABLES + 0x3000)
		*quad = AT_SANDBOX | 0xe7;
	return true;	/* tables, zeros */
}

static u64 table_read(u64 address)	/* PDPTEs of a PAE guest whose CR3 points at the other tables (runner/tables.c) */
{
	u64 base = address & ~0xfffull;

	if (base == AT_TABLES + 0x3000 || base == AT_TABLES + 0x4000)
		return (base + 0x1000) | 0x67;
	if (base == AT_TABLES + 0x5000)
		return AT_SANDBOX | 0xe7;
	if (base == AT_TABLES + 0x8000)
		return (AT_SANDBOX | 0xe7) * 0x100000001ull;
	return 0;
}

static bool read_all(const void *context, u64 address, u64 *quad)
{
	if (address >= AT_TABLES && address < AT_TABLES + 0x10000) {
		*quad = table_read(address);
		return true;
	}
	return read_memory(context, address, quad);
}

/* The VMCS and the memory that the case stands for. */
static void vmcs_of(const struct model_header *header, const struct model_case *c, struct spec_vmcs *out)
{
	for (u32 i = 0; i < SPEC_FIELDS; i++)
		out->value[i] = header->base[c->base][i];
	for (u32 i = 0; i < SPEC_WORDS; i++)
		out->unknown[i] = 0;
	for (u32 i = 0; i < c->change_count; i++)
		out->value[c->change[i].field] = c->change[i].value;
}

#define V(field) v->value[F_##field]
#define AR_OF(segment) v->value[F_GUEST_ES_ACCESS_RIGHTS + (segment)]
#define SEL_OF(segment) v->value[F_GUEST_ES_SELECTOR + (segment)]
#define DPL(segment) (AR_OF(segment) >> 5 & 3)
#define RPL(segment) (SEL_OF(segment) & 3)
#define UNRESTRICTED ((V(PROCESSOR_BASED_CONTROLS) & CPU_SECONDARY_CONTROLS) != 0 && (V(SECONDARY_CONTROLS) & CPU2_UNRESTRICTED_GUEST) != 0)
#define NULL_SS ((V(VM_ENTRY_CONTROLS) & ENTRY_CTL_IA32E_MODE_GUEST) != 0 && (V(GUEST_CS_ACCESS_RIGHTS) & 0x2000) != 0 && (SEL_OF(SEG_SS) & 0xfffc) == 0)
#define DATA_REGISTERS type_11_registers(v)
#define ALL_DPL_11 true

static u32 type_11_registers(const struct spec_vmcs *v)
{
	u32 set = 0;

	for (u32 s = SEG_ES; s <= SEG_GS; s++)
		if ((AR_OF(s) & 15) == 11)
			set |= 1u << s;
	return set;
}

const struct waiver_info waivers[WAIVERS] = {
#define MISSED(check, registers, condition, text) { #check, text },
#define STRICT(message, condition, text) { message, text },
#include "model/waivers.def"
#undef MISSED
#undef STRICT
};

static void clear(u64 *set, u32 n)
{
	set[n / 64] &= ~(1ull << (n % 64));
}

/* Takes from a failed check what Bochs does not look at. True if the waiver changed anything. */
static bool waive(struct spec_result *r, u32 check, u32 registers, bool condition)
{
	if (!condition || !spec_bit(r->failed, check))
		return false;
	if (spec_checks[check].segments != 0) {
		u8 left = r->segments[check] & (u8)~registers;

		if (left == r->segments[check])
			return false;
		r->segments[check] = left;
		if (left != 0)
			return true;
	}
	clear(r->failed, check);
	return true;
}

static bool apply_missed(const struct spec_vmcs *v, struct spec_result *r, bool used[WAIVERS])
{
	bool any = false;

#define MISSED(check, registers, condition, text) used[WAIVER_AT_(__LINE__)] = waive(r, CHECK_##check, registers, condition);
#define STRICT(message, condition, text) used[WAIVER_AT_(__LINE__)] = false;
#define WAIVER_AT_(n) WAIVER_NUMBER_(n)
#define WAIVER_NUMBER_(n) WAIVER_##n
#include "model/waivers.def"
#undef MISSED
#undef STRICT
	for (u32 i = 0; i < WAIVERS; i++)
		any |= used[i];
	return any;
}

static bool strict(const struct spec_vmcs *v, u32 message, u64 *waived)
{
#define MISSED(check, registers, condition, text)
#define STRICT(text_, condition, why) \
	if (message < MESSAGES && __builtin_strcmp(messages[message].text, text_) == 0 && (condition)) { \
		waived[WAIVER_AT_(__LINE__)]++; \
		return true; \
	}
#include "model/waivers.def"
#undef MISSED
#undef STRICT
	return false;
}

static enum spec_outcome outcome_of(const struct model_result *r)
{
	if (r->reason == RESULT_VMFAIL)
		return r->error == 7 ? OUT_CONTROL : r->error == 8 ? OUT_HOST : OUT_ENTERS;
	if ((r->reason & EXIT_REASON_ENTRY_FAILURE) == 0)
		return OUT_ENTERS;
	if ((r->reason & 0xffff) == 34)
		return OUT_MSR;
	switch (r->qualification) {
	case 0: return OUT_GUEST;
	case 2: return OUT_PDPTE;
	case 3: return OUT_NMI;
	case 4: return OUT_LINK;
	default: return OUT_ENTERS;
	}
}

const char *outcome_name(enum spec_outcome outcome)
{
	static const char *const names[] = { "enters", "VMfail 7 (control field)", "VMfail 8 (host state)", "exit 33 (guest state)",
		"exit 33, qualification 2 (PDPTEs)", "exit 33, qualification 3 (NMI)", "exit 33, qualification 4 (link pointer)", "exit 34 (MSR loading)" };

	return names[outcome];
}

static bool named(const struct spec_result *r, u32 message)
{
	for (u32 i = 0; message < MESSAGES && i < SPEC_CHECK_WORDS; i++)
		if ((r->failed[i] & messages[message].checks[i]) != 0)
			return true;
	return false;
}

static void count(const struct spec_result *full, const struct opinion *o, struct tally *t)
{
	for (u32 i = 0; i < SPEC_CHECKS; i++) {
		bool fails = spec_bit(full->failed, i);

		if (fails) {
			t->spec_failed[i]++;
			if (o->message < MESSAGES && spec_bit(messages[o->message].checks, i))
				t->both_failed[i]++;
		} else if (o->seen == OUT_ENTERS) {
			t->both_passed[i]++;
		}
	}
}

enum verdict judge(const struct model_header *header, const struct model_case *c, const struct model_result *result,
		   u32 message, struct opinion *o, struct tally *t)
{
	struct memory memory = { header, c };
	struct spec_world world = { .known = true, .long_mode = true, .vmcs = header->vmcs[c->base], .vmxon = header->vmxon,
				    .read = read_all, .context = &memory };
	struct spec_vmcs v;
	struct spec_result left;
	bool used[WAIVERS];
	bool waived, good;

	vmcs_of(header, c, &v);
	(void)spec_entry_check(&v, &header->caps, &world, &o->spec);
	left = o->spec;
	waived = apply_missed(&v, &left, used);
	o->expected = spec_entry_outcomes(&left);
	o->seen = outcome_of(result);
	o->message = message;
	t->cases++;
	t->entered += o->seen == OUT_ENTERS;
	t->failed += o->seen != OUT_ENTERS;
	if (message < MESSAGES)
		t->provoked[message]++;
	count(&o->spec, o, t);
	good = (o->expected & 1u << o->seen) != 0 && (o->seen == OUT_ENTERS ? message == MESSAGES : named(&left, message)) &&
	       (o->seen != OUT_MSR || result->qualification == left.msr);
	if (good) {
		for (u32 i = 0; i < WAIVERS; i++)
			t->waived[i] += used[i];
		t->waived_cases += waived;
		return waived ? WAIVED : AGREE;
	}
	if (o->seen == OUT_GUEST && (o->expected & (1u << OUT_CONTROL | 1u << OUT_HOST)) == 0 && strict(&v, message, t->waived)) {
		t->waived_cases++;
		return WAIVED;
	}
	t->disagree++;
	for (u32 i = 0; i < SPEC_CHECKS; i++)
		t->disagreed[i] += spec_bit(o->spec.failed, i) || (message < MESSAGES && spec_bit(messages[message].checks, i));
	return DISAGREE;
}
