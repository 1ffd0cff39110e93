/* SPDX-License-Identifier: BSD-2-Clause */
/* What exits must do that touch guest memory or devices: INS, OUTS, PDPTE loads, EPT violations. */
#include "cpuid.h"
#include "spec/effects/effects.h"
#include "guest.h"
#include "gwalk.h"
#include "link.h"

bool effects_read(vm_id vm, const struct writes *writes, u64 gpa, u32 bytes, u64 *value)
{
	if (!effects_memory(vm, gpa, bytes, value))
		return false;
	for (u32 i = 0; i < writes->count; i++) {
		for (u32 k = 0; k < writes->write[i].bytes; k++) {
			u64 at = writes->write[i].gpa + k - gpa;	/* wraps if below */

			if (at < bytes)
				*value = (*value & ~(0xffull << 8 * at)) | (writes->write[i].value >> 8 * k & 0xff) << 8 * at;
		}
	}
	return true;
}

void effects_write(struct writes *writes, u64 gpa, u32 bytes, u64 value)
{
	if (writes->count == ORACLE_WRITES)
		oracle_fail("the model's write list is long enough", "spec/effects/effects.h", "%u writes", writes->count);
	writes->write[writes->count].gpa = gpa;
	writes->write[writes->count].bytes = bytes;
	writes->write[writes->count++].value = value;
}

bool effects_pdptes(struct state *s, vm_id vm, u64 cr3)
{
	static const struct writes none;
	u64 pdpte[4];

	for (u32 i = 0; i < 4; i++) {
		if (!effects_read(vm, &none, (u32)cr3 / 32 * 32 + 8 * i, 8, &pdpte[i]))
			return false;
		if ((pdpte[i] & 1) != 0 && ((pdpte[i] & 0x1e6) != 0 || pdpte[i] >> CPUID_MAXPHYADDR != 0))
			return false;
	}
	for (u32 i = 0; i < 4; i++)
		s->field[state_index(GUEST_PDPTE0 + 2 * i)] = pdpte[i];
	return true;
}

struct walk_state effects_paging(const struct state *s, bool implicit)
{
	struct walk_state w = {
		.cr0 = FIELD(s, GUEST_CR0), .cr3 = FIELD(s, GUEST_CR3), .cr4 = FIELD(s, GUEST_CR4),
		.efer = FIELD(s, GUEST_IA32_EFER), .maxphyaddr = CPUID_MAXPHYADDR,
		.user = !implicit && AR_DPL((u32)FIELD(s, GUEST_SS_ACCESS_RIGHTS)) == 3,
		.ac = !implicit && (FIELD(s, GUEST_RFLAGS) & RFLAGS_AC) != 0,
	};

	for (u32 i = 0; i < 4; i++)
		w.pdpte[i] = s->field[state_index(GUEST_PDPTE0 + 2 * i)];
	return w;
}

