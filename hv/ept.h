/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended page tables: what a VM sees at each guest-physical address (SDM 3C 28.3). Each VM has a pool of tables;
 * entries refer to tables of the same pool by host-physical address, the code by index.
 *
 *   gfn:   47..39    38..30    29..21    20..12          of the guest-physical address
 *          PML4  ->  PDPT  ->  PD    ->  PT
 *          level 4   level 3   level 2   level 1
 *                    1 GiB     2 MiB     4 KiB            pages
 *
 * No table is ever given back: unmapping clears entries only. The processor sets A and D behind this code's back; every
 * function leaves them alone unless it says so.
 */
#ifndef HV_EPT_H
#define HV_EPT_H

#include "types.h"
#include "ept_entry.h"

#define EPT_TABLES 272u		/* per VM: 512 MiB in 4 KiB pages take 259 */
#define EPT_GFN_END 0x1000000000ull	/* guest frames end at 2^36: four levels of 512 entries */

enum ept_level { EPT_4K = 1, EPT_2M = 2, EPT_1G = 3 };

struct ept {
	u64 entry[EPT_TABLES][512] __attribute__((aligned(4096)));	/* entry[0] is the root */
	u64 hfn;			/* host frame of entry[0]; the others follow */
	u64 tag[EPT_TABLES];		/* first guest frame that the table covers, in units of what it covers */
	u32 level[EPT_TABLES];		/* 4 = PML4 ... 1 = PT */
	u32 count;			/* tables in use */
	bool stale;			/* the processor may hold translations that are gone: INVEPT before the next entry */
};

extern struct ept vm_ept[VM_MAX];

#include "spec/ept_entry_facts.acsl"
#include "spec/ept.acsl"

/* Empties the VM's tables: one zeroed root. `tables_hpa` is the host-physical address of vm_ept[vm].entry. */
/*@ requires vm:      vm < VM_MAX;
    requires aligned: tables_hpa % PAGE_BYTES == 0;
    requires inside:  tables_hpa / PAGE_BYTES + EPT_TABLES <= EPT_HFN_END;
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:     ept_inv(vm);
    ensures  stale:   vm_ept[vm].stale == 1;
    ensures  empty:   \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == 0;
*/
void ept_reset(vm_id vm, u64 tables_hpa);

/* The EPT pointer for the VMCS: four levels, write-back, accessed and dirty flags on (SDM 3C 24.6.11). */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  \nothing;
    exits    \false;
    ensures  eptp: \result == vm_ept[vm].hfn * 4096 + 0x5e;
*/
u64 ept_pointer(vm_id vm);

/*
 * Maps a page of `level` (enum ept_level) at guest frame `gfn` to host frame `hfn`, both counted in 4 KiB and multiples
 * of the page's frames, with rights `prot` (EPT_READ | EPT_WRITE | EPT_EXEC) and memory type EPT_MT_*.
 * ERR_INVALID: misaligned, out of range, no such level, rights or type. ERR_MAPPED: some of it is mapped, or was once in
 * smaller pages. ERR_FULL: no table left. A failed call changes nothing. No INVEPT is needed: nothing was mapped there.
 * Execute-only pages need EPT_CAP_EXECUTE_ONLY and 1 GiB pages EPT_CAP_1G of the processor: the caller's to know.
 */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:     ept_inv(vm);
    ensures  result:  \result == OK || \result == ERR_INVALID || \result == ERR_MAPPED || \result == ERR_FULL;
    ensures  legal:   \result != ERR_INVALID <==> ept_map_legal(gfn, hfn, level, prot, memtype);
    ensures  mapped:  \result == OK ==> \forall integer h; gfn <= h < gfn + ept_span(level) ==>
                      ept_translation(vm, h) == ept_page(hfn + (h - gfn), prot, memtype);
    ensures  others:  \forall integer h; 0 <= h < EPT_GFN_END &&
                      !(\result == OK && gfn <= h < gfn + ept_span(level)) ==>
                      ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  failed:  \result != OK ==> ept_unchanged{Pre, Post}(vm);
    ensures  stale:   vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  place:   vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
*/
enum error ept_map(vm_id vm, u64 gfn, u64 hfn, u32 level, u32 prot, u32 memtype);

