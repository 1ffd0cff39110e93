/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hv/ept.c and hv/ept_entry.c against two plain oracles: a walk of the raw tables written from SDM 3C 28.3.2, and a map
 * with one element for each frame of four gibibytes that lie apart.
 */
#include <stdlib.h>
#include <string.h>
#include "ept.h"
#include "random.h"
#include "test.h"

#define VM 3u
#define TABLES_HPA 0x12345000ull
#define RWX (EPT_READ | EPT_WRITE | EPT_EXEC)

/* What a frame maps to, by whichever oracle. */
struct page {
	u64 hfn;
	u8 level, prot, memtype;	/* level 0: nothing */
	bool dirty;
};

static bool same(const struct page *a, const struct page *b)
{
	return a->level == b->level && (a->level == 0 || (a->hfn == b->hfn && a->prot == b->prot &&
	       a->memtype == b->memtype && a->dirty == b->dirty));
}

/* ---- the walk of the SDM over raw bits; anything that the processor would call a misconfiguration fails */

static const u64 *raw_table(u64 hpa)
{
	u64 index = (hpa - TABLES_HPA) >> 12;

	if (hpa < TABLES_HPA || index >= EPT_TABLES)
		return NULL;
	return vm_ept[VM].entry[index];
}

static bool raw_legal(u64 entry, u32 level)
{
	bool leaf = level == 1 || (entry >> 7 & 1) != 0;
	u32 type = entry >> 3 & 7;

	if ((entry & 3) == 2 || entry >> 52 != 0 || (level == 1 && (entry & 0x80) != 0))	/* W without R; bits left 0 */
		return false;
	if (!leaf)
		return (entry & 0xf8) == 0;
	if (level == 4 || type == 2 || type == 3 || type == 7)
		return false;
	return level == 1 || (entry & (level == 2 ? 0x1ff000ull : 0x3ffff000ull)) == 0;
}

static struct page raw_walk(u64 gfn)
{
	struct page page = { 0 };
	u64 hpa = vm_ept[VM].hfn << 12;
	u32 prot = 7;

	for (u32 level = 4; level >= 1; level--) {
		const u64 *table = raw_table(hpa);
		u64 entry;

		CU_ASSERT_PTR_NOT_NULL_FATAL(table);
		entry = table[gfn >> 9 * (level - 1) & 511];
		if ((entry & 7) == 0)
			return page;
		CU_ASSERT_FATAL(raw_legal(entry, level));
		prot &= entry & 7;
		if (level == 1 || (entry >> 7 & 1) != 0) {
			u64 inside = (1ull << 9 * (level - 1)) - 1;

			page.level = (u8)level;
			page.prot = (u8)prot;
			page.memtype = entry >> 3 & 7;
			page.dirty = entry >> 9 & 1;
			page.hfn = (entry & 0xffffffffff000) >> 12 | (gfn & inside);
			return page;
		}
		hpa = entry & 0xffffffffff000;
	}
	return page;
}

static struct page walk(u64 gfn)
{
	struct ept_walk w;
	struct page page = { 0 };

	if (ept_walk(VM, gfn << 12 | 0xabc, &w) != OK)
		return page;
	CU_ASSERT_EQUAL(w.hpa & 0xfff, 0xabc);
	return (struct page){ w.hpa >> 12, (u8)w.level, (u8)w.prot, (u8)w.memtype, w.dirty };
}

static void fresh(void)
{
	memset(&vm_ept[VM], 0xa5, sizeof(vm_ept[VM]));	/* the pool is not zeroed at boot */
	ept_reset(VM, TABLES_HPA);
}

static void expect_page(u64 gfn, u32 level, u64 hfn, u32 prot, u32 memtype)
{
	struct page expected = { hfn, (u8)level, (u8)prot, (u8)memtype, false };
	struct page raw = raw_walk(gfn), walked = walk(gfn);

	CU_ASSERT(same(&raw, &expected));
	CU_ASSERT(same(&walked, &expected));
}

static void expect_nothing(u64 gfn)
{
	expect_page(gfn, 0, 0, 0, 0);
}

