/* SPDX-License-Identifier: BSD-2-Clause */
/* Evaluates the table of VM-entry checks (spec/entry.def). */
#include "spec/entry.h"
#include "spec/vmx.h"

struct eval {
	const struct spec_vmcs *vmcs;
	const struct spec_caps *caps;
	const struct spec_world *world;
	u32 segment, msr;
	bool missing;		/* something outside the VMCS is not known */
	u64 touched[SPEC_WORDS];
};

static inline u64 value(struct eval *e, u32 field)
{
	spec_set(e->touched, field);
	return e->vmcs->value[field];
}

static const struct spec_world *world(struct eval *e)
{
	if (!e->world->known)
		e->missing = true;
	return e->world;
}

static u64 read_quad(struct eval *e, u64 address)
{
	u64 quad = 0;

	if (e->world->read == NULL || !e->world->read(e->world->context, address, &quad))
		e->missing = true;
	return quad;
}

static bool canonical(const struct eval *e, u64 address)
{
	u32 unused = 64 - e->caps->linear_bits;

	return (u64)((s64)(address << unused) >> unused) == address;
}

static u64 make_canonical(const struct eval *e, u64 address)
{
	u32 unused = 64 - e->caps->linear_bits;

	return (u64)((s64)(address << unused) >> unused);
}

static bool pat_type(u64 byte)
{
	return byte <= 1 || (byte >= 4 && byte <= 7);
}

static bool pat_good(u64 pat)
{
	for (u32 i = 0; i < 64; i += 8)
		if (!pat_type(pat >> i & 0xff))
			return false;
	return true;
}

static u64 pat_near(u64 pat)
{
	for (u32 i = 0; i < 64; i += 8)
		if (!pat_type(pat >> i & 0xff))
			pat &= ~(0xffull << i);
	return pat;
}

#define MSR_BAD_RESERVED 1u
#define MSR_BAD_BASE 2u
#define MSR_BAD_X2APIC 4u
#define MSR_BAD_SMM_MONITOR 8u
#define MSR_BAD_VALUE 16u
#define MSR_ENTRIES_MAX 4096u
#define IA32_SMM_MONITOR_CTL 0x9bu

/* True if WRMSR would refuse the value; only MSRs whose rules are simple are known (SDM 4). */
static bool msr_value_bad(const struct eval *e, u32 index, u64 x)
{
	switch (index) {
	case IA32_PAT: return !pat_good(x);
	case IA32_EFER: return (x & ~e->caps->efer) != 0;
	case IA32_SYSENTER_ESP: case IA32_SYSENTER_EIP: case IA32_LSTAR: case IA32_CSTAR: case IA32_KERNEL_GS_BASE:
		return !canonical(e, x);
	case IA32_TSC_AUX: case IA32_FMASK: return x >> 32 != 0;
	default: return false;
	}
}

/* What is wrong with the first bad entry of the VM-entry MSR-load area; its number is left in e->msr. */
static u32 msr_area_bad(struct eval *e)
{
	u64 address = value(e, F_VM_ENTRY_MSR_LOAD_ADDRESS);
	u64 count = value(e, F_VM_ENTRY_MSR_LOAD_COUNT);

	for (u32 i = 0; i < count && i < MSR_ENTRIES_MAX && !e->missing; i++) {
		u64 index = read_quad(e, address + i * 16ull);
		u64 data = read_quad(e, address + i * 16ull + 8);
		u32 bad = index >> 32 != 0 ? MSR_BAD_RESERVED :
			  index == IA32_FS_BASE || index == IA32_GS_BASE ? MSR_BAD_BASE :
			  index >> 8 == 8 ? MSR_BAD_X2APIC :
			  index == IA32_SMM_MONITOR_CTL ? MSR_BAD_SMM_MONITOR :
			  msr_value_bad(e, (u32)index, data) ? MSR_BAD_VALUE : 0;

		e->msr = i + 1;
		if (bad != 0)
			return bad;
	}
	return 0;
}

