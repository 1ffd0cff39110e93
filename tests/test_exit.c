/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/exit*.c through the hosted doors: what a handler does to registers, RIP and the VMCS. */
#include "exit.h"
#include "cpu.h"
#include "cpuid.h"
#include "dev/board.h"
#include "gmem.h"
#include "inject.h"
#include "input.h"
#include "machine.h"
#include "mem.h"
#include "test.h"
#include "vcpu.h"
#include "vmcs.h"

#define RAM_HPA 0x4000000ull

static struct vmexit x;

/* VM 0 in 64-bit mode without paging games, RIP 1000H. */
static void fresh(void)
{
	machine_reset(NULL);
	board_reset(0, 0);
	vm_ram[0] = (struct ram){ RAM_HPA, 0x100000 };
	machine_set_field(0, GUEST_RIP, 0x1000);
	machine_set_field(0, GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	machine_set_field(0, GUEST_CR0, CR0_PE | CR0_NE | CR0_ET);
	machine_set_field(0, GUEST_CR4, CR4_VMXE);
	machine_set_field(0, CR0_GUEST_HOST_MASK, CR0_NE | CR0_NW | CR0_CD);
	machine_set_field(0, GUEST_CS_ACCESS_RIGHTS, 0xc09b);
	machine_set_field(0, GUEST_SS_ACCESS_RIGHTS, 0xc093);
	for (u32 seg = SEG_ES; seg <= SEG_GS; seg++) {
		machine_set_field(0, GUEST_ES_LIMIT + seg * 2, 0xffffffff);
		if (seg != SEG_CS)
			machine_set_field(0, GUEST_ES_ACCESS_RIGHTS + seg * 2, 0xc093);
	}
	x = (struct vmexit){ 0 };
}

/* Lets the core load and handle an exit of `reason`, and commits it as the run loop does. */
static enum action handle(u32 reason, u64 qualification, u32 length)
{
	enum action action;

	machine_set_field(0, VM_EXIT_REASON, reason);
	machine_set_field(0, EXIT_QUALIFICATION, qualification);
	machine_set_field(0, VM_EXIT_INSTRUCTION_LENGTH, length);
	exit_load(0, &x);
	action = exit_handle(0, &x);
	if (action == ACTION_SKIP)
		exit_skip(0, x.length);
	return action;
}

static bool pending(u32 vector)
{
	return (vcpus[0].event_info & EVENT_VALID) != 0 && EVENT_VECTOR(vcpus[0].event_info) == vector;
}

static void cpuid_skips_the_instruction(void)
{
	fresh();
	vcpus[0].gpr[RAX] = 0;
	CU_ASSERT_EQUAL(handle(EXIT_CPUID, 0, 2), ACTION_SKIP);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1002);
	CU_ASSERT_EQUAL(vcpus[0].position, 1);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RBX], 0x756e6547);
}

static void every_leaf_is_the_table_and_clears_the_high_halves(void)
{
	static const u32 leaves[] = { 0, 1, 2, 4, 6, 7, 0xb, 0xd, 0x15, 0x16, 0x1234, 0x40000000, 0x40000100,
				      0x80000000, 0x80000001, 0x80000008, 0xffffffff };

	for (u32 i = 0; i < sizeof(leaves) / sizeof(*leaves); i++) {
		struct cpuid r = cpuid_leaf(PLAN_CPU_BASE, leaves[i], 0);

		fresh();
		vcpus[0].gpr[RAX] = 0xabcdef0000000000ull | leaves[i];
		vcpus[0].gpr[RDX] = ~0ull;
		(void)handle(EXIT_CPUID, 0, 2);
		CU_ASSERT_EQUAL(vcpus[0].gpr[RAX], r.eax);
		CU_ASSERT_EQUAL(vcpus[0].gpr[RBX], r.ebx);
		CU_ASSERT_EQUAL(vcpus[0].gpr[RCX], r.ecx);
		CU_ASSERT_EQUAL(vcpus[0].gpr[RDX], r.edx);
	}
}

