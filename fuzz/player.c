/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest can do to its own state (player_mode.c has whole modes), and the exits that a processor can report. */
#include "player.h"
#include <string.h>
#include "dev/board.h"
#include "gmem.h"
#include "guest.h"
#include "machine.h"
#include "mem.h"
#include "oracle.h"
#include "player_mode.h"

/* The upper halves of registers of which an instruction uses the lower ones. */
#define STALE 0x5a5a5a5a00000000ull

#define F(name) field[machine_index(name)]

/* Guest-state fields that instructions change without an exit. */
static const u32 guest_fields[] = {
	GUEST_RIP, GUEST_RSP, GUEST_RFLAGS, GUEST_CR0, GUEST_CR3, GUEST_CR4, GUEST_INTERRUPTIBILITY_STATE,
	GUEST_PENDING_DEBUG_EXCEPTIONS, GUEST_SYSENTER_CS, GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP,
	GUEST_GDTR_BASE, GUEST_GDTR_LIMIT, GUEST_IDTR_BASE, GUEST_IDTR_LIMIT,
	GUEST_PDPTE0, GUEST_PDPTE1, GUEST_PDPTE2, GUEST_PDPTE3,
	GUEST_ES_SELECTOR, GUEST_ES_BASE, GUEST_ES_LIMIT, GUEST_ES_ACCESS_RIGHTS,
	GUEST_CS_SELECTOR, GUEST_CS_BASE, GUEST_CS_LIMIT, GUEST_CS_ACCESS_RIGHTS,
	GUEST_SS_SELECTOR, GUEST_SS_BASE, GUEST_SS_LIMIT, GUEST_SS_ACCESS_RIGHTS,
	GUEST_DS_SELECTOR, GUEST_DS_BASE, GUEST_DS_LIMIT, GUEST_DS_ACCESS_RIGHTS,
	GUEST_FS_SELECTOR, GUEST_FS_BASE, GUEST_FS_LIMIT, GUEST_FS_ACCESS_RIGHTS,
	GUEST_GS_SELECTOR, GUEST_GS_BASE, GUEST_GS_LIMIT, GUEST_GS_ACCESS_RIGHTS,
	GUEST_LDTR_SELECTOR, GUEST_LDTR_BASE, GUEST_LDTR_LIMIT, GUEST_LDTR_ACCESS_RIGHTS,
	GUEST_TR_SELECTOR, GUEST_TR_BASE, GUEST_TR_LIMIT, GUEST_TR_ACCESS_RIGHTS,
};
#define GUEST_FIELDS (sizeof(guest_fields) / sizeof(*guest_fields))

/* Writes a field if the state that results is one that passes the checks of a VM entry. */
static void try_field(vm_id vm, u32 name, u64 value)
{
	u64 *field = machine_fields(vm);
	u64 old = field[machine_index(name)], info = F(VM_ENTRY_INTERRUPTION_INFO);
	const char *source;

	machine_set_field(vm, name, value);
	F(VM_ENTRY_INTERRUPTION_INFO) = 0;
	if (entry_check(field, &source) != NULL)
		field[machine_index(name)] = old;
	F(VM_ENTRY_INTERRUPTION_INFO) = info;
}

static void apply_field(vm_id vm, u32 n, u64 value)
{
	const u64 *field = machine_fields(vm);
	u32 name = guest_fields[n % GUEST_FIELDS];

	if (name == GUEST_CR0 || name == GUEST_CR4) {	/* the guest owns what the mask leaves it */
		u64 mask = name == GUEST_CR0 ? F(CR0_GUEST_HOST_MASK) : F(CR4_GUEST_HOST_MASK);
		u64 fixed = name == GUEST_CR0 ? CR0_PG | CR0_PE : CR4_PAE;	/* changing modes is MODE's */

		mask |= fixed;
		value = (field[machine_index(name)] & mask) | (value & ~mask);
	}
	if (name == GUEST_CR3 && (F(GUEST_IA32_EFER) & EFER_LMA) == 0)
		value = (u32)value;
	if (name == GUEST_RIP)	/* an instruction at an address that is not canonical raises #GP before it can exit */
		value = (u64)((s64)(value << 16) >> 16);
	try_field(vm, name, value);
}