/* Maps `frames` frames from `gfn` to `hfn` on with the largest pages up to `max_level` that fit and are aligned. An error
 * of ept_map leaves what was mapped before it. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires level: 1 <= max_level <= 3;
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:     ept_inv(vm);
    ensures  mapped:  \result == OK ==> \forall integer h; gfn <= h < gfn + frames ==>
                      ept_translation(vm, h) == ept_page(hfn + (h - gfn), prot, memtype);
    ensures  others:  \forall integer h; 0 <= h < EPT_GFN_END && !(gfn <= h < gfn + frames) ==>
                      ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  stale:   vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  place:   vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
*/
enum error ept_map_range(vm_id vm, u64 gfn, u64 hfn, u64 frames, u32 prot, u32 memtype, u32 max_level);

/* Unmaps the 4 KiB frame `gfn`; a larger page around it is split. ERR_UNMAPPED: nothing is mapped there. ERR_FULL: no
 * table left for the split. A failed call changes nothing. Sets `stale`. */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:      ept_inv(vm);
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_FULL;
    ensures  unmapped: \result == OK ==> ept_translation(vm, gfn) == 0;
    ensures  others:   \result == OK ==> \forall integer h; 0 <= h < EPT_GFN_END && h != gfn ==>
                       ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  stale:    \result == OK ==> vm_ept[vm].stale == 1;
    ensures  place:   vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  failed:   \result != OK ==> ept_unchanged{Pre, Post}(vm);
*/
enum error ept_unmap(vm_id vm, u64 gfn);

/* Gives the 4 KiB frame `gfn` other rights; a larger page around it is split. Errors as ept_unmap, and ERR_INVALID for
 * rights that are not legal. Sets `stale`. */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:       ept_inv(vm);
    ensures  result:    \result == OK || \result == ERR_INVALID || \result == ERR_UNMAPPED || \result == ERR_FULL;
    ensures  protected: \result == OK ==>
                        ept_translation(vm, gfn) == ept_page_with(\at(ept_translation(vm, gfn), Pre), prot);
    ensures  others:    \result == OK ==> \forall integer h; 0 <= h < EPT_GFN_END && h != gfn ==>
                        ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  stale:     \result == OK ==> vm_ept[vm].stale == 1;
    ensures  place:   vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  failed:    \result != OK ==> ept_unchanged{Pre, Post}(vm);
*/
enum error ept_protect(vm_id vm, u64 gfn, u32 prot);

/* What the tables say about one guest-physical address. */
struct ept_walk {
	u64 hpa;	/* host-physical address of the same byte */
	u32 level;	/* enum ept_level: the size of the page */
	u32 prot;	/* EPT_READ | EPT_WRITE | EPT_EXEC */
	u32 memtype;	/* EPT_MT_* */
	bool accessed, dirty;
};

/* Walks the tables for `gpa` as the processor does, without setting A and D. ERR_UNMAPPED: no translation; `walk` is
 * untouched. */
/*@ requires vm:   vm < VM_MAX;
    requires inv:  ept_inv(vm);
    requires walk: \valid(walk) && \separated(walk, &vm_ept[0 .. VM_MAX - 1]);
    assigns  *walk;
    exits    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED;
    ensures  unmapped: \result == ERR_UNMAPPED <==>
                       gpa / PAGE_BYTES >= EPT_GFN_END || ept_translation(vm, gpa / PAGE_BYTES) == 0;
    ensures  mapped:   \result == OK ==> ept_translation(vm, gpa / PAGE_BYTES) ==
                       ept_page(walk->hpa / PAGE_BYTES, walk->prot, walk->memtype);
    ensures  offset:   \result == OK ==> walk->hpa % PAGE_BYTES == gpa % PAGE_BYTES;
    ensures  level:    \result == OK ==> 1 <= walk->level <= 3;
*/
enum error ept_walk(vm_id vm, u64 gpa, struct ept_walk *walk);

/* True if the page around `gfn` is mapped and its dirty flag was set; clears it (and sets `stale`, since the processor
 * keeps D in its translations too: SDM 3C 28.3.5). */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:    ept_inv(vm);
    ensures  others: \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  stale:  \result ==> vm_ept[vm].stale == 1;
    ensures  place:  vm_ept[vm].hfn == \old(vm_ept[vm].hfn) && vm_ept[vm].count == \old(vm_ept[vm].count);
*/
bool ept_take_dirty(vm_id vm, u64 gfn);

/* Sets the dirty flag of the page around `gfn`, for memory that the hypervisor writes itself. Without a translation
 * there is nothing to mark. */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:    ept_inv(vm);
    ensures  others: \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  stale:  vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  place:  vm_ept[vm].hfn == \old(vm_ept[vm].hfn) && vm_ept[vm].count == \old(vm_ept[vm].count);
*/
void ept_mark_dirty(vm_id vm, u64 gfn);

#endif
