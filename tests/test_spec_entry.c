/* SPDX-License-Identifier: BSD-2-Clause */
/* spec/entry.c: the table of VM-entry checks. Bochs judges their content (make model); here: the table is whole. */
#include "spec/entry.h"
#include "spec/vmx.h"
#include "test.h"
#include <string.h>

#define VAPIC 0x9000ull
#define SHADOW_REGION 0x7000ull
#define REGION 0x6000ull
#define MSR_AREA 0x5000ull

static u64 msr_area[8];
static u64 pdpte[4];
static u64 state = 1;

static u64 draw(u64 n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return n == 0 ? state ^ state >> 29 : (state >> 33) % n;
}

static bool read_memory(const void *context, u64 address, u64 *quad)
{
	const struct spec_caps *caps = context;

	*quad = 0;
	if (address == VAPIC + 0x80)
		*quad = 0x50;
	else if (address == REGION)
		*quad = caps->basic & 0x7fffffff;
	else if (address == SHADOW_REGION)
		*quad = (caps->basic & 0x7fffffff) | 1u << 31;
	else if (address >= MSR_AREA && address < MSR_AREA + sizeof(msr_area))
		*quad = msr_area[(address - MSR_AREA) / 8];
	else
		*quad = pdpte[address / 8 % 4];
	return true;
}

/* A 64-bit guest that enters on Bochs's tigerlake, as hv/ would write it. */
static struct spec_vmcs valid(const struct spec_caps *caps)
{
	struct spec_vmcs v = { .value = { 0 } };
	u64 *f = v.value;

	f[F_PIN_BASED_CONTROLS] = (u32)caps->pin | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS | PIN_EXTERNAL_INTERRUPT_EXITING | PIN_PREEMPTION_TIMER;
	f[F_PROCESSOR_BASED_CONTROLS] = (u32)caps->cpu | CPU_SECONDARY_CONTROLS;
	f[F_SECONDARY_CONTROLS] = CPU2_ENABLE_EPT | CPU2_UNRESTRICTED_GUEST;
	f[F_VM_EXIT_CONTROLS] = (u32)caps->exit | EXIT_CTL_HOST_ADDRESS_SPACE_SIZE | EXIT_CTL_LOAD_EFER;
	f[F_VM_ENTRY_CONTROLS] = (u32)caps->entry | ENTRY_CTL_IA32E_MODE_GUEST | ENTRY_CTL_LOAD_EFER;
	f[F_EPT_POINTER] = 0x1000 | 0x1e;
	f[F_HOST_CR0] = 0x80010033, f[F_HOST_CR4] = 0x26a0, f[F_HOST_IA32_EFER] = 0xd00;
	f[F_HOST_CS_SELECTOR] = 8, f[F_HOST_TR_SELECTOR] = 0x18;
	f[F_GUEST_CR0] = 0x80010033, f[F_GUEST_CR4] = 0x20a0, f[F_GUEST_IA32_EFER] = 0xd00, f[F_GUEST_RFLAGS] = 2;
	f[F_VMCS_LINK_POINTER] = ~0ull, f[F_GUEST_GDTR_LIMIT] = 0xffff, f[F_GUEST_IDTR_LIMIT] = 0xfff;
	for (u32 s = 0; s < SEGMENTS; s++) {
		f[F_GUEST_ES_LIMIT + s] = s == SEG_TR ? 0x67 : 0xffffffff;
		f[F_GUEST_ES_ACCESS_RIGHTS + s] = s == SEG_CS ? 0xa09b : s == SEG_TR ? 0x8b : s == SEG_LDTR ? 0x10000 : 0xc093;
		f[F_GUEST_ES_SELECTOR + s] = s == SEG_LDTR ? 0 : 8 * s;
	}
	return v;
}

static struct spec_world long_world(const struct spec_caps *caps)
{
	struct spec_world w = { .known = true, .long_mode = true, .vmcs = 0x3000, .vmxon = 0x4000, .read = read_memory, .context = caps };

	return w;
}

