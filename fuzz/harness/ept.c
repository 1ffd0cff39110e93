/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `ept`: sequences of map, map_range, unmap, protect, dirty flags and walks against a plain reference: a list of
 * ranges of frames, and the set of tables that exist. Each operation is 12 bytes:
 *
 *   0 operation, level   1 rights, memory type   2 place   3..4 offset of gfn   5..7 hfn   8..9 frames   10..11 probe
 */
#include <string.h>
#include "ept.h"
#include "oracle.h"

#define TABLES_HPA 0x40000000ull
#define RANGES 4096u
#define OPERATIONS 128u

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct range {
	u64 first, frames, hfn;
	u32 prot, memtype;
	bool dirty;
};

static struct range ranges[RANGES];
static u32 range_count;
static struct { u32 level; u64 tag; } tables[EPT_TABLES];
static u32 table_count;

static const u64 places[8] = { 0, 0x200, 0x40000, 0x7fffe00, 0x8000000, 0x123456000, EPT_GFN_END - 0x40000, EPT_GFN_END };

static bool has_table(u32 level, u64 gfn)
{
	for (u32 i = 0; i < table_count; i++)
		if (tables[i].level == level && tables[i].tag == gfn >> 9 * level)
			return true;
	return false;
}

/* Tables of levels 3 down to `level` on the way to gfn that do not exist yet. */
static u32 missing(u32 level, u64 gfn)
{
	u32 n = 0;

	for (u32 l = 3; l >= level; l--)
		n += !has_table(l, gfn);
	return n;
}

static void make_tables(u32 level, u64 gfn)
{
	for (u32 l = 3; l >= level; l--) {
		if (has_table(l, gfn))
			continue;
		tables[table_count].level = l;
		tables[table_count++].tag = gfn >> 9 * l;
	}
}

static struct range *find(u64 gfn)
{
	for (u32 i = 0; i < range_count; i++)
		if (gfn >= ranges[i].first && gfn - ranges[i].first < ranges[i].frames)
			return &ranges[i];
	return NULL;
}

static u32 page_level(u64 gfn)
{
	return has_table(1, gfn) ? 1 : has_table(2, gfn) ? 2 : 3;
}

static bool meets(u64 gfn, u64 frames)
{
	for (u32 i = 0; i < range_count; i++)
		if (gfn < ranges[i].first + ranges[i].frames && ranges[i].first < gfn + frames)
			return true;
	return false;
}

static void add(u64 first, u64 frames, u64 hfn, u32 prot, u32 memtype, bool dirty)
{
	struct range *last = range_count > 0 ? &ranges[range_count - 1] : NULL;

	if (frames == 0)
		return;
	if (last != NULL && last->first + last->frames == first && last->hfn + last->frames == hfn && last->prot == prot &&
	    last->memtype == memtype && last->dirty == dirty) {
		last->frames += frames;
		return;
	}
	if (range_count == RANGES)
		oracle_fail("the reference has room", "fuzz/harness/ept.c", "%u ranges", range_count);
	ranges[range_count++] = (struct range){ first, frames, hfn, prot, memtype, dirty };
}

/* Cuts `frames` frames from `first` out of the range that holds them, and returns what it said about them. */
static struct range cut(u64 first, u64 frames)
{
	struct range *r = find(first), old = *r, middle = *r;
	u64 before = first - old.first;

	*r = ranges[--range_count];
	add(old.first, before, old.hfn, old.prot, old.memtype, old.dirty);
	add(first + frames, old.frames - before - frames, old.hfn + before + frames, old.prot, old.memtype, old.dirty);
	middle.first = first;
	middle.frames = frames;
	middle.hfn += before;
	return middle;
}

static bool rights_legal(u32 prot)
{
	return prot == 1 || prot == 3 || prot == 4 || prot == 5 || prot == 7;
}

static enum error model_map(u64 gfn, u64 hfn, u32 level, u32 prot, u32 memtype)
{
	u64 span;

	if (level < 1 || level > 3)
		return ERR_INVALID;
	span = 1ull << 9 * (level - 1);
	if (gfn % span != 0 || hfn % span != 0 || gfn >= EPT_GFN_END || hfn >= EPT_HFN_END || !rights_legal(prot) ||
	    (memtype != 0 && memtype != 1 && memtype != 4 && memtype != 5 && memtype != 6))
		return ERR_INVALID;
	if (meets(gfn, span) || (level > 1 && has_table(level - 1, gfn)))
		return ERR_MAPPED;
	if (table_count + missing(level, gfn) + 1 > EPT_TABLES)
		return ERR_FULL;
	make_tables(level, gfn);
	add(gfn, span, hfn, prot, memtype, false);
	return OK;
}

static enum error model_map_range(u64 gfn, u64 hfn, u64 frames, u32 prot, u32 memtype, u32 max_level)
{
	if (gfn > EPT_GFN_END || frames > EPT_GFN_END - gfn || hfn > EPT_HFN_END || frames > (EPT_HFN_END) - hfn)
		return ERR_INVALID;	/* before anything is mapped */
	while (frames > 0) {
		u32 level = max_level;
		enum error error;
		u64 span;

		while (level > 1 && ((gfn | hfn) % (1ull << 9 * (level - 1)) != 0 || frames < 1ull << 9 * (level - 1)))
			level--;
		error = model_map(gfn, hfn, level, prot, memtype);
		if (error != OK)
			return error;
		span = 1ull << 9 * (level - 1);
		gfn += span;
		hfn += span;
		frames -= span;
	}
	return OK;
}

static enum error model_unmap_or_protect(u64 gfn, bool unmap, u32 prot)
{
	struct range r;

