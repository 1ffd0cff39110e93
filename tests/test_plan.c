/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/plan.c and hv/plan_codec.c: every rule of a plan refuses by name, and the encoding is exact. */
#include <string.h>
#include "plan.h"
#include "test.h"

static const struct plan_host host = { .hv_end = 0x2000000, .host_end = 0x20000000 };
static struct plan plan;
static u8 bytes[PLAN_BYTES];

static void valid_vm(struct plan_vm *vm, const char *name, u64 hpa)
{
	strcpy((char *)vm->name, name);
	vm->ram_hpa = hpa;
	vm->ram_bytes = 0x4000000;
	vm->weight = 100;
	vm->rip = 0x7c00;
	vm->seed[0] = 1;
	vm->image_count = 2;
	vm->image[0] = (struct plan_image){ .gpa = 0x7000, .bytes = 1000, .source = 512 };
	vm->image[1] = (struct plan_image){ .gpa = 0x8000, .bytes = 4096, .source = 2048 };
}

static void valid_plan(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.vm_count = 2;
	plan.quantum_ticks = 4000000;
	valid_vm(&plan.vm[0], "one", 0x4000000);
	valid_vm(&plan.vm[1], "two", 0x8000000);
}

static enum plan_error check(vm_id *vm)
{
	return plan_validate(&plan, &host, vm);
}

static void expect(enum plan_error error, vm_id at)
{
	vm_id vm = 99;

	CU_ASSERT_EQUAL(check(&vm), error);
	CU_ASSERT_EQUAL(vm, at);
	valid_plan();
}

static void a_valid_plan_is_accepted(void)
{
	vm_id vm;

	valid_plan();
	CU_ASSERT_EQUAL(check(&vm), PLAN_OK);
}

static void each_broken_rule_has_its_name(void)
{
	valid_plan();
	plan.vm_count = 0, expect(PLAN_BAD_VM_COUNT, 0);
	plan.vm_count = VM_MAX + 1, expect(PLAN_BAD_VM_COUNT, 0);
	plan.clock = 2, expect(PLAN_BAD_MODE, 0);
	plan.quantum_ticks = 9999, expect(PLAN_BAD_MODE, 0);
	plan.vm[1].name[0] = 0, expect(PLAN_BAD_NAME, 1);
	memset(plan.vm[0].name, 'x', PLAN_NAME_BYTES), expect(PLAN_BAD_NAME, 0);
	plan.vm[0].name[1] = 7, expect(PLAN_BAD_NAME, 0);
	plan.vm[0].ram_bytes = 0, expect(PLAN_BAD_RAM, 0);
	plan.vm[0].ram_bytes = 0x100001, expect(PLAN_BAD_RAM, 0);
	plan.vm[0].ram_hpa += 4096, expect(PLAN_BAD_RAM, 0);
	plan.vm[0].ram_hpa = 0x1e00000, expect(PLAN_RAM_MEETS_HYPERVISOR, 0);
	plan.vm[1].ram_hpa = 0x1e000000, expect(PLAN_RAM_BEYOND_HOST, 1);
	plan.vm[1].ram_bytes = 1ull << 63, expect(PLAN_BAD_RAM, 1);
	plan.vm[1].ram_hpa = 0x6000000, expect(PLAN_RAM_OVERLAPS, 1);
	plan.vm[0].start = 3, expect(PLAN_BAD_START, 0);
	plan.vm[0].weight = 0, expect(PLAN_BAD_START, 0);
	plan.vm[0].seed[0] = 0, expect(PLAN_BAD_START, 0);
	plan.vm[0].rip = 0x10000, expect(PLAN_BAD_START, 0);
	plan.vm[0].intercepts = 0x80000000, expect(PLAN_BAD_START, 0);
	plan.vm[0].image_count = PLAN_IMAGES + 1, expect(PLAN_BAD_IMAGE, 0);
	plan.vm[0].image[0].gpa = 0x7001, expect(PLAN_BAD_IMAGE, 0);
	plan.vm[0].image[0].bytes = 0, expect(PLAN_BAD_IMAGE, 0);
	plan.vm[0].image[0].bytes = ~0ull, expect(PLAN_BAD_IMAGE, 0);
	plan.vm[0].image[0].source = 100, expect(PLAN_BAD_IMAGE, 0);
	plan.vm[1].image[1].gpa = 0x4000000, expect(PLAN_IMAGE_OUTSIDE_RAM, 1);
	plan.vm[1].image[0].bytes = 4097, expect(PLAN_IMAGES_OVERLAP, 1);
}

static void what_was_encoded_decodes_to_the_same(void)
{
	struct plan back;

	valid_plan();
	for (u32 i = 0; i < 32; i++)
		plan.vm[7].image[15].sha256[i] = (u8)(i * 7);
	plan.vm[3].rtc_seconds = 0x1122334455667788;
	plan_encode(&plan, bytes);
	memset(&back, 0, sizeof(back));
	CU_ASSERT_EQUAL(plan_decode(bytes, PLAN_BYTES, &back), PLAN_OK);
	CU_ASSERT_EQUAL(memcmp(&plan, &back, sizeof(plan)), 0);
}

static void any_flipped_bit_is_noticed(void)
{
	struct plan back;

	valid_plan();
	plan_encode(&plan, bytes);
	for (u32 i = 0; i < PLAN_BYTES; i++) {
		bytes[i] ^= (u8)(1u << (i % 8));
		CU_ASSERT_NOT_EQUAL(plan_decode(bytes, PLAN_BYTES, &back), PLAN_OK);
		bytes[i] ^= (u8)(1u << (i % 8));
	}
}

static void every_truncation_is_noticed(void)
{
	struct plan back;

	valid_plan();
	plan_encode(&plan, bytes);
	for (u32 length = 0; length < PLAN_BYTES; length += 97)
		CU_ASSERT_EQUAL(plan_decode(bytes, length, &back), PLAN_BAD_LENGTH);
}

static void every_error_has_a_text(void)
{
	for (u32 i = 0; i < PLAN_ERRORS; i++)
		CU_ASSERT_STRING_NOT_EQUAL(plan_error_text((enum plan_error)i), "unknown plan error");
}

const struct test_case test_plan_cases[] = {
	{ "a valid plan is accepted", a_valid_plan_is_accepted },
	{ "each broken rule has its name and its VM", each_broken_rule_has_its_name },
	{ "what was encoded decodes to the same", what_was_encoded_decodes_to_the_same },
	{ "any flipped bit is noticed", any_flipped_bit_is_noticed },
	{ "every truncation is noticed", every_truncation_is_noticed },
	{ "every error has a text", every_error_has_a_text },
	{ 0 }
};
