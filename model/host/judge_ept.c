/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares one translation case: result, qualification, addresses, accessed and dirty flags. */
#include "model/host/judge_ept.h"
#include "spec/vmx.h"

struct memory {
	struct ept_case c;
	bool outside;		/* a walk left what the case knows */
};

static u64 mem_get(void *context, u64 address, u32 bytes)
{
	struct memory *m = context;

	for (u32 i = 0; i < m->c.count; i++)
		if (m->c.write[i].address == address && m->c.write[i].bytes == bytes)
			return m->c.write[i].value;
	if (address >= AT_EPT_PAGES && address < AT_EPT_PAGES + 0x200000)
		return 0;
	if (address < AT_POOL || address >= AT_POOL + POOL_PAGES * PAGE_BYTES)
		m->outside = true;
	return bytes == 4 ? (u32)POOL_FILL : POOL_FILL;
}

static void mem_put(void *context, u64 address, u32 bytes, u64 value)
{
	struct memory *m = context;

	for (u32 i = 0; i < m->c.count; i++)
		if (m->c.write[i].address == address && m->c.write[i].bytes == bytes) {
			m->c.write[i].value = value;
			return;
		}
	m->outside = true;
}

static void predict(const struct spec_caps *caps, const struct ept_case *c, u32 deviations, struct ept_opinion *o)
{
	struct memory m = { *c, false };
	struct spec_memory memory = { mem_get, mem_put, &m };
	struct spec_ept ept = { .eptp = c->eptp, .capabilities = caps->ept_vpid, .physical_bits = caps->physical_bits, .deviations = deviations };
	struct spec_paging paging = { .cr0 = c->cr0, .cr3 = c->cr3, .cr4 = c->cr4, .efer = c->efer, .rflags = c->rflags,
				      .pkru = c->pkru, .cpl = c->cpl, .physical_bits = caps->physical_bits };

	for (u32 i = 0; i < 4; i++)
		paging.pdpte[i] = c->pdpte[i];
	*o = (struct ept_opinion){ .linear = c->rip, .data = false };
	spec_walk(&memory, &ept, &paging, c->rip, SPEC_FETCH, &o->spec);
	if (o->spec.fault == SPEC_OK && c->access != SPEC_FETCH) {
		o->data = true;
		o->linear = c->linear;
		spec_walk(&memory, &ept, &paging, c->linear, c->access, &o->spec);
	}
	for (u32 i = 0; i < c->count; i++)
		if (i < c->ept_count)
			o->ept_flags |= (m.c.write[i].value >> 8 & 3) << (2 * i);
		else
			o->guest_flags |= (m.c.write[i].value >> 5 & 3) << (2 * (i - c->ept_count));
	o->differs = m.outside ? "the spec's walk leaves the case's memory" : NULL;
}

static const char *compare(const struct ept_result *r, const struct ept_opinion *o)
{
	if (o->differs != NULL)
		return o->differs;
	switch (o->spec.fault) {
	case SPEC_OK:
		if (r->reason != 52)
			return "the access should complete";
		if (r->guest_flags != o->guest_flags)
			return "accessed and dirty flags of the guest's tables";
		break;
	case SPEC_PAGE_FAULT:
		if (r->reason != 0 || r->error_code >> 24 != VECTOR_PF)
			return "a page fault is due";
		if ((r->error_code & 0xffff) != o->spec.error_code)
			return "error code";
		if (r->qualification != o->linear)
			return "linear address of the page fault";
		break;
	case SPEC_EPT_VIOLATION:
		if (r->reason != 48)
			return "an EPT violation is due";
		if (r->qualification != o->spec.qualification)
			return "qualification";
		break;
	default:
		if (r->reason != 49)
			return "an EPT misconfiguration is due";
		break;
	}
	if (o->spec.fault >= SPEC_EPT_VIOLATION && r->gpa != o->spec.guest_physical)
		return "guest-physical address";
	if (o->spec.fault == SPEC_EPT_VIOLATION && r->linear != o->linear)
		return "guest linear address";
	if (r->ept_flags != o->ept_flags)
		return "accessed and dirty flags of EPT";
	return r->damage != 0 ? "other bits of an entry have changed" : NULL;
}

enum verdict judge_ept(const struct spec_caps *caps, const struct ept_case *c, const struct ept_result *r, struct ept_opinion *o,
		       struct ept_tally *t)
{
	u32 kind;

	predict(caps, c, 0, o);
	o->differs = compare(r, o);
	kind = o->spec.fault != SPEC_OK && c->access != SPEC_FETCH && !o->data ? EPT_KINDS - 1 : o->spec.fault;
	t->cases++;
	t->outcomes[kind][c->mode]++;
	t->by_access[c->access >> 1]++;
	t->by_level[o->spec.level]++;
	if (o->differs == NULL)
		return AGREE;
	/* one known deviation after the other, then all at once */
	for (u32 deviations = 1; deviations < 1u << SPEC_DEVIATIONS; deviations++) {
		struct ept_opinion other;

		predict(caps, c, deviations, &other);
		if (compare(r, &other) == NULL) {
			for (u32 bit = 0; bit < SPEC_DEVIATIONS; bit++)
				t->waived[bit] += deviations >> bit & 1;
			return WAIVED;
		}
	}
	t->disagree++;
	return DISAGREE;
}
