/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/inject.c: priorities, double faults, windows, and events whose delivery was interrupted. */
#include "inject.h"
#include "cpu.h"
#include "dev/board.h"
#include "machine.h"
#include "test.h"
#include "vcpu.h"
#include "vmcs.h"

static void fresh(void)
{
	machine_reset(NULL);
	board_reset(0, 0);
	machine_set_field(0, GUEST_CR0, CR0_PE);
	machine_set_field(0, GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
}

/* Makes the PIC ask for vector 20H (IRQ 0). */
static void irq0(void)
{
	static const u8 init[][2] = { { 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xfe } };

	for (u32 i = 0; i < 5; i++)
		(void)board_out(0, init[i][0], 1, init[i][1], 0);
	pic_set_irq(&boards[0].pic, 0, true);
	CU_ASSERT_TRUE(board_intr(0));
}

static u32 written(void)
{
	return (u32)machine_field(0, VM_ENTRY_INTERRUPTION_INFO);
}

static void a_fault_is_written_with_its_error_code(void)
{
	fresh();
	(void)inject_exception(0, VECTOR_GP, 0x18);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000b0d);
	CU_ASSERT_EQUAL(machine_field(0, VM_ENTRY_EXCEPTION_ERROR_CODE), 0x18);
	CU_ASSERT_EQUAL(vcpus[0].event_info, 0);
	CU_ASSERT_EQUAL(vcpus[0].position, 1);
}

static void real_mode_has_no_error_codes(void)
{
	fresh();
	machine_set_field(0, GUEST_CR0, 0);
	(void)inject_exception(0, VECTOR_GP, 0x18);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x8000030d);
}

static void two_faults_combine_as_table_6_5_says(void)
{
	static const struct { u32 first, second, vector; } cases[] = {
		{ VECTOR_GP, VECTOR_GP, VECTOR_DF }, { VECTOR_PF, VECTOR_PF, VECTOR_DF }, { VECTOR_PF, VECTOR_NP, VECTOR_DF },
		{ VECTOR_NP, VECTOR_PF, VECTOR_PF }, { VECTOR_UD, VECTOR_GP, VECTOR_GP }, { VECTOR_GP, VECTOR_DB, VECTOR_DB },
		{ VECTOR_DE, VECTOR_TS, VECTOR_DF },
	};

	for (u32 i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fresh();
		(void)inject_exception(0, cases[i].first, 0);
		(void)inject_exception(0, cases[i].second, 0);
		CU_ASSERT_EQUAL(EVENT_VECTOR(vcpus[0].event_info), cases[i].vector);
	}
}

static void a_fault_on_a_double_fault_is_a_triple_fault(void)
{
	fresh();
	(void)inject_exception(0, VECTOR_DF, 0);
	(void)inject_exception(0, VECTOR_PF, 0);
	CU_ASSERT_EQUAL(vcpus[0].end, LINK_END_TRIPLE);
}

static void an_interrupt_goes_in_when_it_may(void)
{
	fresh();
	irq0();
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000020);
	CU_ASSERT_FALSE(board_intr(0));
}

static void a_blocked_interrupt_waits_for_its_window(void)
{
	static const struct { u64 rflags, blocking; } cases[] = {
		{ RFLAGS_FIXED, 0 }, { RFLAGS_FIXED | RFLAGS_IF, BLOCKING_BY_STI }, { RFLAGS_FIXED | RFLAGS_IF, BLOCKING_BY_MOV_SS },
	};

	for (u32 i = 0; i < 3; i++) {
		fresh();
		irq0();
		machine_set_field(0, GUEST_RFLAGS, cases[i].rflags);
		machine_set_field(0, GUEST_INTERRUPTIBILITY_STATE, cases[i].blocking);
		inject_attend(0);
		CU_ASSERT_EQUAL(written(), 0);
		CU_ASSERT_TRUE(board_intr(0));
		CU_ASSERT_NOT_EQUAL(machine_field(0, PROCESSOR_BASED_CONTROLS) & CPU_INTERRUPT_WINDOW_EXITING, 0);
	}
}

static void a_fault_goes_before_an_interrupt(void)
{
	fresh();
	irq0();
	(void)inject_exception(0, VECTOR_UD, 0);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000306);
	CU_ASSERT_TRUE(board_intr(0));
	CU_ASSERT_NOT_EQUAL(machine_field(0, PROCESSOR_BASED_CONTROLS) & CPU_INTERRUPT_WINDOW_EXITING, 0);
}

static void an_nmi_goes_before_an_interrupt_and_waits_while_blocked(void)
{
	fresh();
	irq0();
	vcpus[0].nmi_pending = 1;
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000202);
	CU_ASSERT_EQUAL(vcpus[0].nmi_pending, 0);
	fresh();
	vcpus[0].nmi_pending = 1;
	machine_set_field(0, GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_NMI);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0);
	CU_ASSERT_NOT_EQUAL(machine_field(0, PROCESSOR_BASED_CONTROLS) & CPU_NMI_WINDOW_EXITING, 0);
}

static void an_interrupted_delivery_comes_again(void)
{
	struct vmexit x = { .vectoring = 0x80000020 };

	fresh();
	inject_vectoring(0, &x);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000020);
	CU_ASSERT_EQUAL(vcpus[0].position, 1);
}

static void an_interrupted_software_interrupt_keeps_its_length(void)
{
	struct vmexit x = { .vectoring = 0x80000480 };

	fresh();
	machine_set_field(0, VM_EXIT_INSTRUCTION_LENGTH, 2);
	inject_vectoring(0, &x);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000480);
	CU_ASSERT_EQUAL(machine_field(0, VM_ENTRY_INSTRUCTION_LENGTH), 2);
}

static void an_interrupted_nmi_lifts_its_own_blocking(void)
{
	struct vmexit x = { .vectoring = 0x80000202 };

	fresh();
	machine_set_field(0, GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_NMI);
	inject_vectoring(0, &x);
	inject_attend(0);
	CU_ASSERT_EQUAL(written(), 0x80000202);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI, 0);
}

const struct test_case test_inject_cases[] = {
	{ "a fault is written with its error code", a_fault_is_written_with_its_error_code },
	{ "real mode has no error codes", real_mode_has_no_error_codes },
	{ "two faults combine as SDM 3A table 6-5 says", two_faults_combine_as_table_6_5_says },
	{ "a fault on a double fault is a triple fault", a_fault_on_a_double_fault_is_a_triple_fault },
	{ "an interrupt goes in when it may", an_interrupt_goes_in_when_it_may },
	{ "a blocked interrupt waits for its window", a_blocked_interrupt_waits_for_its_window },
	{ "a fault goes before an interrupt, which keeps waiting", a_fault_goes_before_an_interrupt },
	{ "an NMI goes before an interrupt and waits while blocked", an_nmi_goes_before_an_interrupt_and_waits_while_blocked },
	{ "an interrupted delivery comes again and counts a tick", an_interrupted_delivery_comes_again },
	{ "an interrupted software interrupt keeps its length", an_interrupted_software_interrupt_keeps_its_length },
	{ "an interrupted NMI lifts its own blocking", an_interrupted_nmi_lifts_its_own_blocking },
	{ 0 }
};