static void osxsave_follows_cr4(void)
{
	fresh();
	vcpus[0].cpu = PLAN_CPU_AVX;
	vcpus[0].gpr[RAX] = 1;
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RCX] & CPUID_1_ECX_OSXSAVE, 0);
	machine_set_field(0, GUEST_CR4, CR4_VMXE | CR4_OSXSAVE);
	vcpus[0].gpr[RAX] = 1;
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_NOT_EQUAL(vcpus[0].gpr[RCX] & CPUID_1_ECX_OSXSAVE, 0);
}

static void the_sti_shadow_ends_with_a_completed_instruction(void)
{
	fresh();
	machine_set_field(0, GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_STI | BLOCKING_BY_NMI);
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_INTERRUPTIBILITY_STATE), BLOCKING_BY_NMI);
}

static void single_stepping_traps_after_a_completed_instruction(void)
{
	fresh();
	machine_set_field(0, GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_TF);
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_PENDING_DEBUG_EXCEPTIONS), PENDING_DEBUG_BS);
}

static void eip_wraps_outside_64_bit_code(void)
{
	fresh();
	machine_set_field(0, GUEST_RIP, 0xffffffff);
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 1);
	machine_set_field(0, GUEST_RIP, 0xffffffff);
	machine_set_field(0, GUEST_CS_ACCESS_RIGHTS, 0xa09b);
	(void)handle(EXIT_CPUID, 0, 2);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x100000001ull);
}

static void in_changes_only_the_accessed_part_of_rax(void)
{
	fresh();
	vcpus[0].gpr[RAX] = 0x1122334455667788ull;
	(void)handle(EXIT_IO_INSTRUCTION, 0x800000 | 0x8 | 0, 1);	/* IN AL, 80H: floats */
	CU_ASSERT_EQUAL(vcpus[0].gpr[RAX], 0x11223344556677ffull);
	(void)handle(EXIT_IO_INSTRUCTION, 0x800000 | 0x8 | 1, 1);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RAX], 0x112233445566ffffull);
	(void)handle(EXIT_IO_INSTRUCTION, 0x800000 | 0x8 | 3, 1);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RAX], 0xffffffffull);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1003);
}

static void the_console_and_the_exit_device_work(void)
{
	fresh();
	vcpus[0].gpr[RAX] = 'k';
	(void)handle(EXIT_IO_INSTRUCTION, 0xe90000, 2);
	CU_ASSERT_STRING_EQUAL(machine_console[0], "k");
	vcpus[0].gpr[RAX] = 42;
	(void)handle(EXIT_IO_INSTRUCTION, 0xf40000, 2);
	CU_ASSERT_EQUAL(vcpus[0].state, VCPU_ENDED);
	CU_ASSERT_EQUAL(vcpus[0].end, LINK_END_EXIT);
	CU_ASSERT_EQUAL(vcpus[0].end_value, 42);
}

static void a_mark_is_reported_with_the_position(void)
{
	fresh();
	vcpus[0].position = 777;
	vcpus[0].gpr[RAX] = 0x12345678;
	(void)handle(EXIT_IO_INSTRUCTION, 0xf50003, 2);
	CU_ASSERT_EQUAL_FATAL(machine_report_count, 1);
	CU_ASSERT_EQUAL(machine_reports[0].type, LINK_MARK);
	CU_ASSERT_EQUAL(machine_reports[0].value, 0x12345678);
	CU_ASSERT_EQUAL(machine_reports[0].position, 777);
}

