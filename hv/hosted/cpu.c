/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted body of the CPU door: a VMCS in an array for each VM that rejects unknown and read-only fields. */
#include "cpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hosted.h"
#include "machine.h"
#include "vcpu.h"
#include "vmcs.h"

u64 machine_msr[8], machine_cr2, machine_dr[8], machine_xcr0;
u32 machine_invept_count;

static u64 fields[VM_MAX][MACHINE_FIELDS];
static bool known[MACHINE_FIELDS];	/* fields that vmcs.def names */
static machine_guest *play;
static vm_id current;
static u64 ticks;

static void learn_fields(void)
{
#define VMCS_FIELD(name, encoding, width) known[machine_index(encoding)] = true;
#include "vmcs.def"
#undef VMCS_FIELD
}

void machine_reset(machine_guest *guest)
{
	learn_fields();
	hosted_mem_reset();
	memset(fields, 0, sizeof(fields));
	memset(machine_msr, 0, sizeof(machine_msr));
	memset(machine_dr, 0, sizeof(machine_dr));
	memset(vcpus, 0, sizeof(vcpus));
	machine_cr2 = machine_xcr0 = ticks = 0;
	machine_invept_count = 0;
	machine_report_count = 0;
	machine_message[0] = '\0';
	play = guest;
	machine_input_reset();
}

u64 machine_field(vm_id vm, u32 field)
{
	return fields[vm][machine_index(field)];
}

u64 *machine_fields(vm_id vm)
{
	return fields[vm];
}

static u64 truncate(u32 field, u64 value)
{
	switch (vmcs_width(field)) {
	case VMCS_WIDTH_16:
		return value & 0xffff;
	case VMCS_WIDTH_32:
		return value & 0xffffffff;
	default:
		return value;
	}
}

void machine_set_field(vm_id vm, u32 field, u64 value)
{
	fields[vm][machine_index(field)] = truncate(field, value);
}

/* True for a field of vmcs.def. */
static bool exists(u32 field)
{
	return (field & ~0x6c3eu) == 0 && known[machine_index(field)];
}

u64 cpu_vmread(vm_id vm, u32 field)
{
	ASSERT(vm < VM_MAX && exists(field), field);
	return fields[vm][machine_index(field)];
}

void cpu_vmwrite(vm_id vm, u32 field, u64 value)
{
	ASSERT(vm < VM_MAX && exists(field), field);
	ASSERT(vmcs_kind(field) != VMCS_READ_ONLY, field);
	fields[vm][machine_index(field)] = truncate(field, value);
}

void cpu_vmclear(vm_id vm)
{
	memset(fields[vm], 0, sizeof(fields[vm]));
}

void cpu_vmptrld(vm_id vm)
{
	current = vm;
}

void cpu_host_state(vm_id vm)
{
	machine_set_field(vm, HOST_CS_SELECTOR, 8);
}

s64 cpu_enter(vm_id vm, u64 tsc)
{
	s64 ran;

	ASSERT(vm == current, vm);
	ASSERT(play != NULL, vm);
	ran = play(vm, tsc);
	/* SDM 3C 27.2.3: an event that was delivered is no longer in the VM-entry field */
	fields[vm][machine_index(VM_ENTRY_INTERRUPTION_INFO)] &= ~(u64)EVENT_VALID;
	if (ran > 0)
		ticks += (u64)ran;
	return ran;
}

void cpu_invept(u64 eptp)
{
	(void)eptp;
	machine_invept_count++;
}

void cpu_invvpid(vm_id vm)
{
	(void)vm;
}

static u64 *msr_slot(u32 msr)
{
	switch (msr) {
	case IA32_STAR: return &machine_msr[0];
	case IA32_LSTAR: return &machine_msr[1];
	case IA32_CSTAR: return &machine_msr[2];
	case IA32_FMASK: return &machine_msr[3];
	case IA32_KERNEL_GS_BASE: return &machine_msr[4];
	case IA32_TSC_AUX: return &machine_msr[5];
	case IA32_XSS: return &machine_msr[6];
	default:
		cpu_panic(__FILE__, __LINE__, "unknown MSR", msr);
	}
}

u64 cpu_msr_read(u32 msr)
{
	return *msr_slot(msr);
}

void cpu_msr_write(u32 msr, u64 value)
{
	*msr_slot(msr) = value;
}

u64 cpu_cr2_read(void)
{
	return machine_cr2;
}

void cpu_cr2_write(u64 value)
{
	machine_cr2 = value;
}

u64 cpu_dr_read(u32 n)
{
	return machine_dr[n & 7u];
}

void cpu_dr_write(u32 n, u64 value)
{
	machine_dr[n & 7u] = value;
}

void cpu_xcr0_write(u64 value)
{
	machine_xcr0 = value;
}

void cpu_xsave(vm_id vm)
{
	ASSERT(machine_xcr0 == CPU_XCR0, vm);	/* else a component stays behind */
}

void cpu_xrstor(vm_id vm)
{
	ASSERT(machine_xcr0 == CPU_XCR0, vm);
}

u8 *cpu_xsave_area(vm_id vm)
{
	static u8 areas[VM_MAX][PAGE_BYTES];

	return areas[vm];
}

void cpu_nmi_unblock(void)
{
}

u64 cpu_ticks(void)
{
	return ticks;
}

u64 cpu_physical(const u64 *object)
{
	return (u64)(uintptr_t)object;
}

void cpu_panic(const char *file, u32 line, const char *what, u64 value)
{
	fprintf(stderr, "%s:%u: %s, value %llx\n", file, line, what, (unsigned long long)value);
	abort();
}