/* The vocabulary of the table. */
#define V(field) V_(field)
#define V_(field) value(e, F_##field)
#define CAPS e->caps
#define WORLD(what) (world(e)->what)
#define READ(address) read_quad(e, address)
#define MUST(capability, v) ((~(v) & (u32)CAPS->capability) == 0)
#define MAY(capability, v) (((v) & ~(CAPS->capability >> 32) & 0xffffffffu) == 0)
#define LEGAL(capability, v) (((v) | (u32)CAPS->capability) & (CAPS->capability >> 32))
#define PHYSICAL ((1ull << CAPS->physical_bits) - 1)
#define REACH ((CAPS->basic & VMX_BASIC_ADDRESSES_32) != 0 ? 0xffffffffull : PHYSICAL)
#define FITS(address) (((address) & ~PHYSICAL) == 0)
#define REACHES(address) (((address) & ~REACH) == 0)
#define CANONICAL(address) canonical(e, address)
#define CANON(address) make_canonical(e, address)
#define PAT_GOOD(x) pat_good(x)
#define PAT_NEAR(x) pat_near(x)
#define PIN V(PIN_BASED_CONTROLS)
#define CPU1 V(PROCESSOR_BASED_CONTROLS)
#define CPU2 V(SECONDARY_CONTROLS)
#define ON1(control) ((CPU1 & CPU_##control) != 0)
#define ON2(control) ((CPU1 & CPU_SECONDARY_CONTROLS) != 0 && (CPU2 & CPU2_##control) != 0)
#define EXIT(control) ((V(VM_EXIT_CONTROLS) & EXIT_CTL_##control) != 0)
#define ENTRY(control) ((V(VM_ENTRY_CONTROLS) & ENTRY_CTL_##control) != 0)
#define HOST64 EXIT(HOST_ADDRESS_SPACE_SIZE)
#define GUEST64 ENTRY(IA32E_MODE_GUEST)
#define LONG WORLD(long_mode)
#define SMM WORLD(smm)
#define UNRESTRICTED ON2(UNRESTRICTED_GUEST)
#define CR3_TARGETS (CAPS->misc >> 16 & 0x1ff)
#define POSTED ((PIN & PIN_POSTED_INTERRUPTS) != 0)
#define EPTP V(EPT_POINTER)
#define EPTP_SWITCHING (ON2(ENABLE_VM_FUNCTIONS) && (V(VM_FUNCTION_CONTROLS) & VMFUNC_EPTP_SWITCHING) != 0)
#define CR0_UNCHECKED ((UNRESTRICTED ? CR0_PE | CR0_PG : 0) | CR0_NW | CR0_CD)
#define INJECTS ((V(VM_ENTRY_INTERRUPTION_INFO) & EVENT_VALID) != 0)
#define TYPE EVENT_TYPE(V(VM_ENTRY_INTERRUPTION_INFO))
#define VECTOR EVENT_VECTOR(V(VM_ENTRY_INTERRUPTION_INFO))
#define DELIVERS ((V(VM_ENTRY_INTERRUPTION_INFO) & EVENT_ERROR_CODE) != 0)
#define HAS_ERROR_CODE (VECTOR <= 17 && (1u << VECTOR & 0x27d00u) != 0)	/* 8, 10-14, 17 */
#define SOFTWARE (TYPE >= EVENT_SOFTWARE_INTERRUPT && TYPE <= EVENT_SOFTWARE_EXCEPTION)
#define V86 ((V(GUEST_RFLAGS) & RFLAGS_VM) != 0)
#define SEL value(e, F_GUEST_ES_SELECTOR + e->segment)
#define BASE value(e, F_GUEST_ES_BASE + e->segment)
#define LIMIT value(e, F_GUEST_ES_LIMIT + e->segment)
#define AR value(e, F_GUEST_ES_ACCESS_RIGHTS + e->segment)
#define USABLE ((AR & SEGMENT_UNUSABLE) == 0)
#define DPL(rights) ((rights) >> 5 & 3)
#define PDPT (V(GUEST_CR3) & 0xffffffe0u)
#define PDPTE_GOOD(x) pdpte_good(e, x)
#define MSR_AREA (V(VM_ENTRY_MSR_LOAD_COUNT) != 0 && (V(VM_ENTRY_MSR_LOAD_ADDRESS) & 15) == 0 && REACHES(V(VM_ENTRY_MSR_LOAD_ADDRESS)))
#define MSRS msr_area_bad(e)
#define ES (1u << SEG_ES)
#define CS (1u << SEG_CS)
#define SS (1u << SEG_SS)
#define DS (1u << SEG_DS)
#define FS_GS (1u << SEG_FS | 1u << SEG_GS)
#define LDTR (1u << SEG_LDTR)
#define TR (1u << SEG_TR)
#define DATA (DS | ES | FS_GS)
#define CODE_DATA (CS | SS | DATA)