static void rep_outsb_takes_an_iteration_an_exit(void)
{
	fresh();
	mem_write(RAM_HPA + 0x2000, 1, 'a');
	mem_write(RAM_HPA + 0x2001, 1, 'b');
	vcpus[0].gpr[RSI] = 0x2000;
	vcpus[0].gpr[RCX] = 2;
	machine_set_field(0, VM_EXIT_INSTRUCTION_INFO, (1u << 7) | (SEG_DS << 15));
	CU_ASSERT_EQUAL(handle(EXIT_IO_INSTRUCTION, 0xe90030, 2), ACTION_RESUME);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1000);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RCX], 1);
	CU_ASSERT_EQUAL(vcpus[0].position, 1);
	CU_ASSERT_EQUAL(handle(EXIT_IO_INSTRUCTION, 0xe90030, 2), ACTION_SKIP);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1002);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RSI], 0x2002);
	CU_ASSERT_STRING_EQUAL(machine_console[0], "ab");
}

static void ins_beyond_the_segment_limit_faults_before_the_port_is_read(void)
{
	fresh();
	machine_set_field(0, GUEST_ES_LIMIT, 0xfff);
	vcpus[0].gpr[RDI] = 0x1000;
	machine_set_field(0, VM_EXIT_INSTRUCTION_INFO, 1u << 7);
	CU_ASSERT_EQUAL(handle(EXIT_IO_INSTRUCTION, 0x800018, 1), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1000);
}

static void unknown_msrs_fault_and_known_ones_answer(void)
{
	fresh();
	vcpus[0].gpr[RCX] = 0x3a;
	CU_ASSERT_EQUAL(handle(EXIT_RDMSR, 0, 2), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
	CU_ASSERT_NOT_EQUAL(vcpus[0].event_info & EVENT_ERROR_CODE, 0);
	fresh();
	vcpus[0].gpr[RCX] = IA32_MISC_ENABLE;
	CU_ASSERT_EQUAL(handle(EXIT_RDMSR, 0, 2), ACTION_SKIP);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RAX], 1);
}

static void efer_takes_only_its_own_bits(void)
{
	fresh();
	vcpus[0].gpr[RCX] = IA32_EFER;
	vcpus[0].gpr[RAX] = EFER_LME | EFER_NXE | EFER_SCE;
	CU_ASSERT_EQUAL(handle(EXIT_WRMSR, 0, 2), ACTION_SKIP);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_IA32_EFER), EFER_LME | EFER_NXE | EFER_SCE);
	vcpus[0].gpr[RAX] = 1u << 1;
	CU_ASSERT_EQUAL(handle(EXIT_WRMSR, 0, 2), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
}

static void cr0_enters_long_mode(void)
{
	fresh();
	machine_set_field(0, GUEST_IA32_EFER, EFER_LME);
	machine_set_field(0, GUEST_CR4, CR4_VMXE | CR4_PAE);
	vcpus[0].gpr[RAX] = CR0_PE | CR0_PG | CR0_NE | CR0_WP;
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 0, 3), ACTION_SKIP);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_IA32_EFER), EFER_LME | EFER_LMA);
	CU_ASSERT_NOT_EQUAL(machine_field(0, VM_ENTRY_CONTROLS) & ENTRY_CTL_IA32E_MODE_GUEST, 0);
	CU_ASSERT_NOT_EQUAL(machine_field(0, GUEST_CR0) & CR0_PG, 0);
}

static void cr0_with_paging_but_no_protection_faults(void)
{
	fresh();
	vcpus[0].gpr[RAX] = CR0_PG | CR0_NE;
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 0, 3), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
}

static void cr4_refuses_what_cpuid_hides(void)
{
	fresh();
	vcpus[0].gpr[RAX] = CR4_VMXE;
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 4, 3), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
	CU_ASSERT_EQUAL(machine_field(0, GUEST_CR4), CR4_VMXE);
}

static void cr8_keeps_four_bits(void)
{
	fresh();
	vcpus[0].gpr[RBX] = 9;
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 8 | RBX << 8, 4), ACTION_SKIP);
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 8 | 1 << 4 | RDX << 8, 4), ACTION_SKIP);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RDX], 9);
	vcpus[0].gpr[RBX] = 16;
	CU_ASSERT_EQUAL(handle(EXIT_CR_ACCESS, 8 | RBX << 8, 4), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_GP));
}

