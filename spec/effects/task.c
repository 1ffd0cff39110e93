/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hardware task switch must do (SDM 3A 7.2.1, 7.3; exit qualification in 3C table 27-2). The order of table 7-1's
 * rows: the new TSS's descriptor, both TSSs in memory, busy flags, registers, CR3, then LDTR and the segment registers, whose
 * faults belong to the new task. What a processor has checked before it exits, and tasks whose memory overlaps or is not
 * there, are outside the model.
 */
#include "spec/effects/effects.h"
#include "link.h"
#include "x86.h"

enum { BY_CALL, BY_IRET, BY_JMP, BY_GATE };

/* A descriptor as it lies in memory. */
struct raw {
	u64 at;		/* linear */
	u64 base, limit;
	u32 rights;	/* as in the VMCS */
};

struct machine {
	struct state *s;
	vm_id vm;
	struct writes *writes;
	bool lost;	/* something that the model does not follow */
};

static u64 get(struct machine *m, u64 linear, u32 bytes)
{
	struct walk_state w = effects_paging(m->s, true);
	u64 value = 0, byte, gpa = 0;
	u32 error;

	for (u32 i = 0; i < bytes && !m->lost; i++) {
		if (i == 0 || ((linear + i) & 0xfff) == 0)
			m->lost |= walk(m->vm, m->writes, &w, (u32)(linear + i), 0, &gpa, &error) != WALK_OK;
		else
			gpa++;
		m->lost |= !m->lost && !effects_read(m->vm, m->writes, gpa, 1, &byte);
		value |= m->lost ? 0 : byte << 8 * i;
	}
	return value;
}

static void set(struct machine *m, u64 linear, u32 bytes, u64 value)
{
	struct walk_state w = effects_paging(m->s, true);
	u64 gpa = 0, old;
	u32 error;

	m->lost |= (linear & 0xfff) + bytes > 0x1000;
	m->lost |= !m->lost && walk(m->vm, m->writes, &w, (u32)linear, GWALK_WRITE, &gpa, &error) != WALK_OK;
	m->lost |= !m->lost && (!effects_read(m->vm, m->writes, gpa, bytes, &old) || m->writes->count + 8 > ORACLE_WRITES);
	if (!m->lost)
		effects_write(m->writes, gpa, bytes, value);
}

/* False: no descriptor there. */
static bool fetch(struct machine *m, u32 selector, struct raw *d)
{
	const struct state *s = m->s;
	bool local = (selector & 4) != 0;
	u64 limit = local ? FIELD(s, GUEST_LDTR_LIMIT) : FIELD(s, GUEST_GDTR_LIMIT), low, high;

	if ((selector & 0xfffc) == 0 || (selector | 7) > limit)
		return false;
	if (local && (FIELD(s, GUEST_LDTR_ACCESS_RIGHTS) & 0x10000) != 0)
		return false;
	d->at = (local ? FIELD(s, GUEST_LDTR_BASE) : FIELD(s, GUEST_GDTR_BASE)) + (selector & 0xfff8);
	low = get(m, d->at, 4);
	high = get(m, d->at + 4, 4);
	d->base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000);
	d->limit = (low & 0xffff) | (high & 0xf0000);
	d->rights = (u32)(high >> 8 & 0xf0ff);
	if ((d->rights & 0x8000) != 0)
		d->limit = d->limit * 4096 + 4095;
	return true;
}

static void put_segment(struct state *s, u32 seg, u64 selector, u64 base, u64 limit, u64 rights)
{
	s->field[state_index(GUEST_ES_SELECTOR + 2 * seg)] = selector;
	s->field[state_index(GUEST_ES_BASE + 2 * seg)] = base;
	s->field[state_index(GUEST_ES_LIMIT + 2 * seg)] = limit;
	s->field[state_index(GUEST_ES_ACCESS_RIGHTS + 2 * seg)] = rights;
}