static void the_table_is_large_and_its_names_differ(void)
{
	CU_ASSERT(SPEC_CHECKS >= 150);
	for (u32 i = 0; i < SPEC_CHECKS; i++) {
		const struct spec_check_info *c = &spec_checks[i];

		CU_ASSERT(c->name[0] != '\0' && c->text[0] != '\0' && strncmp(c->section, "26.", 3) == 0);
		CU_ASSERT(c->outcome >= OUT_CONTROL && c->outcome <= OUT_MSR);
		CU_ASSERT(c->field_count > 0 && c->field_count <= SPEC_CHECK_FIELDS);
		for (u32 j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(spec_checks[j].name, c->name);
	}
}

static void a_valid_vmcs_passes_every_check(void)
{
	struct spec_vmcs v = valid(&spec_caps_bochs);
	struct spec_world w = long_world(&spec_caps_bochs);
	struct spec_result r;

	CU_ASSERT_TRUE(spec_entry_check(&v, &spec_caps_bochs, &w, &r));
	for (u32 i = 0; i < SPEC_CHECKS; i++) {
		if (spec_bit(r.failed, i))
			printf("fails: %s\n", spec_checks[i].name);
		CU_ASSERT_FALSE(spec_bit(r.undecided, i));
	}
	CU_ASSERT_EQUAL(spec_entry_outcomes(&r), 1u << OUT_ENTERS);
}

/* Single changes to the valid VMCS, and the one check that must fail. */
static const struct {
	u32 field;
	u64 value;
	u32 check, outcome;
} singles[] = {
	{ F_PIN_BASED_CONTROLS, 0x69, CHECK_PIN_MUST_BE_1, OUT_CONTROL },
	{ F_EPT_POINTER, 0x1000 | 0x1d, CHECK_EPTP_MEMORY_TYPE, OUT_CONTROL },
	{ F_EPT_POINTER, 0x1000 | 0x16, CHECK_EPTP_WALK_LENGTH, OUT_CONTROL },
	{ F_VM_ENTRY_INTERRUPTION_INFO, 0x80000203, CHECK_EVENT_NMI_VECTOR, OUT_CONTROL },
	{ F_VM_ENTRY_INTERRUPTION_INFO, 0x80000320, CHECK_EVENT_EXCEPTION_VECTOR, OUT_CONTROL },
	{ F_VM_ENTRY_INTERRUPTION_INFO, 0x80000820, CHECK_EVENT_ERROR_CODE_TYPE, OUT_CONTROL },
	{ F_VM_ENTRY_INTERRUPTION_INFO, 0x80000020, CHECK_GUEST_RFLAGS_IF, OUT_GUEST },
	{ F_HOST_CR4, 0x6a0, CHECK_HOST_CR4_MUST_BE_1, OUT_HOST },
	{ F_HOST_TR_SELECTOR, 0, CHECK_HOST_TR_NULL, OUT_HOST },
	{ F_HOST_RIP, 0x800000000000, CHECK_HOST_64_RIP, OUT_HOST },
	{ F_GUEST_CR4, 0x2080, CHECK_GUEST_LONG_PAE, OUT_GUEST },
	{ F_GUEST_IA32_EFER, 0x900, CHECK_GUEST_EFER_LMA, OUT_GUEST },
	{ F_GUEST_RFLAGS, 0, CHECK_GUEST_RFLAGS_FIXED, OUT_GUEST },
	{ F_GUEST_TR_ACCESS_RIGHTS, 0x89, CHECK_TR_TYPE_LONG, OUT_GUEST },
	{ F_GUEST_CS_ACCESS_RIGHTS, 0xe09b, CHECK_CS_D_L, OUT_GUEST },
	{ F_GUEST_DS_LIMIT, 0xffff0000, CHECK_DATA_G_LOW, OUT_GUEST },
	{ F_VMCS_LINK_POINTER, 0x123, CHECK_LINK_ALIGNED, OUT_LINK },
	{ F_VMCS_LINK_POINTER, 0x3000, CHECK_LINK_CURRENT, OUT_LINK },
	{ F_GUEST_ACTIVITY_STATE, 4, CHECK_ACTIVITY_RANGE, OUT_GUEST },
	{ F_GUEST_INTERRUPTIBILITY_STATE, 3, CHECK_STI_AND_MOV_SS, OUT_GUEST },
	{ F_GUEST_INTERRUPTIBILITY_STATE, 4, CHECK_SMI_OUTSIDE, OUT_GUEST },
	{ F_GUEST_PENDING_DEBUG_EXCEPTIONS, 0x8000, CHECK_PENDING_DEBUG_RESERVED, OUT_GUEST },
};

static void single_changes_fail_the_check_that_the_sdm_names(void)
{
	struct spec_world w = long_world(&spec_caps_bochs);

	for (u32 i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		struct spec_vmcs v = valid(&spec_caps_bochs);
		struct spec_result r;

		v.value[singles[i].field] = singles[i].value;
		spec_entry_check(&v, &spec_caps_bochs, &w, &r);
		if (singles[i].outcome != OUT_ENTERS && !spec_bit(r.failed, singles[i].check))
			printf("%s does not fail\n", spec_checks[singles[i].check].name);
		CU_ASSERT(singles[i].outcome == OUT_ENTERS || spec_bit(r.failed, singles[i].check));
		CU_ASSERT((spec_entry_outcomes(&r) & 1u << singles[i].outcome) != 0);
	}
}

static u64 interesting(u32 field, u64 old, const struct spec_caps *caps)
{
	static const u64 some[] = { 0, 1, 2, 3, 8, 0x10, 0x20, 0xffff, 0x10000, 0xffffffff, 0x100000000, 0x7fffffffffff, 0x800000000000, ~0ull };
	u64 mask = spec_field_bits(field) == 64 ? ~0ull : (1ull << spec_field_bits(field)) - 1;

	if (field == F_VMCS_LINK_POINTER && draw(2) == 0)
		return (u64[]){ REGION, SHADOW_REGION, 0x3000, 0x4000, 0x8000, 0x123 }[draw(6)];
	if (field == F_VM_ENTRY_MSR_LOAD_ADDRESS)
		return draw(4) == 0 ? draw(0) : MSR_AREA;
	if (field == F_VM_ENTRY_MSR_LOAD_COUNT)
		return draw(3);
	if (field == F_VIRTUAL_APIC_ADDRESS && draw(2) == 0)
		return VAPIC;
	if (field == F_VM_ENTRY_INTERRUPTION_INFO)
		return EVENT_VALID | draw(8) << 8 | draw(40) | draw(2) << 11 | (draw(8) == 0 ? 1u << 20 : 0);
	if (field >= F_GUEST_ES_ACCESS_RIGHTS && field < F_GUEST_ES_ACCESS_RIGHTS + SEGMENTS && draw(2) == 0)
		return draw(0x20000);
	if (field == F_PROCESSOR_BASED_CONTROLS && draw(2) == 0)
		return (u32)caps->cpu | (draw(0) & caps->cpu >> 32) | CPU_SECONDARY_CONTROLS;
	switch (draw(4)) {
	case 0: return some[draw(14)] & mask;
	case 1: return draw(0) & mask;
	default: return (old ^ 1ull << draw(spec_field_bits(field))) & mask;
	}
}

static void fill_memory(void)
{
	static const u64 indexes[] = { IA32_PAT, IA32_FS_BASE, 0x808, 0x9b, IA32_LSTAR, 1ull << 40, IA32_TSC_AUX };

	for (u32 i = 0; i < 8; i++)
		msr_area[i] = (i & 1) != 0 ? draw(0) >> draw(64) : indexes[draw(7)];
	for (u32 i = 0; i < 4; i++)
		pdpte[i] = draw(2) != 0 ? 0x1001 : draw(0);
}

/* Draws values for the fields that the table lists until the check has passed, failed, and been repaired. */
static void seek(u32 check, const struct spec_caps *base)
{
	const struct spec_check_info *c = &spec_checks[check];
	u64 touched[SPEC_WORDS] = { 0 }, listed[SPEC_WORDS] = { 0 };
	bool passed = false, failed = false;

	for (u32 registers = c->segments == 0 ? 1 : c->segments, segment = 0; registers != 0; registers >>= 1, segment++) {
		u64 this_touched[SPEC_WORDS] = { 0 };

		if ((registers & 1) == 0)
			continue;
		memset(listed, 0, sizeof(listed));
		for (u32 i = 0; i < c->field_count; i++) {
			u32 f = c->field[i];
			bool of_register = c->segments != 0 && (f == F_GUEST_ES_SELECTOR || f == F_GUEST_ES_BASE || f == F_GUEST_ES_LIMIT || f == F_GUEST_ES_ACCESS_RIGHTS);

			spec_set(listed, of_register ? f + segment : f);
		}
		failed = false, passed = false;
		for (u32 round = 0; round < 60000 && !(passed && failed && memcmp(this_touched, listed, sizeof(listed)) == 0); round++) {
			struct spec_caps caps = *base;
			struct spec_vmcs v = valid(&caps);
			struct spec_world w = long_world(&caps);
			struct spec_fix fix;
			int verdict;

			if (draw(4) == 0) {	/* lesser processors */
				caps.cet = caps.rtm = caps.sgx = false;
				caps.basic &= ~VMX_BASIC_ANY_ERROR_CODE;
				caps.misc &= ~(VMX_MISC_LENGTH_ZERO | 0x1c0);
				caps.ept_vpid &= ~EPT_CAP_AD;
				caps.cpu2 = (caps.cpu2 & ~(1ull << 63)) | CPU2_ENABLE_RDTSCP;
				caps.exit &= ~(1ull << 63);
				caps.entry &= ~(1ull << 63);
				caps.rtit = 0xffff;
			}
			caps.nmi_sti = true;
			w.long_mode = draw(4) != 0;
			w.smm = draw(4) == 0;
			fill_memory();
			for (u32 f = 0; f < SPEC_FIELDS; f++)
				if (spec_bit(listed, f) && draw(4) != 0)
					v.value[f] = interesting(f, v.value[f], &caps);
			verdict = spec_entry_one(&v, &caps, &w, check, segment, this_touched);
			CU_ASSERT(verdict >= 0);
			if (verdict == 0) {
				failed = true;
				if (spec_entry_fix(&v, &caps, &w, check, segment, &fix)) {
					v.value[fix.field] = fix.value;
					if (spec_entry_one(&v, &caps, &w, check, segment, touched) == 0 && c->outcome != OUT_LINK) {
						CU_FAIL("the nearest legal value does not pass");
						printf("fix of %s: field %s value %llx\n", c->name, spec_field_name(fix.field), (unsigned long long)fix.value);
						return;
					}
				}
			} else {
				passed = true;
			}
		}
		if (!passed || !failed || memcmp(this_touched, listed, sizeof(listed)) != 0)
			printf("%s (register %u): passed %d, failed %d, fields %s\n", c->name, segment, passed, failed,
			       memcmp(this_touched, listed, sizeof(listed)) == 0 ? "as listed" : "differ from the list");
		CU_ASSERT_TRUE(passed);
		CU_ASSERT_TRUE(failed);
		CU_ASSERT_EQUAL(memcmp(this_touched, listed, sizeof(listed)), 0);
	}
}

static void every_check_passes_and_fails_and_reads_the_fields_it_lists(void)
{
	for (u32 check = 0; check < SPEC_CHECKS; check++)
		seek(check, &spec_caps_any);
}

static void what_is_not_known_makes_checks_undecided(void)
{
	struct spec_vmcs v = valid(&spec_caps_bochs);
	struct spec_world nothing = { .known = false };
	struct spec_result r;

	spec_set(v.unknown, F_GUEST_CR4);
	v.value[F_GUEST_CR4] = 0;
	CU_ASSERT_TRUE(spec_entry_check(&v, &spec_caps_bochs, &nothing, &r));
	CU_ASSERT_TRUE(spec_bit(r.undecided, CHECK_GUEST_CR4_MUST_BE_1));
	CU_ASSERT_TRUE(spec_bit(r.undecided, CHECK_GUEST_LONG_PAE));
	CU_ASSERT_TRUE(spec_bit(r.undecided, CHECK_HOST_SIZE_LONG));
	CU_ASSERT_FALSE(spec_bit(r.undecided, CHECK_GUEST_CR3_WIDTH));
}

static void fields_are_found_by_name_and_encoding(void)
{
	CU_ASSERT_EQUAL(spec_field_find(0x681e), F_GUEST_RIP);
	CU_ASSERT_EQUAL(spec_field_named("GUEST_RIP"), F_GUEST_RIP);
	CU_ASSERT_EQUAL(spec_field_find(0x681f), SPEC_FIELDS);
	CU_ASSERT_EQUAL(spec_field_bits(F_VPID), 16);
	CU_ASSERT_EQUAL(spec_field_bits(F_GUEST_CS_ACCESS_RIGHTS), 32);
	CU_ASSERT_EQUAL(F_GUEST_TR_ACCESS_RIGHTS - F_GUEST_ES_ACCESS_RIGHTS, SEG_TR);
	CU_ASSERT_EQUAL(F_GUEST_TR_SELECTOR - F_GUEST_ES_SELECTOR, SEG_TR);
	CU_ASSERT_EQUAL(F_GUEST_TR_BASE - F_GUEST_ES_BASE, SEG_TR);
	CU_ASSERT_EQUAL(F_GUEST_TR_LIMIT - F_GUEST_ES_LIMIT, SEG_TR);
}

const struct test_case test_spec_entry_cases[] = {
	{ "the table is large and its names differ", the_table_is_large_and_its_names_differ },
	{ "a valid VMCS passes every check", a_valid_vmcs_passes_every_check },
	{ "single changes fail the check that the SDM names", single_changes_fail_the_check_that_the_sdm_names },
	{ "every check passes and fails and reads the fields it lists", every_check_passes_and_fails_and_reads_the_fields_it_lists },
	{ "what is not known makes checks undecided", what_is_not_known_makes_checks_undecided },
	{ "fields are found by name and encoding", fields_are_found_by_name_and_encoding },
	{ NULL, NULL }
};