static void hlt_waits_with_interrupts_and_ends_without(void)
{
	fresh();
	(void)handle(EXIT_HLT, 0, 1);
	CU_ASSERT_EQUAL(vcpus[0].state, VCPU_HALTED);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1001);
	fresh();
	machine_set_field(0, GUEST_RFLAGS, RFLAGS_FIXED);
	(void)handle(EXIT_HLT, 0, 1);
	CU_ASSERT_EQUAL(vcpus[0].state, VCPU_ENDED);
	CU_ASSERT_EQUAL(vcpus[0].end, LINK_END_HALT);
}

static void vmx_instructions_are_undefined(void)
{
	static const u32 reasons[] = { EXIT_VMCLEAR, EXIT_VMLAUNCH, EXIT_VMPTRLD, EXIT_VMPTRST, EXIT_VMREAD, EXIT_VMRESUME,
				       EXIT_VMWRITE, EXIT_VMXOFF, EXIT_VMXON, EXIT_INVEPT, EXIT_INVVPID, EXIT_VMFUNC,
				       EXIT_GETSEC, EXIT_MONITOR, EXIT_MWAIT, EXIT_XSAVES, EXIT_XRSTORS, EXIT_INVPCID };

	for (u32 i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		fresh();
		CU_ASSERT_EQUAL(handle(reasons[i], 0, 3), ACTION_RESUME);
		CU_ASSERT_TRUE(pending(VECTOR_UD));
		CU_ASSERT_EQUAL(machine_field(0, GUEST_RIP), 0x1000);
		CU_ASSERT_EQUAL(vcpus[0].position, 1);	/* its delivery */
	}
}

static void unknown_reasons_stop(void)
{
	static const u32 reasons[] = { EXIT_SIPI, EXIT_INIT, EXIT_MONITOR_TRAP_FLAG, EXIT_APIC_ACCESS, EXIT_EPT_MISCONFIGURATION,
				       35, 38, 42, 65, 69, 70, 1000, 0xffff,
				       EXIT_REASON_ENTRY_FAILURE | EXIT_INVALID_GUEST_STATE,
				       EXIT_REASON_ENTRY_FAILURE | EXIT_CPUID };

	for (u32 i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		fresh();
		if (reasons[i] == 69)
			continue;	/* LOADIWKEY has a name and an answer */
		CU_ASSERT_EQUAL(handle(reasons[i], 0, 3), ACTION_STOP);
	}
}

static void an_access_outside_ram_reads_ones_and_a_write_stops(void)
{
	fresh();
	machine_set_field(0, GUEST_PHYSICAL_ADDRESS, 0x200000);
	CU_ASSERT_EQUAL(handle(EXIT_EPT_VIOLATION, 0x182, 0), ACTION_STOP);
	CU_ASSERT_EQUAL(handle(EXIT_EPT_VIOLATION, 0x184, 0), ACTION_STOP);
}

static void every_reason_has_a_name(void)
{
	for (u32 i = 0; i < EXIT_REASONS; i++) {
		bool unused = i == 35 || i == 38 || i == 42 || i == 65;	/* SDM 3D table C-1 */

		CU_ASSERT_EQUAL(exit_name(i) == NULL, unused);
	}
}

static void random_numbers_set_carry_and_the_right_width(void)
{
	fresh();
	vcpus[0].entropy[0] = 1;
	vcpus[0].gpr[RBX] = 0x1111111111111111ull;
	machine_set_field(0, GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_ARITHMETIC);
	mem_write(RAM_HPA + machine_field(0, GUEST_RIP), 4, 0xf3c70f66);	/* RDRAND BX */
	machine_set_field(0, VM_EXIT_INSTRUCTION_INFO, RBX << 3 | 1u << 11);	/* as Bochs reports it: 32 bits */
	CU_ASSERT_EQUAL(handle(EXIT_RDRAND, 0, 4), ACTION_SKIP);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RBX] >> 16, 0x111111111111ull);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_RFLAGS), RFLAGS_FIXED | RFLAGS_CF);
	mem_write(RAM_HPA + machine_field(0, GUEST_RIP), 4, 0x90f3c70f);	/* RDRAND EBX */
	CU_ASSERT_EQUAL(handle(EXIT_RDRAND, 0, 3), ACTION_SKIP);
	CU_ASSERT_EQUAL(vcpus[0].gpr[RBX] >> 32, 0);
}

