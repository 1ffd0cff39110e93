/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted bodies of the doors against their contracts (hv/cpu.h, hv/mem.h, hv/input.h): what `ensures` promises and what
 * `assigns` leaves alone. The prover takes these contracts as given. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bitmaps.h"
#include "cpu.h"
#include "input.h"
#include "machine.h"
#include "mem.h"
#include "swap.h"
#include "test.h"
#include "vcpu.h"
#include "vmcs.h"
#include "x86.h"

static const u32 known[] = {
#define VMCS_FIELD(name, encoding, width) encoding,
#include "vmcs.def"
#undef VMCS_FIELD
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static u64 before[VM_MAX][KNOWN];

static void remember(void)
{
	for (vm_id vm = 0; vm < VM_MAX; vm++)
		for (u32 i = 0; i < KNOWN; i++)
			before[vm][i] = machine_field(vm, known[i]);
}

/* How many fields of all VMs differ from what remember saw. */
static u32 changed(void)
{
	u32 n = 0;

	for (vm_id vm = 0; vm < VM_MAX; vm++)
		for (u32 i = 0; i < KNOWN; i++)
			n += before[vm][i] != machine_field(vm, known[i]);
	return n;
}

static u64 fitting(u32 field)
{
	switch (vmcs_width(field)) {
	case VMCS_WIDTH_16: return 0xa55a;
	case VMCS_WIDTH_32: return 0xa55a5aa5;
	default: return 0xa55a5aa51234fedcull;
	}
}

static s64 runs_nothing(vm_id vm, u64 tsc)
{
	(void)vm;
	(void)tsc;
	return 7;
}

static void a_write_changes_one_field(void)
{
	machine_reset(runs_nothing);
	for (vm_id vm = 0; vm < VM_MAX; vm += VM_MAX - 1) {
		cpu_vmptrld(vm);
		for (u32 i = 0; i < KNOWN; i++) {
			if (vmcs_kind(known[i]) == VMCS_READ_ONLY)
				continue;
			remember();
			cpu_vmwrite(vm, known[i], fitting(known[i]));
			CU_ASSERT_EQUAL(cpu_vmread(vm, known[i]), fitting(known[i]));
			CU_ASSERT_EQUAL(changed(), 1);
		}
	}
}

static void what_is_read_fits_the_field(void)
{
	machine_reset(runs_nothing);
	cpu_vmptrld(0);
	for (u32 i = 0; i < KNOWN; i++) {
		machine_set_field(0, known[i], ~0ull);
		if (vmcs_width(known[i]) == VMCS_WIDTH_16)
			CU_ASSERT_TRUE(cpu_vmread(0, known[i]) <= 0xffff);
		if (vmcs_width(known[i]) == VMCS_WIDTH_32)
			CU_ASSERT_TRUE(cpu_vmread(0, known[i]) <= 0xffffffff);
	}
}

/* Whether `door` stops the machine (abort), tried in a child. */
static bool stops(void (*door)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		door();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status);
}

static void write_unknown(void) { cpu_vmwrite(0, 0x6830, 1); }
static void write_read_only(void) { cpu_vmwrite(0, VM_EXIT_REASON, 1); }
static void write_known(void) { cpu_vmwrite(0, GUEST_RIP, 1); }

static void unknown_and_read_only_fields_stop(void)
{
	machine_reset(runs_nothing);
	cpu_vmptrld(0);
	CU_ASSERT_TRUE(stops(write_unknown));
	CU_ASSERT_TRUE(stops(write_read_only));
	CU_ASSERT_FALSE(stops(write_known));
}

static void vmclear_touches_one_vm(void)
{
	machine_reset(runs_nothing);
	for (vm_id vm = 0; vm < VM_MAX; vm++) {
		cpu_vmptrld(vm);
		cpu_vmwrite(vm, GUEST_RIP, 0x1000 + vm);
	}
	cpu_vmclear(3);
	for (vm_id vm = 0; vm < VM_MAX; vm++)
		CU_ASSERT_EQUAL(machine_field(vm, GUEST_RIP), vm == 3 ? 0 : 0x1000 + vm);
}