/* ---- named cases */

static void reset_empties_and_the_pointer_says_how_to_walk(void)
{
	fresh();
	CU_ASSERT_EQUAL(ept_pointer(VM), TABLES_HPA | 6 | 3 << 3 | 1 << 6);
	CU_ASSERT(vm_ept[VM].stale);
	expect_nothing(0);
	expect_nothing(EPT_GFN_END - 1);
	CU_ASSERT_EQUAL(ept_map(VM, 5, 6, EPT_4K, RWX, EPT_MT_WB), OK);
	ept_reset(VM, TABLES_HPA);
	expect_nothing(5);
}

static void each_size_maps_exactly_its_frames(void)
{
	static const u64 frames[] = { 0, 1, 512, 512 * 512 };

	for (u32 level = EPT_4K; level <= EPT_1G; level++) {
		u64 gfn = 7 * 512 * 512, hfn = 9 * 512 * 512;

		fresh();
		CU_ASSERT_EQUAL(ept_map(VM, gfn, hfn, level, EPT_READ | EPT_EXEC, EPT_MT_UC), OK);
		expect_nothing(gfn - 1);
		expect_page(gfn, level, hfn, EPT_READ | EPT_EXEC, EPT_MT_UC);
		expect_page(gfn + frames[level] - 1, level, hfn + frames[level] - 1, EPT_READ | EPT_EXEC, EPT_MT_UC);
		expect_nothing(gfn + frames[level]);
	}
}

static void legal_rights_and_types_are_those_of_the_manual(void)
{
	for (u32 prot = 0; prot < 10; prot++)
		for (u32 type = 0; type < 10; type++) {
			bool prot_good = prot == 1 || prot == 3 || prot == 4 || prot == 5 || prot == 7;
			bool type_good = type == 0 || type == 1 || type == 4 || type == 5 || type == 6;

			fresh();
			CU_ASSERT_EQUAL(ept_map(VM, 1, 2, EPT_4K, prot, type), prot_good && type_good ? OK : ERR_INVALID);
			if (prot_good && type_good)
				expect_page(1, 1, 2, prot, type);
			else
				expect_nothing(1);
		}
}

static void a_failed_call_changes_nothing(void)
{
	static const struct {
		u64 gfn, hfn;
		u32 level;
		enum error error;
	} cases[] = {
		{ 1, 0, EPT_2M, ERR_INVALID }, { 0, 1, EPT_2M, ERR_INVALID }, { 512, 0, EPT_1G, ERR_INVALID },
		{ 0, 512, EPT_1G, ERR_INVALID }, { 0, 0, 0, ERR_INVALID }, { 0, 0, 4, ERR_INVALID },
		{ EPT_GFN_END, 0, EPT_4K, ERR_INVALID }, { 0, EPT_HFN_END, EPT_4K, ERR_INVALID },
		{ UINT64_MAX, 0, EPT_4K, ERR_INVALID }, { 512, 512, EPT_2M, ERR_MAPPED }, { 513, 1, EPT_4K, ERR_MAPPED },
		{ 0, 0, EPT_1G, ERR_MAPPED }, { 1024, 0, EPT_2M, ERR_MAPPED },
	};
	struct ept *before = malloc(sizeof(*before));

	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 512, 512, EPT_2M, RWX, EPT_MT_WB), OK);
	CU_ASSERT_EQUAL(ept_map(VM, 1030, 7, EPT_4K, RWX, EPT_MT_WB), OK);
	vm_ept[VM].stale = false;
	memcpy(before, &vm_ept[VM], sizeof(*before));
	for (u32 i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(ept_map(VM, cases[i].gfn, cases[i].hfn, cases[i].level, RWX, EPT_MT_WB), cases[i].error);
	CU_ASSERT_EQUAL(ept_unmap(VM, 1029), ERR_UNMAPPED);
	CU_ASSERT_EQUAL(ept_unmap(VM, EPT_GFN_END), ERR_UNMAPPED);
	CU_ASSERT_EQUAL(ept_protect(VM, 1029, EPT_READ), ERR_UNMAPPED);
	CU_ASSERT_EQUAL(ept_protect(VM, 1030, EPT_WRITE), ERR_INVALID);
	CU_ASSERT_EQUAL(ept_protect(VM, 1030, 0), ERR_INVALID);
	CU_ASSERT_FALSE(ept_take_dirty(VM, 1029));
	CU_ASSERT_FALSE(ept_take_dirty(VM, UINT64_MAX));
	ept_mark_dirty(VM, 1029);
	ept_mark_dirty(VM, UINT64_MAX);
	CU_ASSERT_EQUAL(memcmp(before, &vm_ept[VM], sizeof(*before)), 0);
	free(before);
}