/* SDM 3A table 7-1 rows 8 to 17: #TS, or what a segment that is not present gives. 0: loaded. */
static u32 load_segment(struct machine *m, u32 seg, u32 selector, u32 cpl)
{
	struct raw d;
	u32 dpl, rpl = selector & 3;
	bool code, good;

	if ((selector & 0xfffc) == 0 && seg != SEG_CS && seg != SEG_SS) {
		put_segment(m->s, seg, selector, 0, 0, 0x10000);
		return 0;
	}
	if (!fetch(m, selector, &d) || (d.rights & 0x10) == 0)
		return 10;
	dpl = d.rights >> 5 & 3;
	code = (d.rights & 8) != 0;
	if (seg == SEG_CS)
		good = code && ((d.rights & 4) != 0 ? dpl <= rpl : dpl == rpl);
	else if (seg == SEG_SS)
		good = !code && (d.rights & 2) != 0 && dpl == cpl && rpl == cpl;
	else
		good = (!code || (d.rights & 2) != 0) && ((code && (d.rights & 4) != 0) || (dpl >= cpl && dpl >= rpl));
	if (!good)
		return 10;
	if ((d.rights & 0x80) == 0)
		return seg == SEG_SS ? 12 : 11;
	if ((d.rights & 1) == 0)
		set(m, d.at + 5, 1, (d.rights | 1) & 0xff);
	put_segment(m->s, seg, selector, d.base, d.limit, d.rights | 1);
	return 0;
}

static u32 load_ldt(struct machine *m, u32 selector)
{
	struct raw d;

	if ((selector & 0xfffc) == 0) {
		put_segment(m->s, SEG_LDTR, selector, 0, 0, 0x10000);
		return 0;
	}
	if ((selector & 4) != 0 || !fetch(m, selector, &d) || (d.rights & 0x9f) != 0x82)
		return 10;
	put_segment(m->s, SEG_LDTR, selector, d.base, d.limit, d.rights);
	return 0;
}

/* The new task's segments; false: one faults, in the new task. */
static bool load_segments(struct machine *m, u64 eflags, u64 ldt, const u64 selector[6])
{
	static const u32 order[6] = { SEG_CS, SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS };
	u32 cpl = (u32)selector[SEG_CS] & 3, vector;

	if ((eflags & RFLAGS_VM) != 0) {
		for (u32 seg = SEG_ES; seg <= SEG_GS; seg++)
			put_segment(m->s, seg, selector[seg], selector[seg] << 4, 0xffff, 0xf3);
		return true;
	}
	vector = load_ldt(m, (u32)ldt);
	if (vector != 0)
		m->lost = true;	/* what CS and SS hold meanwhile is the hypervisor's choice */
	for (u32 i = 0; i < 6 && !m->lost; i++) {
		vector = load_segment(m, order[i], (u32)selector[order[i]], cpl);
		if (vector == 0)
			continue;
		m->lost |= i < 2;
		effects_fault(m->s, vector, (u32)selector[order[i]] & 0xfffc);
		return false;
	}
	return !m->lost;
}

