/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's own walk: none, 32-bit, PAE or 4-level paging (SDM 3A 4.3-4.7). */
#include "spec/walk.h"
#include "hv/x86.h"

#define PTE_P 1ull
#define PTE_W 2ull
#define PTE_U 4ull
#define PTE_A (1ull << 5)
#define PTE_D (1ull << 6)
#define PTE_PS (1ull << 7)
#define PTE_NX (1ull << 63)
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_RESERVED 8u
#define PF_FETCH 16u
#define PF_KEY 32u

enum mode { MODE_NONE, MODE_32, MODE_PAE, MODE_4_LEVEL };

struct walk {
	const struct spec_memory *memory;
	const struct spec_ept *ept;
	const struct spec_paging *p;
	struct spec_translation *out;
	enum mode mode;
	u64 linear;
	u32 access;
	u64 at[5], gpa[5], entry[5];	/* by level: 4 PML4E .. 1 PTE */
};

static enum mode mode_of(const struct spec_paging *p)
{
	if ((p->cr0 & CR0_PG) == 0)
		return MODE_NONE;
	if ((p->cr4 & CR4_PAE) == 0)
		return MODE_32;
	return (p->efer & EFER_LMA) != 0 ? MODE_4_LEVEL : MODE_PAE;
}

static bool fault(struct walk *w, u32 code)
{
	bool fetch_told = (w->mode != MODE_32 && (w->p->efer & EFER_NXE) != 0) || (w->p->cr4 & CR4_SMEP) != 0;

	w->out->fault = SPEC_PAGE_FAULT;
	w->out->error_code = code | ((w->access & SPEC_WRITE) != 0 ? PF_WRITE : 0) | (w->p->cpl == 3 ? PF_USER : 0) |
			     ((w->access & SPEC_FETCH) != 0 && fetch_told ? PF_FETCH : 0);
	return false;
}

/* Reads the entry of `level` at guest-physical `gpa`. */
static bool load(struct walk *w, u32 level, u64 gpa)
{
	u32 bytes = w->mode == MODE_32 ? 4 : 8;

	w->at[level] = w->gpa[level] = gpa;
	if (w->ept != NULL) {
		struct spec_translation t;

		spec_ept_walk(w->memory, w->ept, gpa, SPEC_READ, true, true, &t);
		if (t.fault != SPEC_OK) {
			*w->out = t;
			return false;
		}
		w->at[level] = t.physical;
	}
	w->entry[level] = w->memory->read(w->memory->context, w->at[level], bytes);
	return true;
}

static u64 high_bits(const struct walk *w)
{
	u64 high = ((1ull << 52) - 1) & ~((1ull << w->p->physical_bits) - 1);

	if (w->mode == MODE_PAE)	/* 62:52 too */
		high |= 0x7ff0000000000000ull;
	return high | ((w->p->efer & EFER_NXE) == 0 ? PTE_NX : 0);
}

static bool is_page(const struct walk *w, u32 level)
{
	if (level == 1)
		return true;
	if ((w->entry[level] & PTE_PS) == 0 || level == 4)
		return false;
	return w->mode != MODE_32 || (w->p->cr4 & CR4_PSE) != 0;
}

static bool reserved(const struct walk *w, u32 level)
{
	u64 e = w->entry[level];
	u32 shift = 12 + 9 * (level - 1);

	if (w->mode == MODE_32)	/* PSE-36: bits 20:13 hold address bits 39:32 */
		return level == 2 && is_page(w, level) && (e & 0x200000) != 0;
	if ((e & high_bits(w)) != 0 || (level == 4 && (e & PTE_PS) != 0))
		return true;
	return level > 1 && is_page(w, level) && (e & ((1ull << shift) - 1) & ~0x1fffull) != 0;
}

static u64 next_table(const struct walk *w, u64 entry)
{
	return w->mode == MODE_32 ? entry & 0xfffff000u : entry & ((1ull << w->p->physical_bits) - 1) & ~0xfffull;
}

/* Down to the leaf. False after a fault; else *leaf is its level. */
static bool descend(struct walk *w, u32 top, u64 table, u32 *leaf)
{
	u32 index_bits = w->mode == MODE_32 ? 10 : 9, bytes = w->mode == MODE_32 ? 4 : 8;

	for (u32 level = top;; level--) {
		u64 index = w->linear >> (12 + index_bits * (level - 1)) & ((1u << index_bits) - 1);

		if (!load(w, level, table + index * bytes))
			return false;
		if ((w->entry[level] & PTE_P) == 0)
			return fault(w, 0);
		if (reserved(w, level))
			return fault(w, PF_PRESENT | PF_RESERVED);
		*leaf = level;
		if (is_page(w, level))
			return true;
		table = next_table(w, w->entry[level]);
	}
}