static void a_full_pool_refuses_and_still_works(void)
{
	u64 gfn = 0;

	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 1ull << 27, 0, EPT_1G, RWX, EPT_MT_WB), OK);	/* one table: a PDPT */
	for (; ept_map(VM, gfn, gfn, EPT_4K, RWX, EPT_MT_WB) == OK; gfn += 512)
		;
	CU_ASSERT_EQUAL(gfn / 512, EPT_TABLES - 4);	/* root, two PDPTs, one PD */
	CU_ASSERT_EQUAL(ept_map(VM, gfn, gfn, EPT_4K, RWX, EPT_MT_WB), ERR_FULL);
	CU_ASSERT_EQUAL(ept_map(VM, gfn, gfn, EPT_2M, RWX, EPT_MT_WB), OK);
	CU_ASSERT_EQUAL(ept_unmap(VM, gfn + 1), ERR_FULL);
	CU_ASSERT_EQUAL(ept_protect(VM, (1ull << 27) + 1, EPT_READ), ERR_FULL);
	expect_page(gfn + 1, 2, gfn + 1, RWX, EPT_MT_WB);
	CU_ASSERT_EQUAL(ept_map(VM, 1, 99, EPT_4K, RWX, EPT_MT_WB), OK);
	expect_page(1, 1, 99, RWX, EPT_MT_WB);
}

static void a_split_needs_all_its_tables_before_it_starts(void)
{
	u32 count;

	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 0, 0, EPT_1G, RWX, EPT_MT_WB), OK);
	for (u64 gfn = 1ull << 18; vm_ept[VM].count < EPT_TABLES - 1; gfn += 512)
		CU_ASSERT_EQUAL(ept_map(VM, gfn, gfn, EPT_4K, RWX, EPT_MT_WB), OK);
	count = vm_ept[VM].count;
	CU_ASSERT_EQUAL(ept_unmap(VM, 3), ERR_FULL);
	CU_ASSERT_EQUAL(vm_ept[VM].count, count);
	expect_page(3, 3, 3, RWX, EPT_MT_WB);
}

static void unmap_and_protect_split_and_say_stale(void)
{
	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 0, 1 << 18, EPT_1G, RWX, EPT_MT_WB), OK);
	vm_ept[VM].stale = false;
	CU_ASSERT_EQUAL(ept_protect(VM, 1000, EPT_READ), OK);
	CU_ASSERT(vm_ept[VM].stale);
	expect_page(999, 1, (1 << 18) + 999, RWX, EPT_MT_WB);
	expect_page(1000, 1, (1 << 18) + 1000, EPT_READ, EPT_MT_WB);
	expect_page(511, 2, (1 << 18) + 511, RWX, EPT_MT_WB);
	vm_ept[VM].stale = false;
	CU_ASSERT_EQUAL(ept_unmap(VM, 1000), OK);
	CU_ASSERT(vm_ept[VM].stale);
	expect_nothing(1000);
	vm_ept[VM].stale = false;
	CU_ASSERT_EQUAL(ept_map(VM, 1000, 5, EPT_4K, EPT_EXEC, EPT_MT_WT), OK);
	CU_ASSERT_FALSE(vm_ept[VM].stale);
	expect_page(1000, 1, 5, EPT_EXEC, EPT_MT_WT);
}