static bool pdpte_good(const struct eval *e, u64 x)
{
	return (x & 1) == 0 || (x & (0x1e6ull | ~PHYSICAL)) == 0;
}

/* The predicates: once with the fields noted that they read, once without (plain_), for a VMCS that is known throughout. */
#define FIELDS(...)
#define FIX(...)
#define FIX_SEL(...)
#define FIX_BASE(...)
#define FIX_LIMIT(...)
#define FIX_AR(...)
#define NO_FIX
#define CHECK(name, outcome, section, registers, fields, applies, holds, fix, text) \
	static bool holds_##name(struct eval *e) { return !(applies) || (holds); }
#include "spec/entry.def"
#undef CHECK
#define value(e, field) ((e)->vmcs->value[field])
#define CHECK(name, outcome, section, registers, fields, applies, holds, fix, text) \
	static inline bool plain_##name(struct eval *e) { (void)e; return !(applies) || (holds); }
#include "spec/entry.def"
#undef CHECK
#undef value
#undef FIX
#undef FIX_SEL
#undef FIX_BASE
#undef FIX_LIMIT
#undef FIX_AR
#undef NO_FIX

/* The nearest legal values. */
#define FIX(name, v) FIX_(name, v)
#define FIX_(name, v) { f->field = F_##name; f->value = (v); return true; }
#define FIX_SEL(v) { f->field = F_GUEST_ES_SELECTOR + e->segment; f->value = (v); return true; }
#define FIX_BASE(v) { f->field = F_GUEST_ES_BASE + e->segment; f->value = (v); return true; }
#define FIX_LIMIT(v) { f->field = F_GUEST_ES_LIMIT + e->segment; f->value = (v); return true; }
#define FIX_AR(v) { f->field = F_GUEST_ES_ACCESS_RIGHTS + e->segment; f->value = (v); return true; }
#define NO_FIX { (void)e; (void)f; return false; }
#define CHECK(name, outcome, section, registers, fields, applies, holds, fix, text) \
	static bool fix_##name(struct eval *e, struct spec_fix *f) { (void)e; fix }
#include "spec/entry.def"
#undef CHECK
#undef FIELDS

static const struct {
	bool (*holds)(struct eval *e);
	bool (*fix)(struct eval *e, struct spec_fix *f);
} functions[SPEC_CHECKS] = {
#define CHECK(name, ...) { holds_##name, fix_##name },
#include "spec/entry.def"
#undef CHECK
};