static bool switch_task(struct machine *m, const struct vmexit *x, u32 source, const struct raw *tss)
{
	struct state *s = m->s;
	u64 selector = x->qualification & 0xffff, old = FIELD(s, GUEST_TR_BASE), base = tss->base;
	u64 eflags = (u32)FIELD(s, GUEST_RFLAGS), eip = FIELD(s, GUEST_RIP), old_selector = FIELD(s, GUEST_TR_SELECTOR);
	u64 gpr[8], segment[6], cr3, new_eip, new_eflags, ldt, trap;
	bool nested = source == BY_CALL || source == BY_GATE, pae;
	struct raw d;

	if (source != BY_GATE || EVENT_TYPE(x->vectoring) >= EVENT_SOFTWARE_INTERRUPT)
		eip = (u32)(eip + x->length);
	m->lost |= old < base + 104 && base < old + 104;
	for (u32 n = 0; n < 8; n++)
		gpr[n] = get(m, base + 40 + 4 * n, 4);
	for (u32 n = 0; n < 6; n++)
		segment[n] = get(m, base + 72 + 4 * n, 2);
	cr3 = get(m, base + 28, 4);
	new_eip = get(m, base + 32, 4);
	new_eflags = get(m, base + 36, 4);
	ldt = get(m, base + 96, 2);
	trap = get(m, base + 100, 2);
	set(m, old + 32, 4, eip);
	set(m, old + 36, 4, source == BY_IRET ? eflags & ~0x4000ull : eflags);
	for (u32 n = 0; n < 8; n++)
		set(m, old + 40 + 4 * n, 4, (u32)effects_gpr(s, n));
	for (u32 n = 0; n < 6; n++)
		set(m, old + 72 + 4 * n, 2, s->field[state_index(GUEST_ES_SELECTOR + 2 * n)]);
	if (nested)
		set(m, base, 2, old_selector);
	if (!nested && fetch(m, (u32)old_selector, &d))
		set(m, d.at + 5, 1, get(m, d.at + 5, 1) & 0xfd);
	else if (!nested)
		m->lost = true;
	if (source != BY_IRET)
		set(m, tss->at + 5, 1, get(m, tss->at + 5, 1) | 2);
	if (m->lost)
		return false;
	s->position++;
	FIELD(s, GUEST_TR_SELECTOR) = selector;
	FIELD(s, GUEST_TR_BASE) = base;
	FIELD(s, GUEST_TR_LIMIT) = tss->limit;
	FIELD(s, GUEST_TR_ACCESS_RIGHTS) = tss->rights | 2;
	FIELD(s, GUEST_CR0) |= CR0_TS;
	FIELD(s, GUEST_DR7) &= ~0x155ull;
	pae = (FIELD(s, GUEST_CR0) & CR0_PG) != 0 && (FIELD(s, GUEST_CR4) & CR4_PAE) != 0;
	if ((FIELD(s, GUEST_CR0) & CR0_PG) != 0)
		FIELD(s, GUEST_CR3) = cr3;
	if (pae && !effects_pdptes(s, m->vm, cr3))	/* SDM 3A 4.4.1 */
		return false;
	FIELD(s, GUEST_RIP) = new_eip;
	for (u32 n = 0; n < 8; n++)
		effects_set_gpr(s, n, gpr[n]);
	if (nested)
		new_eflags |= 0x4000;
	FIELD(s, GUEST_RFLAGS) = (new_eflags & 0x3f7fd7) | 2;
	FIELD(s, GUEST_INTERRUPTIBILITY_STATE) &= ~3ull;
	if (!load_segments(m, new_eflags, ldt, segment))
		return !m->lost;
	if ((x->vectoring & EVENT_ERROR_CODE) != 0)
		return false;	/* an error code goes to the new stack */
	if ((trap & 1) != 0) {
		s->dr6 |= 1u << 15;
		effects_fault(s, 1, 0);
	}
	return !m->lost;
}

bool effects_task(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes)
{
	struct machine m = { .s = s, .vm = vm, .writes = writes };
	u32 source = (u32)x->qualification >> 30 & 3, selector = (u32)x->qualification & 0xffff;
	struct raw tss;

	if (!fetch(&m, selector, &tss)) {
		effects_fault(s, source == BY_IRET ? 10 : 13, selector & 0xfffc);
		return source != BY_GATE;	/* a gate's fault says whether the event was external */
	}
	if (m.lost)
		return false;
	/* policy: 32-bit TSSs only (DESIGN: fail closed) */
	if ((tss.rights & 0x1f) != (source == BY_IRET ? 11 : 9) || (FIELD(s, GUEST_TR_ACCESS_RIGHTS) & 15) != 11) {
		effects_end(s, LINK_END_STOPPED, EXIT_TASK_SWITCH);
		return true;
	}
	if ((tss.rights & 0x80) == 0) {
		effects_fault(s, 11, selector & 0xfffc);
		return source != BY_GATE;
	}
	if (tss.limit < 103) {
		effects_fault(s, 10, selector & 0xfffc);
		return source != BY_GATE;
	}
	return switch_task(&m, x, source, &tss);
}