static void dirty_is_taken_once_and_kept_by_a_split(void)
{
	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 512, 0, EPT_2M, RWX, EPT_MT_WB), OK);
	vm_ept[VM].stale = false;
	CU_ASSERT_FALSE(ept_take_dirty(VM, 600));
	ept_mark_dirty(VM, 600);
	CU_ASSERT_FALSE(vm_ept[VM].stale);
	CU_ASSERT_EQUAL(ept_protect(VM, 700, EPT_READ), OK);
	CU_ASSERT(ept_take_dirty(VM, 601));
	CU_ASSERT(ept_take_dirty(VM, 700));
	CU_ASSERT(vm_ept[VM].stale);
	CU_ASSERT_FALSE(ept_take_dirty(VM, 601));
	CU_ASSERT(ept_take_dirty(VM, 602));
	expect_page(602, 1, 602 - 512, RWX, EPT_MT_WB);
}

static void the_processors_flags_survive(void)
{
	struct ept_walk w;

	fresh();
	CU_ASSERT_EQUAL(ept_map(VM, 0, 512, EPT_2M, RWX, EPT_MT_WB), OK);
	for (u32 t = 0; t < vm_ept[VM].count; t++)
		if ((vm_ept[VM].entry[t][0] & 7) != 0)
			vm_ept[VM].entry[t][0] |= 0x100;	/* the processor read */
	CU_ASSERT_EQUAL(ept_walk(VM, 0, &w), OK);
	CU_ASSERT(w.accessed && !w.dirty);
	CU_ASSERT_EQUAL(ept_unmap(VM, 9), OK);
	CU_ASSERT_EQUAL(ept_walk(VM, 8 << 12, &w), OK);
	CU_ASSERT(w.accessed && !w.dirty);
	CU_ASSERT_EQUAL(w.hpa, (512 + 8) << 12);
}

static void a_range_takes_the_largest_pages_that_fit(void)
{
	fresh();	/* 4K up to 2M, 2M up to 1G, one 1G, and down again */
	CU_ASSERT_EQUAL(ept_map_range(VM, 0x3fdff, 0x7fdff, 0x40000 + 0x403, RWX, EPT_MT_WB, EPT_1G), OK);
	expect_nothing(0x3fdfe);
	expect_page(0x3fdff, 1, 0x7fdff, RWX, EPT_MT_WB);
	expect_page(0x3fe00, 2, 0x7fe00, RWX, EPT_MT_WB);
	expect_page(0x40000, 3, 0x80000, RWX, EPT_MT_WB);
	expect_page(0x80000, 2, 0xc0000, RWX, EPT_MT_WB);
	expect_page(0x80201, 1, 0xc0201, RWX, EPT_MT_WB);
	expect_nothing(0x80202);
	fresh();	/* alignment of either side counts */
	CU_ASSERT_EQUAL(ept_map_range(VM, 0, 1, 1024, RWX, EPT_MT_WB, EPT_1G), OK);
	expect_page(512, 1, 513, RWX, EPT_MT_WB);
	fresh();
	CU_ASSERT_EQUAL(ept_map_range(VM, 0, 0, 131072, RWX, EPT_MT_WB, EPT_4K), OK);	/* 512 MiB fit */
	expect_page(131071, 1, 131071, RWX, EPT_MT_WB);
	CU_ASSERT_EQUAL(vm_ept[VM].count, 259);
	CU_ASSERT_EQUAL(ept_map_range(VM, EPT_GFN_END - 1, 0, 2, RWX, EPT_MT_WB, EPT_4K), ERR_INVALID);
	CU_ASSERT_EQUAL(ept_map_range(VM, 0, 0, UINT64_MAX, RWX, EPT_MT_WB, EPT_4K), ERR_INVALID);
	CU_ASSERT_EQUAL(ept_map_range(VM, 131071, 0, 2, RWX, EPT_MT_WB, EPT_4K), ERR_MAPPED);
	CU_ASSERT_EQUAL(ept_map_range(VM, 7, 0, 0, RWX, EPT_MT_WB, EPT_4K), OK);
}