static void apply_register(vm_id vm, u32 n, u64 value)
{
	n %= GPRS + 1 + 4 + 6;
	if (n == RSP)
		try_field(vm, GUEST_RSP, value);
	else if (n < GPRS)
		vcpus[vm].gpr[n] = value;
	else if (n == GPRS)
		machine_cr2 = value;
	else if (n < GPRS + 5)
		machine_dr[n - GPRS - 1] = value;
	else
		machine_msr[n - GPRS - 5] = value;
}

static void apply_flags(vm_id vm, u32 rflags, u32 blocking)
{
	u64 *field = machine_fields(vm);

	try_field(vm, GUEST_INTERRUPTIBILITY_STATE, F(GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI);
	try_field(vm, GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
	try_field(vm, GUEST_RFLAGS, (F(GUEST_RFLAGS) & ~0xffffull) | (rflags & 0x7fd7) | RFLAGS_FIXED);
	try_field(vm, GUEST_INTERRUPTIBILITY_STATE, blocking & 0xb);
}

bool player_apply(vm_id vm, const struct step *step)
{
	const u64 *o = step->operand;

	switch (step->code) {
	case STEP_REG:
		apply_register(vm, (u32)o[0], o[1]);
		return true;
	case STEP_FIELD:
		apply_field(vm, (u32)o[0], o[1]);
		return true;
	case STEP_MEM:
		if (o[0] <= vm_ram[vm].bytes - 8)
			mem_write(vm_ram[vm].hpa + o[0], 8, o[1]);
		return true;
	case STEP_PTE:
		mem_write(vm_ram[vm].hpa + 0x10000 + o[0] % 8 * 0x1000 + o[1] % 512 * 8, 8, o[2]);
		return true;
	case STEP_MODE:
		player_mode(vm, (u32)o[0] % PLAYER_MODES);
		return true;
	case STEP_FLAGS:
		apply_flags(vm, (u32)o[0], (u32)o[1]);
		return true;
	default:
		return false;
	}
}

u64 player_ticks(const struct step *step)
{
	const struct step_kind *kind = step_kind(step->code);

	for (u32 i = 0; i < kind->operands; i++)
		if (strcmp(kind->operand[i].name, "ticks") == 0)
			return step->operand[i];
	return 0;
}

static void set_exit(vm_id vm, const struct vmexit *x)
{
	u64 *field = machine_fields(vm);

	F(VM_EXIT_REASON) = x->reason;
	F(EXIT_QUALIFICATION) = x->qualification;
	F(VM_EXIT_INSTRUCTION_LENGTH) = x->length;
	F(VM_EXIT_INSTRUCTION_INFO) = x->info;
	F(GUEST_PHYSICAL_ADDRESS) = x->gpa;
	F(GUEST_LINEAR_ADDRESS) = x->linear;
	F(VM_EXIT_INTERRUPTION_INFO) = x->interruption;
	F(VM_EXIT_INTERRUPTION_ERROR_CODE) = x->interruption_error;
	F(IDT_VECTORING_INFO) = x->vectoring;
	F(IDT_VECTORING_ERROR_CODE) = x->vectoring_error;
}

void player_plain_exit(vm_id vm, u32 reason, struct vmexit *out)
{
	*out = (struct vmexit){ .reason = reason };
	set_exit(vm, out);
}

static bool error_code_vector(u32 vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

/* Event information as a processor reports it (SDM 3C 24.9.2-3): types and vectors that belong together. */
static u32 event_of(const u64 *field, u32 type, u32 vector)
{
	bool pe = (F(GUEST_CR0) & CR0_PE) != 0;

	switch (type % 6) {
	case 0:
		return EVENT_VALID | (vector & 0xff);
	case 1:
		return EVENT_VALID | 0x202;
	case 2:
		return EVENT_VALID | 0x400 | (vector & 0xff);
	case 3:
		return EVENT_VALID | 0x501;
	case 4:
		return EVENT_VALID | 0x600 | (vector % 2 + 3);
	default:
		vector %= 22;
		if (vector == 2 || vector == 3 || vector == 4 || vector == 9 || vector == 15)
			vector = 13;
		if (vector == 21)
			vector = 14;
		return EVENT_VALID | 0x300 | vector | (pe && error_code_vector(vector) ? EVENT_ERROR_CODE : 0);
	}
}

/* IDT-vectoring information: bit 31 of the operand says whether there is any. */
static void vector_through(vm_id vm, struct vmexit *x, u64 operand, u64 error)
{
	u64 *field = machine_fields(vm);
	u64 blocking = F(GUEST_INTERRUPTIBILITY_STATE);
	u32 info;

	if ((operand & EVENT_VALID) == 0)
		return;
	info = event_of(field, (u32)operand >> 8 & 7, (u32)operand & 0xff);
	if (EVENT_TYPE(info) == EVENT_EXTERNAL && ((F(GUEST_RFLAGS) & RFLAGS_IF) == 0 || (blocking & 3) != 0))
		return;
	if (EVENT_TYPE(info) == EVENT_HARDWARE_EXCEPTION && EVENT_VECTOR(info) == 8 && EVENT_VECTOR(x->interruption) == 8)
		return;	/* a fault while #DF is delivered exits as itself, or is a triple fault */
	if (EVENT_TYPE(info) == EVENT_NMI) {
		if ((blocking & 3) != 0)
			return;
		F(GUEST_INTERRUPTIBILITY_STATE) |= BLOCKING_BY_NMI;	/* its delivery began */
	}
	x->vectoring = info | ((u32)operand & 0x1000);
	if ((info & EVENT_ERROR_CODE) != 0)
		x->vectoring_error = (u32)error & 0x7fff;
}

static bool exit_io_step(vm_id vm, const u64 *o, struct vmexit *x)
{
	static const u8 widths[4] = { 0, 1, 3, 0 };
	u32 flags = (u32)o[0];
	bool in = (flags & 4) != 0, string = (flags & 16) != 0, rep = (flags & 32) != 0 && string;
	u32 size = (flags >> 6) % 3;

	x->reason = EXIT_IO_INSTRUCTION;
	x->qualification = widths[flags & 3] | (in ? 8u : 0) | (string ? 16u : 0) | (rep ? 32u : 0) |
			   ((flags & 8) != 0 ? 64u : 0) | o[1] << 16;
	if (!string) {
		vcpus[vm].gpr[RAX] = o[3] | STALE;
		return true;
	}
	x->info = size << 7 | (u32)(o[3] % 6) << 15;
	if (!in && (o[3] & 0x80) == 0)
		x->info = (x->info & ~(7u << 15)) | SEG_DS << 15;
	return true;
}

static bool exit_cr_step(vm_id vm, const u64 *o, struct vmexit *x)
{
	static const u8 crs[4] = { 0, 3, 4, 8 };
	u32 access = (u32)o[0] >> 4 & 3, gpr = (u32)o[0] & 15, cr = crs[o[1] & 3];

	if (access == 1 && cr != 8)
		cr = 3;
	x->reason = EXIT_CR_ACCESS;
	x->qualification = (access < 2 ? cr : 0) | access << 4 | (access < 2 ? gpr << 8 : 0) | (access == 3 ? (o[2] & 0xffff) << 16 : 0);
	if (access == 0)
		apply_register(vm, gpr, o[2]);
	return true;
}

/* SDM 3C 25.1: instructions that exit before, and those that exit after, the privilege check. */
static bool privileged(u32 reason)
{
	switch (reason) {
	case EXIT_HLT: case EXIT_INVD: case EXIT_INVLPG: case EXIT_CR_ACCESS: case EXIT_MOV_DR: case EXIT_RDMSR: case EXIT_WRMSR:
	case EXIT_WBINVD: case EXIT_XSETBV: case EXIT_MONITOR: case EXIT_MWAIT:
		return true;
	default:
		return false;
	}
}

/* Any reason with raw numbers, brought into the form that the SDM gives them. */
static bool exit_any(vm_id vm, const u64 *o, struct vmexit *x)
{
	const u64 io[4] = { o[3], o[3] >> 16 & 0xffff, 0, o[4] }, cr[3] = { o[3], o[3] >> 8, o[4] };

	x->reason = (u32)o[0];
	x->qualification = o[3];
	x->info = (u32)o[4];
	x->gpa = o[3] & ((1ull << 40) - 1);
	switch (x->reason) {
	case EXIT_IO_INSTRUCTION:
		return exit_io_step(vm, io, x);
	case EXIT_CR_ACCESS:
		return exit_cr_step(vm, cr, x);
	case EXIT_MOV_DR:
		x->qualification &= 0xf17;
		return true;
	case EXIT_EXCEPTION_NMI:
		x->interruption = event_of(machine_fields(vm), 5, x->info);
		return true;
	case EXIT_RDRAND:
	case EXIT_RDSEED:
		if ((x->info >> 11 & 3) == 3)
			x->info ^= 1u << 11;
		return true;
	case EXIT_TASK_SWITCH:
		x->qualification = (o[3] & 0xffff) | (o[4] % 3) << 30;
		return (machine_field(vm, GUEST_CR0) & CR0_PE) != 0 && (machine_field(vm, GUEST_IA32_EFER) & EFER_LMA) == 0;
	default:
		return true;
	}
}

/* SDM 3C 24.9.2 */
static void exit_exception_step(vm_id vm, const u64 *o, struct vmexit *x)
{
	static const u8 types[4] = { 5, 5, 3, 4 };

	x->reason = EXIT_EXCEPTION_NMI;
	x->interruption = event_of(machine_fields(vm), types[o[1] & 3], (u32)o[0]);
	x->interruption_error = (x->interruption & EVENT_ERROR_CODE) != 0 ? (u32)o[2] & 0x7fff : 0;
	x->qualification = o[3];
	vector_through(vm, x, o[4], o[2] >> 16);
	if ((x->vectoring & EVENT_VALID) == 0)
		x->interruption |= (u32)o[1] << 5 & 0x1000;
}

bool player_exit(vm_id vm, const struct step *step, struct vmexit *x)
{
	const u64 *o = step->operand;
	bool possible = true;

	*x = (struct vmexit){ .length = 2 };
	switch (step->code) {
	case STEP_EXIT:
		x->length = (u32)o[1] % 15 + 1;
		possible = exit_any(vm, o, x);
		break;
	case STEP_IO:
		possible = exit_io_step(vm, o, x);
		break;
	case STEP_CPUID:
		x->reason = EXIT_CPUID;
		vcpus[vm].gpr[RAX] = o[0] | STALE;
		vcpus[vm].gpr[RCX] = o[1] | STALE;
		break;
	case STEP_MSR:
		x->reason = (o[0] & 1) != 0 ? EXIT_WRMSR : EXIT_RDMSR;
		vcpus[vm].gpr[RCX] = o[1] | STALE;
		vcpus[vm].gpr[RAX] = (u32)o[2] | STALE;
		vcpus[vm].gpr[RDX] = o[2] >> 32 | STALE;
		break;
	case STEP_CR:
		possible = exit_cr_step(vm, o, x);
		break;
	case STEP_DR:
		x->reason = EXIT_MOV_DR;
		x->qualification = (o[1] & 7) | (o[0] & 0x10) | (o[0] & 15) << 8;
		if ((o[0] & 0x10) == 0)
			apply_register(vm, (u32)o[0] & 15, o[2]);
		break;
	case STEP_EXCEPTION:
		exit_exception_step(vm, o, x);
		break;
	case STEP_EPT:
		x->reason = EXIT_EPT_VIOLATION;
		x->length = (u32)o[1] % 15 + 1;
		x->gpa = o[0] << 8 | (o[1] & 0xff);
		x->linear = o[1];
		x->qualification = o[2];
		vector_through(vm, x, o[3], o[3] >> 13);
		break;
	case STEP_TASK:
		x->reason = EXIT_TASK_SWITCH;
		x->length = (u32)o[2] % 15 + 1;
		x->qualification = (o[0] & 0xffff) | (o[1] & 3) << 30;
		possible = (machine_field(vm, GUEST_CR0) & CR0_PE) != 0 && (machine_field(vm, GUEST_IA32_EFER) & EFER_LMA) == 0;
		if ((o[1] & 3) == 3)
			vector_through(vm, x, o[3] | EVENT_VALID, o[4]);
		break;
	case STEP_HLT:
		x->reason = EXIT_HLT;
		x->length = 1;
		break;
	default:
		return false;
	}
	if (privileged(x->reason) && (machine_field(vm, GUEST_SS_ACCESS_RIGHTS) & 0x60) != 0)
		possible = false;
	set_exit(vm, x);
	return possible;
}
