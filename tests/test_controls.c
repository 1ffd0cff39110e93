/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/controls.c: control words from capability MSRs. The numbers are Bochs 2.7's tigerlake, dumped by running. */
#include "controls.h"
#include "test.h"
#include "x86.h"

static struct capabilities all(void)
{
	struct capabilities c = {
		.basic = 1ull << 55,
		.pin = 0xffffffff00000016ull, .cpu = 0xffffffff04006172ull, .cpu2 = 0xffffffff00000000ull,
		.exit = 0xffffffff00036dfbull, .entry = 0xffffffff000011fbull, .ept_vpid = ~0ull,
	};
	return c;
}

static void bits_that_must_be_one_are_added(void)
{
	u32 out;

	CU_ASSERT_EQUAL(controls_adjust(0x000000ff00000011ull, 0x2, &out), OK);
	CU_ASSERT_EQUAL(out, 0x13);
}

static void a_wanted_bit_that_must_be_zero_is_refused(void)
{
	u32 out;

	CU_ASSERT_EQUAL(controls_adjust(0x0000000f00000001ull, 0x10, &out), ERR_INVALID);
}

static void the_mandatory_exits_are_set(void)
{
	struct capabilities caps = all();
	struct plan_vm vm = { .start = PLAN_START_REAL };
	struct controls c;
	u32 need = CPU_HLT_EXITING | CPU_MWAIT_EXITING | CPU_RDPMC_EXITING | CPU_CR8_LOAD_EXITING | CPU_CR8_STORE_EXITING |
		   CPU_MOV_DR_EXITING | CPU_USE_IO_BITMAPS | CPU_USE_MSR_BITMAPS | CPU_MONITOR_EXITING;

	CU_ASSERT_PTR_NULL(controls_for(&caps, &vm, &c));
	CU_ASSERT_EQUAL(c.cpu & need, need);
	CU_ASSERT_EQUAL(c.cpu & (CPU_RDTSC_EXITING | CPU_CR3_LOAD_EXITING | CPU_INVLPG_EXITING), 0);
	CU_ASSERT_EQUAL(c.cpu2 & (CPU2_ENABLE_EPT | CPU2_ENABLE_VPID | CPU2_WBINVD_EXITING),
			CPU2_ENABLE_EPT | CPU2_ENABLE_VPID | CPU2_WBINVD_EXITING);
	CU_ASSERT_NOT_EQUAL(c.exit & EXIT_CTL_SAVE_DEBUG_CONTROLS, 0);
	CU_ASSERT_NOT_EQUAL(c.entry & ENTRY_CTL_LOAD_DEBUG_CONTROLS, 0);
	CU_ASSERT_EQUAL(c.entry & ENTRY_CTL_IA32E_MODE_GUEST, 0);
}

static void a_plan_can_ask_for_more_exits(void)
{
	struct capabilities caps = all();
	struct plan_vm vm = { .start = PLAN_START_LONG, .intercepts = PLAN_INTERCEPT_ALL };
	struct controls c;
	u32 more = CPU_RDTSC_EXITING | CPU_CR3_LOAD_EXITING | CPU_CR3_STORE_EXITING | CPU_INVLPG_EXITING | CPU_PAUSE_EXITING;

	CU_ASSERT_PTR_NULL(controls_for(&caps, &vm, &c));
	CU_ASSERT_EQUAL(c.cpu & more, more);
	CU_ASSERT_NOT_EQUAL(c.entry & ENTRY_CTL_IA32E_MODE_GUEST, 0);
}

static void what_is_missing_is_named(void)
{
	struct plan_vm vm = { .start = PLAN_START_REAL };
	struct capabilities caps = all();
	struct controls c;

	caps.cpu2 &= ~((u64)CPU2_ENABLE_EPT << 32);
	CU_ASSERT_STRING_EQUAL(controls_for(&caps, &vm, &c), "EPT");
	caps = all();
	caps.cpu2 &= ~((u64)CPU2_UNRESTRICTED_GUEST << 32);
	CU_ASSERT_STRING_EQUAL(controls_for(&caps, &vm, &c), "unrestricted guest");
	caps = all();
	caps.ept_vpid &= ~EPT_CAP_INVEPT;
	CU_ASSERT_PTR_NOT_NULL(controls_missing_ept(&caps));
}

const struct test_case test_controls_cases[] = {
	{ "bits that must be 1 are added", bits_that_must_be_one_are_added },
	{ "a wanted bit that must be 0 is refused", a_wanted_bit_that_must_be_zero_is_refused },
	{ "the mandatory exits are set, the optional ones are not", the_mandatory_exits_are_set },
	{ "a plan can ask for more exits", a_plan_can_ask_for_more_exits },
	{ "what the processor lacks is named", what_is_missing_is_named },
	{ 0 }
};