/* ---- random calls against a plain map */

#define GIB_FRAMES 0x40000u
#define GIBS 4u
#define FRAMES (GIBS * GIB_FRAMES)

static const u64 gib_gfn[GIBS] = { 0, GIB_FRAMES, 3ull << 27, EPT_GFN_END - GIB_FRAMES };
static const u32 gib_pdpt[GIBS] = { 0, 0, 1, 2 };
static struct page *map;
static bool has_pt[FRAMES / 512], has_pd[GIBS], has_pdpt[3];
static u32 tables;

static u64 gfn_of(u32 j)
{
	return gib_gfn[j / GIB_FRAMES] + j % GIB_FRAMES;
}

static u32 frames_of(u32 level)
{
	return level == 3 ? GIB_FRAMES : level == 2 ? 512 : 1;
}

/* Tables missing on the way to j's entry of `level`; `build` makes them. */
static u32 missing(u32 j, u32 level, bool build)
{
	bool *way[] = { &has_pt[j / 512], &has_pd[j / GIB_FRAMES], &has_pdpt[gib_pdpt[j / GIB_FRAMES]] };
	u32 n = 0;

	for (u32 l = level; l <= 3; l++) {
		n += !*way[l - 1];
		*way[l - 1] |= build;
	}
	tables += build ? n : 0;
	return n;
}

static enum error plain_map(u32 j, u64 hfn, u32 level, u32 prot, u32 memtype)
{
	u32 n = frames_of(level);

	if (j % n != 0 || hfn % n != 0)
		return ERR_INVALID;
	for (u32 i = 0; i < n; i++)
		if (map[j + i].level != 0 || (level > 1 && has_pt[(j + i) / 512]) || (level > 2 && has_pd[j / GIB_FRAMES]))
			return ERR_MAPPED;
	if (tables + missing(j, level, false) > EPT_TABLES)
		return ERR_FULL;
	missing(j, level, true);
	for (u32 i = 0; i < n; i++)
		map[j + i] = (struct page){ hfn + i, (u8)level, (u8)prot, (u8)memtype, false };
	return OK;
}

static enum error plain_split(u32 j)
{
	if (map[j].level == 0)
		return ERR_UNMAPPED;
	if (tables + missing(j, 1, false) > EPT_TABLES)
		return ERR_FULL;
	missing(j, 1, true);
	if (map[j].level == 3)
		for (u32 i = 0; i < GIB_FRAMES; i++)
			map[j / GIB_FRAMES * GIB_FRAMES + i].level = 2;
	if (map[j].level == 2)
		for (u32 i = 0; i < 512; i++)
			map[j / 512 * 512 + i].level = 1;
	return OK;
}

static bool plain_dirty(u32 j, bool dirty)
{
	u32 n = frames_of(map[j].level);
	bool was = map[j].dirty;

	if (map[j].level == 0)
		return false;
	for (u32 i = 0; i < n; i++)
		map[j / n * n + i].dirty = dirty;
	return was;
}

static void compare(u32 j)
{
	struct page raw = raw_walk(gfn_of(j)), walked = walk(gfn_of(j));

	CU_ASSERT_FATAL(same(&raw, &map[j]));
	CU_ASSERT_FATAL(same(&walked, &map[j]));
}

/* Calls cluster in few places, so that they meet. */
static u32 random_frame(void)
{
	return random_below(GIBS) * GIB_FRAMES + random_below(2) * 0x3fe00 + random_below(3) * 512 + random_below(8) * 73;
}