static void xsetbv_takes_only_sane_values(void)
{
	static const struct { u64 value; bool good; } cases[] = {
		{ 1, true }, { 3, true }, { 7, true }, { 0, false }, { 2, false }, { 5, false }, { 0xf, false }, { 0x87, false },
	};

	for (u32 i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fresh();
		vcpus[0].gpr[RAX] = cases[i].value;
		CU_ASSERT_EQUAL(handle(EXIT_XSETBV, 0, 3), cases[i].good ? ACTION_SKIP : ACTION_RESUME);
		CU_ASSERT_EQUAL(machine_xcr0, cases[i].good ? cases[i].value : 0);
	}
}

static void debug_registers_fault_when_guarded(void)
{
	fresh();
	machine_set_field(0, GUEST_DR7, DR7_FIXED | DR7_GD);
	CU_ASSERT_EQUAL(handle(EXIT_MOV_DR, 0, 3), ACTION_RESUME);
	CU_ASSERT_TRUE(pending(VECTOR_DB));
	CU_ASSERT_EQUAL(machine_dr[6], DR6_BD);
	CU_ASSERT_EQUAL(machine_field(0, GUEST_DR7), DR7_FIXED);
}

const struct test_case test_exit_cases[] = {
	{ "CPUID skips the instruction and counts a tick", cpuid_skips_the_instruction },
	{ "every CPUID leaf is the table's and clears the high halves", every_leaf_is_the_table_and_clears_the_high_halves },
	{ "CPUID.OSXSAVE follows CR4", osxsave_follows_cr4 },
	{ "the STI shadow ends with a completed instruction", the_sti_shadow_ends_with_a_completed_instruction },
	{ "single-stepping traps after a completed instruction", single_stepping_traps_after_a_completed_instruction },
	{ "EIP wraps outside 64-bit code", eip_wraps_outside_64_bit_code },
	{ "IN changes only the accessed part of RAX", in_changes_only_the_accessed_part_of_rax },
	{ "the debug console and the exit device work", the_console_and_the_exit_device_work },
	{ "a mark is reported with the position", a_mark_is_reported_with_the_position },
	{ "REP OUTSB takes an iteration an exit", rep_outsb_takes_an_iteration_an_exit },
	{ "INS beyond the segment limit faults", ins_beyond_the_segment_limit_faults_before_the_port_is_read },
	{ "unknown MSRs fault, known ones answer", unknown_msrs_fault_and_known_ones_answer },
	{ "EFER takes only its own bits", efer_takes_only_its_own_bits },
	{ "MOV to CR0 enters long mode", cr0_enters_long_mode },
	{ "CR0 with paging but no protection faults", cr0_with_paging_but_no_protection_faults },
	{ "CR4 refuses what CPUID hides", cr4_refuses_what_cpuid_hides },
	{ "CR8 keeps four bits", cr8_keeps_four_bits },
	{ "HLT waits with interrupts on and ends the VM without", hlt_waits_with_interrupts_and_ends_without },
	{ "VMX and hidden instructions are undefined", vmx_instructions_are_undefined },
	{ "unknown exit reasons stop the VM", unknown_reasons_stop },
	{ "writes and fetches outside RAM stop the VM", an_access_outside_ram_reads_ones_and_a_write_stops },
	{ "every exit reason of the SDM has a name", every_reason_has_a_name },
	{ "RDRAND sets CF and writes its width only", random_numbers_set_carry_and_the_right_width },
	{ "XSETBV takes only valid values", xsetbv_takes_only_sane_values },
	{ "MOV DR faults under DR7.GD", debug_registers_fault_when_guarded },
	{ 0 }
};