#define N(name) N_(name)
#define N_(name) F_##name
#define COUNT(...) COUNT_(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#define COUNT_(a, b, c, d, f, g, h, i, j, k, l, m, n, ...) n
#define LIST_1(a) N(a)
#define LIST_2(a, ...) N(a), LIST_1(__VA_ARGS__)
#define LIST_3(a, ...) N(a), LIST_2(__VA_ARGS__)
#define LIST_4(a, ...) N(a), LIST_3(__VA_ARGS__)
#define LIST_5(a, ...) N(a), LIST_4(__VA_ARGS__)
#define LIST_6(a, ...) N(a), LIST_5(__VA_ARGS__)
#define LIST_7(a, ...) N(a), LIST_6(__VA_ARGS__)
#define LIST_8(a, ...) N(a), LIST_7(__VA_ARGS__)
#define LIST_9(a, ...) N(a), LIST_8(__VA_ARGS__)
#define LIST(n, ...) LIST__(n, __VA_ARGS__)
#define LIST__(n, ...) LIST_##n(__VA_ARGS__)
#define FIELDS(...) COUNT(__VA_ARGS__), { LIST(COUNT(__VA_ARGS__), __VA_ARGS__) }
#define CHECK(name, outcome, section, registers, fields, applies, holds, fix, text) \
	{ #name, section, text, outcome, registers, fields },
const struct spec_check_info spec_checks[SPEC_CHECKS] = {
#include "spec/entry.def"
};
#undef CHECK

/* 1 holds, 0 fails, -1 undecided. */
static int evaluate(struct eval *e, u32 check)
{
	bool holds;

	e->missing = false;
	for (u32 i = 0; i < SPEC_WORDS; i++)
		e->touched[i] = 0;
	holds = functions[check].holds(e);
	for (u32 i = 0; i < SPEC_WORDS; i++)
		if ((e->touched[i] & e->vmcs->unknown[i]) != 0)
			e->missing = true;
	return e->missing ? -1 : holds;
}

static void evaluate_into(struct eval *e, u32 check, struct spec_result *result)
{
	int verdict = evaluate(e, check);

	if (verdict < 0)
		spec_set(result->undecided, check);
	if (verdict != 0)
		return;
	spec_set(result->failed, check);
	result->segments[check] |= (u8)(1u << e->segment);
	if (spec_checks[check].outcome == OUT_MSR)
		result->msr = e->msr;
}

/* All checks of a VMCS that is known throughout. False: one fails, or needs what is not known. */
static bool plain(struct eval *e)
{
	bool good = true;

#define CHECK(name, outcome, section, registers, fields, applies, holds, fix, text) \
	e->segment = 0; \
	if ((registers) == 0) \
		good &= plain_##name(e); \
	for (u32 left = (registers); left != 0; left >>= 1, e->segment++) \
		good &= (left & 1) == 0 || plain_##name(e);
#include "spec/entry.def"
#undef CHECK
	return good && !e->missing;
}

bool spec_entry_check(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world,
		      struct spec_result *result)
{
	struct eval e = { .vmcs = vmcs, .caps = caps, .world = world };
	u64 any = 0;

	*result = (struct spec_result){ .msr = 0 };
	for (u32 i = 0; i < SPEC_WORDS; i++)
		any |= vmcs->unknown[i];
	if (any == 0 && plain(&e))
		return true;
	any = 0;
	for (u32 check = 0; check < SPEC_CHECKS; check++) {
		u32 registers = spec_checks[check].segments;

		e.segment = 0;
		if (registers == 0)
			evaluate_into(&e, check, result);
		for (; registers != 0; registers >>= 1, e.segment++)
			if ((registers & 1) != 0)
				evaluate_into(&e, check, result);
	}
	for (u32 i = 0; i < SPEC_CHECK_WORDS; i++)
		any |= result->failed[i];
	return any == 0;
}

int spec_entry_one(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world, u32 check,
		   u32 segment, u64 *touched)
{
	struct eval e = { .vmcs = vmcs, .caps = caps, .world = world, .segment = segment };
	int verdict = evaluate(&e, check);

	for (u32 i = 0; touched != NULL && i < SPEC_WORDS; i++)
		touched[i] |= e.touched[i];
	return verdict;
}

bool spec_entry_fix(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world, u32 check,
		    u32 segment, struct spec_fix *fix)
{
	struct eval e = { .vmcs = vmcs, .caps = caps, .world = world, .segment = segment };

	struct spec_vmcs fixed;

	if (!functions[check].fix(&e, fix) || e.missing)
		return false;
	fixed = *vmcs;	/* what else it depends on may forbid it: secondary controls that are not active */
	fixed.value[fix->field] = fix->value;
	return spec_entry_one(&fixed, caps, world, check, segment, NULL) == 1;
}

u32 spec_entry_outcomes(const struct spec_result *result)
{
	u32 seen = 0;

	for (u32 check = 0; check < SPEC_CHECKS; check++)
		if (spec_bit(result->failed, check))
			seen |= 1u << spec_checks[check].outcome;
	if ((seen & 1u << OUT_NMI) != 0)	/* "used by some processors" (26.8) */
		seen |= 1u << OUT_GUEST;
	if ((seen & (1u << OUT_CONTROL | 1u << OUT_HOST)) != 0)
		return seen & (1u << OUT_CONTROL | 1u << OUT_HOST);
	if ((seen & ~(1u << OUT_MSR)) != 0)
		return seen & ~(1u << OUT_MSR);
	return seen != 0 ? seen : 1u << OUT_ENTERS;
}