/* SDM 3A 5.3, 5.4 and 3A 3.3.7.1. False: #SS or #GP. */
bool effects_linear(const struct state *s, u32 seg, u64 offset, u32 bytes, bool write, u64 *linear)
{
	bool code64 = (FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0 && (FIELD(s, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0;
	u32 ar = (u32)s->field[state_index(GUEST_ES_ACCESS_RIGHTS + 2 * seg)];
	u64 base = s->field[state_index(GUEST_ES_BASE + 2 * seg)], limit = s->field[state_index(GUEST_ES_LIMIT + 2 * seg)];
	u64 first = offset, last = offset + bytes - 1;

	if (code64) {
		first = *linear = offset + (seg >= SEG_FS ? base : 0);
		last = first + bytes - 1;
		return (u64)((s64)(first << 16) >> 16) == first && (u64)((s64)(last << 16) >> 16) == last;
	}
	*linear = (u32)(base + offset);
	if ((ar & 0x10000) != 0)
		return false;
	if ((ar & 0xc) == 4) {	/* expand-down */
		if (first <= limit || last > ((ar & 0x4000) != 0 ? 0xffffffffull : 0xffffull))
			return false;
	} else if (last > limit) {
		return false;
	}
	if ((FIELD(s, GUEST_CR0) & CR0_PE) == 0 || (FIELD(s, GUEST_RFLAGS) & RFLAGS_VM) != 0)
		return true;
	return write ? (ar & 0xa) == 2 : (ar & 0xa) != 8;
}

/* Adds to the part of a register that the address size selects. */
static void step_register(struct state *s, u32 n, u64 mask, u64 by)
{
	u64 sum = (s->gpr[n] + by) & mask;

	s->gpr[n] = mask == 0xffff ? (s->gpr[n] & ~mask) | sum : sum;
}

/* One iteration of INS or OUTS (SDM 2A, 2B; operand information in 3C table 27-8). */
bool effects_string_io(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes)
{
	u32 width = (x->qualification & 7) + 1, size = x->info >> 7 & 7;
	bool in = (x->qualification & 8) != 0, rep = (x->qualification & 32) != 0;
	u64 mask = size == 0 ? 0xffff : size == 1 ? 0xffffffff : ~0ull;
	u32 seg = in ? SEG_ES : x->info >> 15 & 7, n = in ? RDI : RSI;
	u64 by = (FIELD(s, GUEST_RFLAGS) & RFLAGS_DF) != 0 ? (u64)0 - width : width;
	struct walk_state w = effects_paging(s, false);
	u64 linear, gpa[8], value = 0;
	u32 error;

	if (rep && (s->gpr[RCX] & mask) == 0) {
		effects_skip(s, x->length);
		return true;
	}
	if (!effects_linear(s, seg, s->gpr[n] & mask, width, in, &linear)) {
		effects_fault(s, seg == SEG_SS ? 12 : 13, 0);
		return true;
	}
	for (u32 i = 0; i < width; i++) {	/* byte by byte: a new page where one begins */
		u64 at = linear + i;

		if (i > 0 && (at & 0xfff) != 0) {
			gpa[i] = gpa[i - 1] + 1;
			continue;
		}
		switch (walk(vm, writes, &w, at, in ? GWALK_WRITE : 0, &gpa[i], &error)) {
		case WALK_FAULT:
			s->cr2 = (FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0 ? at : (u32)at;
			effects_fault(s, 14, error);
			return true;
		case WALK_OUTSIDE:
			effects_end(s, LINK_END_STOPPED, EXIT_IO_INSTRUCTION);
			return true;
		default:
			break;
		}
	}
	for (u32 i = 0; i < width; i++) {
		u64 byte = 0xff;	/* outside RAM reads find ones */

		if (!effects_read(vm, writes, gpa[i], 1, &byte) && in) {
			effects_end(s, LINK_END_STOPPED, EXIT_IO_INSTRUCTION);
			return true;
		}
		value |= byte << 8 * i;
	}
	if (in) {
		value = effects_in(s, vm, (u16)(x->qualification >> 16), width);
		for (u32 i = 0; i < width; i++)
			effects_write(writes, gpa[i], 1, value >> 8 * i & 0xff);
	} else {
		effects_out(s, vm, (u16)(x->qualification >> 16), width, (u32)value);
	}
	step_register(s, n, mask, by);
	if (rep)
		step_register(s, RCX, mask, ~0ull);
	effects_skip(s, rep && (s->gpr[RCX] & mask) != 0 ? 0 : x->length);
	return true;
}

bool effects_operand_16(const struct state *s, vm_id vm, u32 length, struct writes *writes)
{
	struct walk_state w = effects_paging(s, true);
	bool by_default = (FIELD(s, GUEST_CS_ACCESS_RIGHTS) & (AR_L | AR_DB)) == 0;
	u64 gpa, byte;
	u32 error;

	w.ac = true;
	for (u32 i = 0; i < length; i++) {
		u64 linear = FIELD(s, GUEST_CS_BASE) + FIELD(s, GUEST_RIP) + i;

		if (walk(vm, writes, &w, linear, 0, &gpa, &error) != WALK_OK)
			break;
		if (!effects_read(vm, writes, gpa, 1, &byte) || byte == 0x0f)
			break;
		if (byte == 0x66)
			return !by_default;
	}
	return by_default;
}

/* DESIGN: all RAM is mapped, so an access outside it: reads find ones, writes and fetches stop the VM. */
bool effects_ept(struct state *s, vm_id vm, const struct vmexit *x)
{
	if ((x->vectoring & EVENT_VALID) != 0)
		effects_vectoring(s, x);
	else if ((x->qualification & 0x1000) != 0)
		FIELD(s, GUEST_INTERRUPTIBILITY_STATE) |= BLOCKING_BY_NMI;
	if ((x->qualification & 6) != 0 || x->gpa >> 48 != 0 || !effects_outside(vm, x->gpa))
		effects_end(s, LINK_END_STOPPED, EXIT_EPT_VIOLATION);
	return true;
}
