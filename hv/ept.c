/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended page tables. */
#include "ept.h"

/* Zeroed table by table when in use, not at boot. */
struct ept vm_ept[VM_MAX] __attribute__((aligned(4096), section(".bss.noinit")));

/* The number of frame `gfn`'s entry within its table of level `level`. */
static u32 slot(u64 gfn, u32 level)
{
	switch (level) {
	case 4:
		return (u32)(gfn / 0x8000000 % 512);
	case 3:
		return (u32)(gfn / 0x40000 % 512);
	case 2:
		return (u32)(gfn / 0x200 % 512);
	default:
		return (u32)(gfn % 512);
	}
}

/* The lowest table on the way to `gfn`, of level `floor` or higher. */
static u32 locate(vm_id vm, u64 gfn, u32 floor)
{
	const struct ept *ept = &vm_ept[vm];
	u32 t = 0;

	for (u32 level = 4; level > floor; level--) {
		u64 entry = ept->entry[t][slot(gfn, level)];

		if (!ept_entry_is_table(entry))
			break;
		t = (u32)(ept_entry_frame(entry) - ept->hfn);
	}
	return t;
}

/* Takes a table of the pool into use, empty and not yet reached from anywhere. */
static u32 new_table(vm_id vm, u32 level, u64 tag)
{
	struct ept *ept = &vm_ept[vm];
	u32 t = ept->count;

	ept->level[t] = level;
	ept->tag[t] = tag;
	ept->count = t + 1;
	return t;
}

/* Puts a table in the place of entry i of table t, which maps the same as the entry did, with smaller pages. Returns the
 * table. */
static u32 refine(vm_id vm, u32 t, u32 i)
{
	struct ept *ept = &vm_ept[vm];
	u32 level = ept->level[t];
	u64 entry = ept->entry[t][i];
	u32 c = new_table(vm, level - 1, ept->tag[t] * 512 + i);

	for (u32 k = 0; k < 512; k++)
		ept->entry[c][k] = ept_entry_part(entry, level, k);
	ept->entry[t][i] = ept_entry_table(ept->hfn + c);
	return c;
}

/* Refines from table t, the lowest on the way to `gfn`, down to `level`; the pool has room. Returns the last table. */
static u32 refine_to(vm_id vm, u32 t, u64 gfn, u32 level)
{
	while (vm_ept[vm].level[t] > level)
		t = refine(vm, t, slot(gfn, vm_ept[vm].level[t]));
	return t;
}

static bool has_room(vm_id vm, u32 t, u32 level)
{
	return vm_ept[vm].level[t] - level <= EPT_TABLES - vm_ept[vm].count;
}

void ept_reset(vm_id vm, u64 tables_hpa)
{
	struct ept *ept = &vm_ept[vm];

	ept->hfn = tables_hpa / PAGE_BYTES;
	ept->count = 1;
	ept->level[0] = 4;
	ept->tag[0] = 0;
	ept->stale = true;
	for (u32 i = 0; i < 512; i++)
		ept->entry[0][i] = ept_entry_none();
}

u64 ept_pointer(vm_id vm)
{
	return vm_ept[vm].hfn * PAGE_BYTES + 0x40 + (4 - 1) * 8 + EPT_MT_WB;
}

static bool map_legal(u64 gfn, u64 hfn, u32 level, u32 prot, u32 memtype)
{
	if (level < EPT_4K || level > EPT_1G || gfn >= EPT_GFN_END || hfn >= EPT_HFN_END)
		return false;
	if (gfn % ept_entry_span(level) != 0 || hfn % ept_entry_span(level) != 0)
		return false;
	return ept_entry_prot_legal(prot) && ept_entry_memtype_legal(memtype);
}

enum error ept_map(vm_id vm, u64 gfn, u64 hfn, u32 level, u32 prot, u32 memtype)
{
	u32 t;

	if (!map_legal(gfn, hfn, level, prot, memtype))
		return ERR_INVALID;
	t = locate(vm, gfn, level);
	if (ept_entry_present(vm_ept[vm].entry[t][slot(gfn, vm_ept[vm].level[t])]))
		return ERR_MAPPED;
	if (!has_room(vm, t, level))
		return ERR_FULL;
	t = refine_to(vm, t, gfn, level);
	vm_ept[vm].entry[t][slot(gfn, level)] = ept_entry_leaf(hfn, level, prot, memtype);
	return OK;
}

