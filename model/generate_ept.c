/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random translations. Every page of a case has a physical page of the pool, and its guest-physical address agrees with
 * that in bits 29:0, so that an entry may map 4 KiB, 2 MiB or 1 GiB and the access still ends in known memory.
 */
#include "model/ept_case.h"
#include "spec/walk.h"
#include "hv/x86.h"

struct random {
	u64 state;
};

static u64 next(struct random *r)	/* splitmix64 */
{
	u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static u32 below(struct random *r, u32 n)
{
	return (u32)((next(r) >> 32) * n >> 32);
}

struct builder {
	struct random *r;
	struct ept_case *c;
	u32 pages;		/* of AT_EPT_PAGES that are in use */
	u32 hostile;		/* one entry in so many is hostile */
	u8 slot[64];		/* hash of an address: 1 + the number of its write */
};

/* The entry at `address`, appended if it is new; *fresh tells. */
static u64 *entry_at(struct builder *b, u64 address, u32 bytes, bool *fresh)
{
	struct ept_case *c = b->c;

	u32 at = (u32)(address >> 3 ^ address >> 9 ^ address >> 15) & 63;

	for (; b->slot[at] != 0; at = (at + 1) & 63)
		if (c->write[b->slot[at] - 1].address == address) {
			*fresh = false;
			return &c->write[b->slot[at] - 1].value;
		}
	b->slot[at] = (u8)(c->count + 1);
	*fresh = true;
	c->write[c->count].address = address;
	c->write[c->count].bytes = bytes;
	c->write[c->count].value = 0;
	return &c->write[c->count++].value;
}

static u64 spoil_ept(struct builder *b, u64 entry, u32 level, bool leaf)
{
	struct random *r = b->r;

	switch (below(r, 8)) {
	case 0: return entry & ~7ull;
	case 1: case 2: return (entry & ~7ull) | below(r, 8);
	case 3: return leaf ? (entry & ~0x38ull) | (u64)below(r, 8) << 3 : entry | 1ull << (3 + below(r, 5));
	case 4: return entry | 1ull << (40 + below(r, 12));
	case 5: return level > 1 && leaf ? entry | 0x1000ull << below(r, 9 * (level - 1)) : entry ^ 1ull << below(r, 3);
	case 6: return level == 4 || level == 1 ? entry | 1ull << (3 + below(r, 5)) : entry ^ 2;
	default: return entry ^ (next(r) & 7);
	}
}

/* Makes the EPT map `gpa` to the pool page `hpa`. */
static void map_ept(struct builder *b, u64 gpa, u64 hpa, bool good)
{
	struct random *r = b->r;
	u64 table = AT_EPT_PAGES;
	u32 leaf_level = good ? 1 : below(r, 8) == 0 ? 3 : below(r, 5) == 0 ? 2 : 1;

	for (u32 level = 4;; level--) {
		bool fresh, leaf = level == leaf_level;
		u64 size = 1ull << (12 + 9 * (level - 1));
		u64 *entry = entry_at(b, table + (gpa >> (12 + 9 * (level - 1)) & 511) * 8, 8, &fresh);

		if (fresh) {
			u64 next_page = AT_EPT_PAGES + 0x2000 + b->pages * PAGE_BYTES;

			*entry = 7 | (next(r) & 0xfff0000000000c00ull) | (u64)below(r, 4) << 8;
			if (leaf)
				*entry |= (hpa & ~(size - 1)) | 6u << 3 | (level > 1 ? 0x80 : 0);
			else
				*entry |= next_page, b->pages++;
			if (!good && below(r, b->hostile) == 0)
				*entry = spoil_ept(b, *entry, level, leaf);
			if (leaf)
				return;
			table = next_page;
		} else {
			if (level == 1 || (*entry & 0x80) != 0 || leaf)
				return;	/* shared with another page, whatever it maps */
			table = *entry & 0xfffffff000ull;
		}
	}
}

static u64 guest_physical(struct random *r, u64 hpa, u32 mode, bool code)
{
	u64 high = mode == GUEST_32 ? below(r, 3) : code ? 512 + 511 : below(r, 500);

	return high << 30 | (hpa & 0x3fffffff);
}

static u64 spoil_guest(struct random *r, u64 entry, u32 level, u32 mode)
{
	switch (below(r, 10)) {
	case 0: return entry & ~1ull;
	case 1: case 2: return entry ^ 2;
	case 3: case 4: return entry ^ 4;
	case 5: case 6: return mode == GUEST_32 ? entry ^ 6 : entry ^ 1ull << 63;
	case 7: return mode == GUEST_32 ? entry | 8 : entry | 1ull << (40 + below(r, mode == GUEST_PAE ? 23 : 12));
	case 8: return mode != GUEST_32 && level == 2 && (entry & 0x80) != 0 ? entry | 0x2000ull << below(r, 8) : entry;
	default: return level == 4 ? entry | 0x80 : entry ^ (1ull << 63 & (mode == GUEST_32 ? 0 : ~0ull));
	}
}

static u32 index_of(u64 linear, u32 level, u32 mode)
{
	return mode == GUEST_32 ? (u32)(linear >> (12 + 10 * (level - 1)) & 1023) : (u32)(linear >> (12 + 9 * (level - 1)) & 511);
}

struct page {
	u64 hpa, gpa;
};

static struct page take(struct builder *b, u32 n, bool code)
{
	struct page p;

	/* distinct pages: each of ten from its own tenth of the pool */
	p.hpa = AT_POOL + (n * (POOL_PAGES / 10) + below(b->r, POOL_PAGES / 10)) * PAGE_BYTES;
	p.gpa = guest_physical(b->r, p.hpa, b->c->mode, code);
	return p;
}

/* Guest tables that map `linear` to `data`; `tables` by level. */
static void map_guest(struct builder *b, const struct page tables[5], u32 top, u64 linear, struct page data, bool good)
{
	struct random *r = b->r;
	u32 mode = b->c->mode, bytes = mode == GUEST_32 ? 4 : 8;
	u32 leaf_level = good || below(r, 5) != 0 ? 1 : 2;

	for (u32 level = top; level >= leaf_level; level--) {
		bool fresh, leaf = level == leaf_level;
		u32 shift = mode == GUEST_32 ? 12 + 10 * (level - 1) : 12 + 9 * (level - 1);
		u64 *entry = entry_at(b, tables[level].hpa + index_of(linear, level, mode) * bytes, bytes, &fresh);

		*entry = (leaf ? data.gpa & ~((1ull << shift) - 1) : tables[level - 1].gpa) | (good ? 0x67 : 7 | (u64)below(r, 4) << 5);
		if (leaf && level == 2)
			*entry |= 0x80;
		if (!good && mode == GUEST_4_LEVEL)
			*entry |= (next(r) & 0x7ff0000000000e00ull);
		if (!good && below(r, 3) == 0)
			*entry ^= 4;
		if (!good && below(r, b->hostile) == 0)
			*entry = spoil_guest(r, *entry, level, mode);
		if (bytes == 4)
			*entry &= 0xffffffff;
	}
}

static void registers(struct random *r, struct ept_case *c)
{
	c->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG | (below(r, 3) != 0 ? CR0_WP : 0);
	c->cr4 = CR4_VMXE | CR4_PSE | (c->mode != GUEST_32 ? CR4_PAE : 0) | (below(r, 3) == 0 ? CR4_SMEP : 0) | (below(r, 3) == 0 ? CR4_SMAP : 0) |
		 (below(r, 4) == 0 ? CR4_PKE : 0);
	c->efer = (c->mode == GUEST_4_LEVEL ? EFER_LME | EFER_LMA : 0) | (below(r, 4) != 0 ? EFER_NXE : 0);
	c->cpl = below(r, 3) == 0 ? 3 : 0;
	c->rflags = RFLAGS_FIXED | (below(r, 3) == 0 ? RFLAGS_AC : 0);
	c->pkru = below(r, 2) == 0 ? 0 : (u32)next(r);
	c->access = 1u << below(r, 3);
}

void ept_generate(u64 seed, u64 number, struct ept_case *c)
{
	struct random r = { seed * 0x2545f4914f6cdd1dull + number * 0x9e3779b97f4a7c15ull + 77 };
	struct builder b = { .r = &r, .c = c };
	struct page tables[5], code_tables[5], data, code;
	u32 top;
	u64 code_linear;

	(void)next(&r);
	b.hostile = 4u << below(&r, 4);
	c->mode = below(&r, 4) == 0 ? 1 + below(&r, 2) : GUEST_4_LEVEL;
	c->count = 0;
	registers(&r, c);
	top = c->mode == GUEST_4_LEVEL ? 4 : 2;
	c->eptp = AT_EPT_PAGES | 0x1e | (below(&r, 2) != 0 ? 0x40 : 0);
	for (u32 l = 1; l <= 4; l++)
		tables[l] = take(&b, l, false);
	data = take(&b, 5, false);
	code = take(&b, 6, true);
	for (u32 l = 1; l <= 3; l++)
		code_tables[l] = take(&b, 6 + l, true);
	code_tables[4] = tables[4];
	/* the linear address shares bits 29:0 with the data page, so that a large page leads there too */
	c->linear = (data.gpa & 0x3fffffff) | (u64)below(&r, 512) * 8;
	if (c->mode == GUEST_4_LEVEL)
		c->linear |= (u64)below(&r, 255) << 39 | (u64)below(&r, 512) << 30;
	else
		c->linear |= (u64)below(&r, 3) << 30;
	code_linear = c->mode == GUEST_4_LEVEL ? 0x7f8000000000ull | (code.gpa & 0x3fffffff) : 0xc0000000ull | (code.gpa & 0x3fffffff);
	c->cr3 = tables[top].gpa;
	for (u32 i = 0; i < 4; i++)
		c->pdpte[i] = (i == 3 ? code_tables[2].gpa : tables[2].gpa) | 1;
	if (c->mode == GUEST_32)
		code_tables[2] = tables[2];
	map_ept(&b, code.gpa, code.hpa, true);
	for (u32 l = 1; l < top + (c->mode == GUEST_PAE); l++)
		if (l < 4 && !(c->mode == GUEST_32 && l == 2))
			map_ept(&b, code_tables[l].gpa, code_tables[l].hpa, true);
	for (u32 l = top; l >= 1; l--)
		map_ept(&b, tables[l].gpa, tables[l].hpa, false);
	map_ept(&b, data.gpa, data.hpa, false);
	c->ept_count = c->count;
	map_guest(&b, code_tables, top, code_linear, code, true);
	map_guest(&b, tables, top, c->linear, data, false);
	if (c->cpl == 0)	/* the code's own pages must suit the privilege level: supervisor pages */
		for (u32 i = c->ept_count; i < c->count; i++)
			if (c->write[i].address >> 12 == code_tables[1].hpa >> 12)
				c->write[i].value &= ~4ull;
	c->rip = c->access == SPEC_FETCH ? c->linear : code_linear;
	if (c->access != SPEC_FETCH) {
		bool fresh;
		u64 *bytes = entry_at(&b, code.hpa, 8, &fresh);

		*bytes = c->access == SPEC_WRITE ? 0x9090909090900889ull : 0x909090909090088bull;
	}
}

u32 ept_pack(const struct ept_case *c, struct ept_packed *out)
{
	*out = (struct ept_packed){ .cr0 = c->cr0, .cr3 = c->cr3, .cr4 = c->cr4, .efer = c->efer, .rflags = c->rflags, .eptp = c->eptp,
		.linear = c->linear, .rip = c->rip, .pkru = c->pkru, .cpl = (u8)c->cpl, .mode = (u8)c->mode, .count = (u8)c->count,
		.ept_count = (u8)c->ept_count };
	for (u32 i = 0; i < 4; i++)
		out->pdpte[i] = c->pdpte[i];
	for (u32 i = 0; i < c->count; i++) {
		out->write[i].value = c->write[i].value;
		out->write[i].address = (u32)c->write[i].address;
		out->write[i].bytes = c->write[i].bytes;
	}
	return (u32)(sizeof(*out) + c->count * sizeof(out->write[0]));
}