	if (!unmap && !rights_legal(prot))
		return ERR_INVALID;
	if (find(gfn) == NULL)
		return ERR_UNMAPPED;
	if (table_count + missing(1, gfn) + 1 > EPT_TABLES)
		return ERR_FULL;
	make_tables(1, gfn);
	r = cut(gfn, 1);
	if (!unmap)
		add(gfn, 1, r.hfn, prot, r.memtype, r.dirty);
	return OK;
}

/* Sets or takes the dirty flag of the page around gfn; returns the old one. */
static bool model_dirty(u64 gfn, bool dirty)
{
	u64 span;
	struct range r;

	if (find(gfn) == NULL)
		return false;
	span = 1ull << 9 * (page_level(gfn) - 1);
	r = cut(gfn / span * span, span);
	add(r.first, r.frames, r.hfn, r.prot, r.memtype, dirty);
	return r.dirty;
}

static void probe(u64 gfn)
{
	const struct range *r = find(gfn);
	struct ept_walk w = { 0 };
	enum error error = ept_walk(0, gfn << 12 | 0xabc, &w);
	u64 hpa;

	if (error != (r == NULL ? ERR_UNMAPPED : OK))
		oracle_fail("a walk finds what was mapped", "SDM 3C 28.3.2", "frame %llx: %u", (unsigned long long)gfn, error);
	if (r == NULL)
		return;
	hpa = (r->hfn + (gfn - r->first)) << 12 | 0xabc;
	if (w.hpa != hpa || w.prot != r->prot || w.memtype != r->memtype || w.level != page_level(gfn) || w.dirty != r->dirty)
		oracle_fail("a page is as it was mapped", "SDM 3C 28.3.2",
			    "frame %llx: hpa %llx level %u rights %u type %u dirty %u, must be %llx %u %u %u %u", (unsigned long long)gfn,
			    (unsigned long long)w.hpa, w.level, w.prot, w.memtype, w.dirty, (unsigned long long)hpa, page_level(gfn),
			    r->prot, r->memtype, r->dirty);
}

static void must(const char *what, u32 expected, u32 found)
{
	if (expected != found)
		oracle_fail("an EPT operation answers as hv/ept.h says", "hv/ept.h", "%s: %u, must be %u", what, found, expected);
}

static u64 number(const u8 *data, u32 bytes)
{
	u64 value = 0;

	memcpy(&value, data, bytes);
	return value;
}

static void operate(const u8 *d)
{
	u32 level = d[0] >> 4 & 3, prot = d[1] & 7, memtype = d[1] >> 4 & 7;
	u64 gfn = places[d[2] & 7] + number(d + 3, 2), hfn = number(d + 5, 3), frames = number(d + 8, 2) % 1500;
	u64 span = 1ull << 9 * (level == 0 ? 0 : level - 1);
	bool stale = vm_ept[0].stale, sets;

	if ((d[2] & 8) != 0) {	/* most often aligned */
		gfn = gfn / span * span;
		hfn = hfn / span * span;
	}
	if ((d[2] & 0x30) == 0x30)
		hfn += (EPT_HFN_END) - 0x800000;
	if ((d[1] & 8) == 0)
		memtype = 6;
	if ((d[1] & 0x80) == 0)
		prot = 7;
	switch (d[0] % 8) {
	case 0: case 1:
		must("map", model_map(gfn, hfn, level, prot, memtype), ept_map(0, gfn, hfn, level, prot, memtype));
		sets = false;
		break;
	case 2:
		level = level == 0 ? 1 : level;
		must("map_range", model_map_range(gfn, hfn, frames, prot, memtype, level),
		     ept_map_range(0, gfn, hfn, frames, prot, memtype, level));
		sets = false;
		break;
	case 3: case 4: {
		u32 expected = model_unmap_or_protect(gfn, true, 0);

		must("unmap", expected, ept_unmap(0, gfn));
		sets = expected == OK;
		break;
	}
	case 5: {
		u32 expected = model_unmap_or_protect(gfn, false, prot);

		must("protect", expected, ept_protect(0, gfn, prot));
		sets = expected == OK;
		break;
	}
	case 6:
		sets = model_dirty(gfn, false);
		must("take_dirty", sets, ept_take_dirty(0, gfn));
		break;
	default:
		(void)model_dirty(gfn, true);
		ept_mark_dirty(0, gfn);
		sets = false;
		break;
	}
	must("stale", stale || sets, vm_ept[0].stale);
	must("tables", table_count + 1, vm_ept[0].count);
	for (u32 i = 1; i < vm_ept[0].count; i++) {	/* tables in the order in which they were made */
		must("level", tables[i - 1].level, vm_ept[0].level[i]);
		must("tag", (u32)tables[i - 1].tag, (u32)vm_ept[0].tag[i]);
	}
	probe(gfn);
	probe(gfn + 1);
	probe(gfn ^ number(d + 10, 2));
	probe(gfn + frames);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	ept_reset(0, TABLES_HPA);
	must("pointer", (u32)(TABLES_HPA | 0x5e), (u32)ept_pointer(0));
	must("stale", true, vm_ept[0].stale);
	vm_ept[0].stale = false;
	range_count = table_count = 0;
	for (size_t at = 0, n = 0; at + 12 <= size && n < OPERATIONS; at += 12, n++)
		operate(data + at);
	for (u32 i = 0; i < range_count; i++) {
		probe(ranges[i].first);
		probe(ranges[i].first + ranges[i].frames - 1);
		probe(ranges[i].first + ranges[i].frames);
		if (ranges[i].first > 0)
			probe(ranges[i].first - 1);
	}
	return 0;
}