/* The largest page, up to `max_level`, for `frames` frames from `gfn` to `hfn` on. */
static u32 largest(u64 gfn, u64 hfn, u64 frames, u32 max_level)
{
	u32 level = max_level;

	while (level > EPT_4K && (gfn % ept_entry_span(level) != 0 || hfn % ept_entry_span(level) != 0 ||
				  frames < ept_entry_span(level)))
		level--;
	return level;
}

enum error ept_map_range(vm_id vm, u64 gfn, u64 hfn, u64 frames, u32 prot, u32 memtype, u32 max_level)
{
	u64 done = 0;

	if (gfn > EPT_GFN_END || frames > EPT_GFN_END - gfn || hfn > EPT_HFN_END || frames > EPT_HFN_END - hfn)
		return ERR_INVALID;
	while (done < frames) {
		u32 level = largest(gfn + done, hfn + done, frames - done, max_level);
		enum error error = ept_map(vm, gfn + done, hfn + done, level, prot, memtype);

		if (error != OK)
			return error;
		done += ept_entry_span(level);
	}
	return OK;
}

/* The 4 KiB table with frame `gfn`'s page, a larger page split; or the error. */
static enum error reach(vm_id vm, u64 gfn, u32 *table)
{
	u32 t;

	if (gfn >= EPT_GFN_END)
		return ERR_UNMAPPED;
	t = locate(vm, gfn, EPT_4K);
	if (!ept_entry_present(vm_ept[vm].entry[t][slot(gfn, vm_ept[vm].level[t])]))
		return ERR_UNMAPPED;
	if (!has_room(vm, t, EPT_4K))
		return ERR_FULL;
	*table = refine_to(vm, t, gfn, EPT_4K);
	return OK;
}

enum error ept_unmap(vm_id vm, u64 gfn)
{
	u32 t;
	enum error error = reach(vm, gfn, &t);

	if (error != OK)
		return error;
	vm_ept[vm].entry[t][slot(gfn, EPT_4K)] = ept_entry_none();
	vm_ept[vm].stale = true;
	return OK;
}

enum error ept_protect(vm_id vm, u64 gfn, u32 prot)
{
	u32 t;
	u32 i = slot(gfn, EPT_4K);
	enum error error;

	if (!ept_entry_prot_legal(prot))
		return ERR_INVALID;
	error = reach(vm, gfn, &t);
	if (error != OK)
		return error;
	vm_ept[vm].entry[t][i] = ept_entry_with_prot(vm_ept[vm].entry[t][i], prot);
	vm_ept[vm].stale = true;
	return OK;
}

enum error ept_walk(vm_id vm, u64 gpa, struct ept_walk *walk)
{
	u64 gfn = gpa / PAGE_BYTES;
	u64 entry;
	u32 t, level;

	if (gfn >= EPT_GFN_END)
		return ERR_UNMAPPED;
	t = locate(vm, gfn, EPT_4K);
	level = vm_ept[vm].level[t];
	entry = vm_ept[vm].entry[t][slot(gfn, level)];
	if (!ept_entry_present(entry))
		return ERR_UNMAPPED;
	walk->hpa = ept_entry_hfn(entry, level, gfn) * PAGE_BYTES + gpa % PAGE_BYTES;
	walk->level = level;
	walk->prot = ept_entry_prot(entry);
	walk->memtype = ept_entry_memtype(entry);
	walk->accessed = ept_entry_accessed(entry);
	walk->dirty = ept_entry_dirty(entry);
	return OK;
}

/* Sets or clears D of the leaf around `gfn`. True: it was the other way round before. */
static bool set_dirty(vm_id vm, u64 gfn, bool dirty)
{
	u32 t, i;
	u64 entry;

	if (gfn >= EPT_GFN_END)
		return false;
	t = locate(vm, gfn, EPT_4K);
	i = slot(gfn, vm_ept[vm].level[t]);
	entry = vm_ept[vm].entry[t][i];
	if (!ept_entry_present(entry) || ept_entry_dirty(entry) == dirty)
		return false;
	vm_ept[vm].entry[t][i] = ept_entry_with_dirty(entry, dirty);
	return true;
}

bool ept_take_dirty(vm_id vm, u64 gfn)
{
	if (!set_dirty(vm, gfn, false))
		return false;
	vm_ept[vm].stale = true;
	return true;
}

void ept_mark_dirty(vm_id vm, u64 gfn)
{
	(void)set_dirty(vm, gfn, true);
}