static void random_call(void)
{
	static const u32 prots[] = { 1, 3, 4, 5, 7 }, types[] = { 0, 1, 4, 5, 6 };
	u32 j = random_frame() % FRAMES, level = 1 + random_below(3), prot = prots[random_below(5)];
	u32 type = types[random_below(5)];
	u64 hfn = random_u64() >> 24;
	u32 kind = random_below(16);
	enum error error;

	if (kind < 8) {
		level = kind == 0 ? 3 : kind < 3 ? 2 : 1;
		j = random_below(8) == 0 ? j : j / frames_of(level) * frames_of(level);
		hfn = random_below(8) == 0 ? hfn : hfn / frames_of(level) * frames_of(level);
		error = plain_map(j, hfn, level, prot, type);
		CU_ASSERT_EQUAL_FATAL(ept_map(VM, gfn_of(j), hfn, level, prot, type), error);
	} else if (kind < 11) {
		error = plain_split(j);
		CU_ASSERT_EQUAL_FATAL(ept_unmap(VM, gfn_of(j)), error);
		if (error == OK)
			map[j] = (struct page){ 0 };
	} else if (kind < 13) {
		error = plain_split(j);
		CU_ASSERT_EQUAL_FATAL(ept_protect(VM, gfn_of(j), prot), error);
		if (error == OK)
			map[j].prot = (u8)prot;
	} else if (kind < 15) {
		ept_mark_dirty(VM, gfn_of(j));
		plain_dirty(j, true);
	} else {
		CU_ASSERT_EQUAL_FATAL(ept_take_dirty(VM, gfn_of(j)), plain_dirty(j, false));
	}
	CU_ASSERT_EQUAL_FATAL(vm_ept[VM].count, tables);
	compare(j);
	for (u32 i = 0; i < 4; i++)
		compare(random_frame() % FRAMES);
}

static void random_calls_do_what_a_plain_map_does(void)
{
	map = calloc(FRAMES, sizeof(*map));
	for (u64 seed = 1; seed <= 12; seed++) {
		random_seed(seed);
		fresh();
		memset(map, 0, FRAMES * sizeof(*map));
		memset(has_pt, 0, sizeof(has_pt));
		memset(has_pd, 0, sizeof(has_pd));
		memset(has_pdpt, 0, sizeof(has_pdpt));
		tables = 1;
		for (u32 n = 0; n < 600; n++)
			random_call();
		for (u32 j = 0; j < FRAMES; j += seed % 4 == 0 ? 1 : 61)
			compare(j);
	}
	free(map);
}

static void a_full_pool_meets_random_calls(void)
{
	map = calloc(FRAMES, sizeof(*map));
	random_seed(99);
	fresh();
	memset(has_pt, 0, sizeof(has_pt));
	memset(has_pd, 0, sizeof(has_pd));
	memset(has_pdpt, 0, sizeof(has_pdpt));
	tables = 1;
	for (u32 j = 0x10000; tables < EPT_TABLES - 6; j += 512) {
		CU_ASSERT_EQUAL_FATAL(plain_map(j, j, 1, 7, 6), OK);
		CU_ASSERT_EQUAL_FATAL(ept_map(VM, gfn_of(j), j, 1, 7, 6), OK);
	}
	for (u32 n = 0; n < 600; n++)
		random_call();
	CU_ASSERT_EQUAL(tables, EPT_TABLES);
	free(map);
}

const struct test_case test_ept_cases[] = {
	{ "reset empties, and the pointer says how to walk", reset_empties_and_the_pointer_says_how_to_walk },
	{ "each page size maps exactly its frames", each_size_maps_exactly_its_frames },
	{ "legal rights and memory types are those of the manual", legal_rights_and_types_are_those_of_the_manual },
	{ "a failed call changes nothing", a_failed_call_changes_nothing },
	{ "a full pool refuses, and still works", a_full_pool_refuses_and_still_works },
	{ "a split needs all its tables before it starts", a_split_needs_all_its_tables_before_it_starts },
	{ "unmap and protect split pages and say stale", unmap_and_protect_split_and_say_stale },
	{ "dirty is taken once, and kept by a split", dirty_is_taken_once_and_kept_by_a_split },
	{ "the processor's accessed flag survives a split", the_processors_flags_survive },
	{ "a range takes the largest pages that fit", a_range_takes_the_largest_pages_that_fit },
	{ "random calls do what a plain map does", random_calls_do_what_a_plain_map_does },
	{ "a full pool meets random calls", a_full_pool_meets_random_calls },
	{ 0 }
};