/* SDM 3A 4.6: access rights. */
static bool allowed(struct walk *w, u32 top, u32 leaf)
{
	u64 all = PTE_W | PTE_U, nx = 0;
	bool user_mode = w->p->cpl == 3, user_page, write = (w->access & SPEC_WRITE) != 0, fetch = (w->access & SPEC_FETCH) != 0;

	for (u32 l = leaf; l <= top; l++)
		all &= w->entry[l], nx |= w->entry[l] & PTE_NX;
	user_page = (all & PTE_U) != 0;
	if (w->mode == MODE_32 || (w->p->efer & EFER_NXE) == 0)
		nx = 0;
	if (user_mode && !user_page)
		return false;
	if (fetch)
		return nx == 0 && (user_mode || !user_page || (w->p->cr4 & CR4_SMEP) == 0);
	if (!user_mode && user_page && (w->p->cr4 & CR4_SMAP) != 0 && (w->p->rflags & RFLAGS_AC) == 0)
		return false;
	return !write || (all & PTE_W) != 0 || (!user_mode && (w->p->cr0 & CR0_WP) == 0);
}

/* SDM 3A 4.6.2: protection keys apply to data accesses of user pages. */
static bool key_allows(struct walk *w, u32 top, u32 leaf)
{
	u64 user = PTE_U;
	u32 key = w->entry[leaf] >> 59 & 15, bits = w->p->pkru >> (2 * key) & 3;
	bool by_level = w->ept != NULL && (w->ept->deviations & SPEC_KEYS_BY_LEVEL) != 0;
	bool access_disabled = (bits & 1) != 0 && !(by_level && w->p->cpl != 3);
	bool write_disabled = (bits & 2) != 0 && (w->access & SPEC_WRITE) != 0 && (w->p->cpl == 3 || (w->p->cr0 & CR0_WP) != 0);

	for (u32 l = leaf; l <= top; l++)
		user &= w->entry[l];
	if (w->mode != MODE_4_LEVEL || (w->p->cr4 & CR4_PKE) == 0 || (w->access & SPEC_FETCH) != 0 || (user == 0 && !by_level))
		return true;
	return !access_disabled && !write_disabled;
}

/* Accessed and dirty flags (SDM 3A 4.8). A write to a guest entry must be allowed by EPT. */
static bool update(struct walk *w, u32 top, u32 leaf)
{
	u32 bytes = w->mode == MODE_32 ? 4 : 8;

	for (u32 l = top; l >= leaf; l--) {
		u64 flags = PTE_A | (l == leaf && (w->access & SPEC_WRITE) != 0 ? PTE_D : 0);

		if ((w->entry[l] & flags) == flags)
			continue;
		if (w->ept != NULL && (w->ept->eptp & 1u << 6) == 0 && (w->ept->deviations & SPEC_FLAGS_UNCHECKED) == 0) {
			struct spec_translation t;

			spec_ept_walk(w->memory, w->ept, w->gpa[l], SPEC_WRITE, true, true, &t);
			if (t.fault != SPEC_OK) {
				*w->out = t;
				return false;
			}
		}
		w->memory->write(w->memory->context, w->at[l], bytes, w->entry[l] | flags);
	}
	return true;
}

static u64 page_address(const struct walk *w, u32 leaf)
{
	u64 e = w->entry[leaf];
	u32 shift = w->mode == MODE_32 && leaf == 2 ? 22 : 12 + 9 * (leaf - 1);
	u64 offset = (1ull << shift) - 1;
	u64 frame = next_table(w, e) & ~offset;

	if (w->mode == MODE_32 && leaf == 2)	/* PSE-36 */
		frame |= (e >> 13 & 0xff) << 32;
	return frame | (w->linear & offset);
}

void spec_walk(const struct spec_memory *memory, const struct spec_ept *ept, const struct spec_paging *paging, u64 linear,
	       u32 access, struct spec_translation *out)
{
	struct walk w = { .memory = memory, .ept = ept, .p = paging, .out = out, .mode = mode_of(paging), .linear = linear, .access = access };
	u64 table = next_table(&w, paging->cr3), gpa = linear;
	u32 top = w.mode == MODE_4_LEVEL ? 4 : 2, leaf = 1;

	*out = (struct spec_translation){ .fault = SPEC_OK };
	if (w.mode == MODE_PAE) {
		u64 pdpte = paging->pdpte[linear >> 30 & 3];

		if ((pdpte & PTE_P) == 0) {
			(void)fault(&w, 0);
			return;
		}
		table = next_table(&w, pdpte);
	}
	if (w.mode != MODE_NONE) {
		if (!descend(&w, top, table, &leaf))
			return;
		if (!allowed(&w, top, leaf) || !key_allows(&w, top, leaf)) {
			(void)fault(&w, PF_PRESENT | (key_allows(&w, top, leaf) ? 0 : PF_KEY));
			return;
		}
		if (!update(&w, top, leaf))
			return;
		gpa = page_address(&w, leaf);
	}
	out->physical = out->guest_physical = gpa;
	if (ept != NULL)
		spec_ept_walk(memory, ept, gpa, access, true, false, out);
}