static void registers_keep_what_was_written(void)
{
	static const u32 msr[] = { IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK, IA32_KERNEL_GS_BASE, IA32_TSC_AUX, IA32_XSS };
	static const u32 dr[] = { 0, 1, 2, 3, 6 };

	machine_reset(runs_nothing);
	for (u32 i = 0; i < 7; i++)
		cpu_msr_write(msr[i], 0x100 + i);
	for (u32 i = 0; i < 5; i++)
		cpu_dr_write(dr[i], 0x200 + i);
	cpu_cr2_write(0x300);
	for (u32 i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(cpu_msr_read(msr[i]), 0x100 + i);
	for (u32 i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(cpu_dr_read(dr[i]), 0x200 + i);
	CU_ASSERT_EQUAL(cpu_cr2_read(), 0x300);
}

static void an_entry_takes_the_event_and_no_control(void)
{
	machine_reset(runs_nothing);
	cpu_vmptrld(2);
	cpu_vmwrite(2, VM_ENTRY_INTERRUPTION_INFO, EVENT_VALID | 0x20);
	remember();
	CU_ASSERT_EQUAL(cpu_enter(2, 5), 7);
	CU_ASSERT_FALSE(EVENT_IS_VALID(machine_field(2, VM_ENTRY_INTERRUPTION_INFO)));
	CU_ASSERT_EQUAL(changed(), 1);
}

static void memory_writes_touch_their_bytes(void)
{
	static const u32 widths[] = { 1, 2, 4, 8 };

	machine_reset(runs_nothing);
	for (u32 i = 0; i < 4; i++) {
		u64 hpa = 0x200ffdull + 0x10000 * i;	/* across a page for all but one width */
		u64 limit = widths[i] == 8 ? ~0ull : (1ull << 8 * widths[i]) - 1;

		for (u32 k = 0; k < 32; k++)
			mem_write(hpa - 8 + k, 1, 0x40 + k);
		mem_write(hpa, widths[i], 0xa1a2a3a4a5a6a7a8ull);
		CU_ASSERT_EQUAL(mem_read(hpa, widths[i]), 0xa1a2a3a4a5a6a7a8ull & limit);
		for (u32 k = 0; k < 32; k++)
			if (k < 8 || k >= 8 + widths[i])
				CU_ASSERT_EQUAL(mem_read(hpa - 8 + k, 1), 0x40 + k);
	}
}

static void console_bytes_go_to_their_vm(void)
{
	machine_reset(runs_nothing);
	machine_type(1, "x");
	CU_ASSERT_EQUAL(input_console(0), INPUT_NONE);
	CU_ASSERT_EQUAL(input_console(1), 'x');
	CU_ASSERT_EQUAL(input_console(1), INPUT_NONE);
	output_console(5, 'y');
	for (vm_id vm = 0; vm < VM_MAX; vm++)
		CU_ASSERT_EQUAL(strlen(machine_console[vm]), vm == 5);
}

/* Not a door, but what bitmaps_closed says in numbers. */
static void the_bitmaps_let_eleven_msrs_through(void)
{
	static const u32 owned[] = {
		IA32_SYSENTER_CS, IA32_SYSENTER_ESP, IA32_SYSENTER_EIP, IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK,
		IA32_FS_BASE, IA32_GS_BASE, IA32_KERNEL_GS_BASE, IA32_TSC_AUX
	};
	u32 clear = 0;

	bitmaps_reset(4);
	for (u32 i = 0; i < 512; i++) {
		clear += (u32)__builtin_popcountll(~vm_bitmaps[4].msr[i]);
		CU_ASSERT_EQUAL(vm_bitmaps[4].io_a[i] & vm_bitmaps[4].io_b[i], ~0ull);
	}
	CU_ASSERT_EQUAL(clear, 2 * 11);
	for (u32 i = 0; i < 11; i++) {
		u32 bit = (owned[i] & 0x1fff) + (owned[i] >= 0xc0000000 ? 8192 : 0);

		CU_ASSERT_EQUAL(vm_bitmaps[4].msr[bit / 64] >> bit % 64 & 1, 0);
		CU_ASSERT_EQUAL(vm_bitmaps[4].msr[256 + bit / 64] >> bit % 64 & 1, 0);
	}
}

static void swapping_leaves_nothing_behind(void)
{
	machine_reset(runs_nothing);
	memset(vcpus, 0, sizeof(vcpus));
	vcpus[0].xcr0 = vcpus[1].xcr0 = 1;
	swap_in(0);
	for (u32 i = 0; i < 4; i++)
		cpu_dr_write(i, 0x5ec0 + i);
	cpu_dr_write(6, 0x5ec6);
	cpu_cr2_write(0x5ec7);
	cpu_msr_write(IA32_LSTAR, 0x5ec8);
	cpu_msr_write(IA32_XSS, 0x5ec9);
	swap_out(0);
	swap_in(1);
	for (u32 i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(cpu_dr_read(i), 0);
	CU_ASSERT_EQUAL(cpu_dr_read(6) | cpu_cr2_read() | cpu_msr_read(IA32_LSTAR) | cpu_msr_read(IA32_XSS), 0);
	swap_out(1);
	swap_in(0);
	CU_ASSERT_EQUAL(cpu_dr_read(3), 0x5ec3);
	CU_ASSERT_EQUAL(cpu_cr2_read(), 0x5ec7);
	CU_ASSERT_EQUAL(cpu_msr_read(IA32_LSTAR), 0x5ec8);
}

const struct test_case test_cpu_cases[] = {
	{ "a VMWRITE changes one field of one VM", a_write_changes_one_field },
	{ "what is read fits the width of the field", what_is_read_fits_the_field },
	{ "unknown and read-only fields stop the machine", unknown_and_read_only_fields_stop },
	{ "VMCLEAR touches one VM", vmclear_touches_one_vm },
	{ "registers keep what was written", registers_keep_what_was_written },
	{ "an entry takes the event and changes no control", an_entry_takes_the_event_and_no_control },
	{ "memory writes touch their bytes only", memory_writes_touch_their_bytes },
	{ "console bytes go to their VM", console_bytes_go_to_their_vm },
	{ "the bitmaps let eleven MSRs through and no port", the_bitmaps_let_eleven_msrs_through },
	{ "swapping leaves nothing of the other VM behind", swapping_leaves_nothing_behind },
	{ 0 }
};
