/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended page tables. */
#include "ept.h"

/*@
  // A tag and a slot give the tag one level down.
  lemma ept_tag_3: \forall integer h; 0 <= h < EPT_GFN_END ==> h / 0x8000000 % 512 == h / 0x8000000;
  lemma ept_tag_2: \forall integer h; 0 <= h ==> h / 0x8000000 * 512 + h / 0x40000 % 512 == h / 0x40000;
  lemma ept_tag_1: \forall integer h; 0 <= h ==> h / 0x40000 * 512 + h / 0x200 % 512 == h / 0x200;
  lemma ept_tag_0: \forall integer h; 0 <= h ==> h / 0x200 * 512 + h % 512 == h;
  lemma ept_tag_down: \forall integer h, n; 0 <= h < EPT_GFN_END && 1 <= n <= 4 ==>
    0 <= ept_slot(h, n) < 512 && ept_tag(h, n) * 512 + ept_slot(h, n) == ept_tag(h, n - 1);
  lemma ept_way_3{L}: \forall integer v, h; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_table(ept_e4(v, h)) ==>
    0 < ept_t3(v, h) < vm_ept[v].count && vm_ept[v].level[ept_t3(v, h)] == 3 &&
    vm_ept[v].tag[ept_t3(v, h)] == h / 0x8000000;
  lemma ept_way_2{L}: \forall integer v, h; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_table(ept_e4(v, h)) &&
    ept_table(ept_e3(v, h)) ==>
    0 < ept_t2(v, h) < vm_ept[v].count && vm_ept[v].level[ept_t2(v, h)] == 2 &&
    vm_ept[v].tag[ept_t2(v, h)] == h / 0x40000;
  lemma ept_way_1{L}: \forall integer v, h; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_table(ept_e4(v, h)) &&
    ept_table(ept_e3(v, h)) && ept_table(ept_e2(v, h)) ==>
    0 < ept_t1(v, h) < vm_ept[v].count && vm_ept[v].level[ept_t1(v, h)] == 1 &&
    vm_ept[v].tag[ept_t1(v, h)] == h / 0x200;
*/

/* Zeroed table by table when in use, not at boot. */
struct ept vm_ept[VM_MAX] __attribute__((aligned(4096), section(".bss.noinit")));

/* The number of frame `gfn`'s entry within its table of level `level`. */
/*@ requires level: 1 <= level <= 4;
    assigns  \nothing;
    exits    \false;
    ensures  slot: \result == ept_slot(gfn, level);
    ensures  range: \result < 512;
*/
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
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires gfn:   gfn < EPT_GFN_END;
    requires floor: 1 <= floor <= 4;
    assigns  \nothing;
    exits    \false;
    ensures  used:  \result < vm_ept[vm].count;
    ensures  level: floor <= vm_ept[vm].level[\result] <= 4;
    ensures  way:   ept_way(vm, gfn, \result);
    ensures  last:  vm_ept[vm].level[\result] > floor ==>
                    !ept_table(ept_at(vm, \result, ept_slot(gfn, vm_ept[vm].level[\result])));
*/
static u32 locate(vm_id vm, u64 gfn, u32 floor)
{
	u32 t = 0;
	u32 level = 4;

	/*@ loop invariant level: floor <= level <= 4 && vm_ept[vm].level[t] == level;
	    loop invariant used:  t < vm_ept[vm].count;
	    loop invariant way:   ept_way(vm, gfn, t);
	    loop assigns t, level;
	    loop variant level;
	*/
	while (level > floor) {
		u64 entry = vm_ept[vm].entry[t][slot(gfn, level)];

		if (!ept_entry_is_table(entry))
			break;
		//@ assert inv: ept_entry_inv(vm, t, ept_slot(gfn, level));
		t = (u32)(ept_entry_frame(entry) - vm_ept[vm].hfn);
		level--;
		//@ assert three: level == 3 ==> t == ept_t3(vm, gfn) && ept_table(ept_e4(vm, gfn));
		//@ assert two: level == 2 ==> t == ept_t2(vm, gfn) && ept_table(ept_e3(vm, gfn));
		//@ assert one: level == 1 ==> t == ept_t1(vm, gfn) && ept_table(ept_e2(vm, gfn));
	}
	return t;
}

/*@
  // Frames with the same tag share their way, and their entry, down to that level.
  lemma ept_tag_up: \forall integer h, g, n; 0 <= h < EPT_GFN_END && 0 <= g < EPT_GFN_END && 0 <= n <= 3 &&
    ept_tag(h, n) == ept_tag(g, n) ==> ept_tag(h, n + 1) == ept_tag(g, n + 1) && ept_slot(h, n + 1) == ept_slot(g, n + 1);
  lemma ept_way_shared{L}: \forall integer v, h, g, t; 0 <= h < EPT_GFN_END && 0 <= g < EPT_GFN_END && ept_way(v, g, t) &&
    ept_tag(h, vm_ept[v].level[t] - 1) == ept_tag(g, vm_ept[v].level[t] - 1) ==>
    ept_way(v, h, t) && ept_slot(h, vm_ept[v].level[t]) == ept_slot(g, vm_ept[v].level[t]);
  lemma ept_way_tag{L}: \forall integer v, h, t; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_way(v, h, t) ==>
    0 <= t < vm_ept[v].count && vm_ept[v].tag[t] == ept_tag(h, vm_ept[v].level[t]);
  // No entry of the root is a page.
  lemma ept_root{L}: \forall integer v, h; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_present(ept_e4(v, h)) ==>
    ept_table(ept_e4(v, h));
  // The end of the way is the translation.
  lemma ept_way_end{L}: \forall integer v, h, t; 0 <= v < VM_MAX && ept_inv(v) && 0 <= h < EPT_GFN_END && ept_way(v, h, t) &&
    (vm_ept[v].level[t] == 1 || !ept_table(ept_at(v, t, ept_slot(h, vm_ept[v].level[t])))) ==>
    ept_translation(v, h) == ept_piece(ept_at(v, t, ept_slot(h, vm_ept[v].level[t])), vm_ept[v].level[t], h);
  // The 4 KiB frames of an aligned page are those with its tag.
  lemma ept_page_tag: \forall integer g, h, n; 1 <= n <= 3 && 0 <= h && 0 <= g && g % ept_span(n) == 0 ==>
    (g <= h < g + ept_span(n) <==> ept_tag(h, n - 1) == ept_tag(g, n - 1));
  lemma ept_slot_span: \forall integer h, n; 1 <= n <= 3 ==> h / ept_span(n) % 512 == ept_slot(h, n);
  lemma ept_page_offset: \forall integer g, h, n; 1 <= n <= 3 && 0 <= g <= h < g + ept_span(n) && g % ept_span(n) == 0 ==>
    h % ept_span(n) == h - g;

  // Entry p of level n - 1 maps what entry e of level n maps to the frames of slot k.
  predicate ept_is_part(integer e, integer n, integer k, integer p) =
    (ept_present(e) ==> ept_leaf(p, n - 1)) && (!ept_present(e) ==> !ept_present(p)) && (n > 2 ==> !ept_table(p)) &&
    (\forall integer h; 0 <= h && h / ept_span(n - 1) % 512 == k ==> ept_piece(p, n - 1, h) == ept_piece(e, n, h));
*/

/* Puts a page, or nothing, where no table is. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires place: t < vm_ept[vm].count && i < 512;
    requires old:   vm_ept[vm].level[t] == 1 || !ept_table(ept_at(vm, t, i));
    requires new:   !ept_present(entry) || ept_leaf(entry, vm_ept[vm].level[t]);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:    ept_inv(vm);
    ensures  shape:  ept_same_shape{Pre, Post}(vm);
    ensures  stale:  vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  others: \forall integer h; 0 <= h < EPT_GFN_END &&
                     !(ept_way{Pre}(vm, h, t) && ept_slot(h, \at(vm_ept[vm].level[t], Pre)) == i) ==>
                     ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  mapped: \forall integer h; 0 <= h < EPT_GFN_END &&
                     ept_way{Pre}(vm, h, t) && ept_slot(h, \at(vm_ept[vm].level[t], Pre)) == i ==>
                     ept_translation(vm, h) == ept_piece(entry, \at(vm_ept[vm].level[t], Pre), h);
*/
static void put(vm_id vm, u32 t, u32 i, u64 entry)
{
	vm_ept[vm].entry[t][i] = entry;
	/*@ assert rest: \forall integer x, y; !(x == t && y == i) ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre); */
	//@ assert written: ept_at(vm, t, i) == entry;
	/*@ assert e4: \forall integer h; 0 <= h < EPT_GFN_END && !(t == 0 && h / 0x8000000 % 512 == i) ==>
	    ept_e4(vm, h) == \at(ept_e4(vm, h), Pre); */
	/*@ assert e3: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    !(\at(ept_t3(vm, h), Pre) == t && h / 0x40000 % 512 == i) && ept_e4(vm, h) == \at(ept_e4(vm, h), Pre) ==>
	    ept_e3(vm, h) == \at(ept_e3(vm, h), Pre) && ept_t3(vm, h) == \at(ept_t3(vm, h), Pre); */
	/*@ assert e2: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) && !(\at(ept_t2(vm, h), Pre) == t && h / 0x200 % 512 == i) &&
	    ept_e3(vm, h) == \at(ept_e3(vm, h), Pre) ==>
	    ept_e2(vm, h) == \at(ept_e2(vm, h), Pre) && ept_t2(vm, h) == \at(ept_t2(vm, h), Pre); */
	/*@ assert e1: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) && ept_table(\at(ept_e2(vm, h), Pre)) &&
	    !(\at(ept_t1(vm, h), Pre) == t && h % 512 == i) && ept_e2(vm, h) == \at(ept_e2(vm, h), Pre) ==>
	    ept_e1(vm, h) == \at(ept_e1(vm, h), Pre) && ept_t1(vm, h) == \at(ept_t1(vm, h), Pre); */
	/*@ assert inv: ept_inv(vm); */
	/*@ assert way: \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i ==> ept_way(vm, h, t); */
}

/* Fills table c with the parts of an entry of level `level`. */
/*@ requires vm:    vm < VM_MAX;
    requires table: c < EPT_TABLES;
    requires level: 2 <= level <= 4;
    requires entry: ept_leaf(entry, level) || !ept_present(entry);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  parts: \forall integer k; 0 <= k < 512 ==> ept_is_part(entry, level, k, ept_at(vm, c, k));
    ensures  rest:  \forall integer x, y; x != c ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre);
    ensures  shape: ept_same_shape{Pre, Post}(vm);
    ensures  stale: vm_ept[vm].stale == \old(vm_ept[vm].stale);
*/
static void fill(vm_id vm, u32 c, u64 entry, u32 level)
{
	/*@ loop invariant index: k <= 512;
	    loop invariant parts: \forall integer j; 0 <= j < k ==> ept_is_part(entry, level, j, ept_at(vm, c, j));
	    loop invariant rest:  \forall integer x, y; x != c ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre);
	    loop invariant shape: ept_same_shape{Pre, Here}(vm);
	    loop invariant stale: vm_ept[vm].stale == \at(vm_ept[vm].stale, Pre);
	    loop assigns k, vm_ept[vm];
	    loop variant 512 - k;
	*/
	for (u32 k = 0; k < 512; k++)
		vm_ept[vm].entry[c][k] = ept_entry_part(entry, level, k);
}

/* Takes a table of the pool into use, not yet reached from anywhere, that holds the parts of an entry. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires room:  vm_ept[vm].count < EPT_TABLES;
    requires level: 2 <= level <= 4;
    requires tag:   tag < ept_tags(level - 1);
    requires entry: ept_leaf(entry, level) || !ept_present(entry);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:    ept_inv(vm);
    ensures  taken:  \result == \old(vm_ept[vm].count) && vm_ept[vm].count == \result + 1;
    ensures  table:  vm_ept[vm].level[\result] == level - 1 && vm_ept[vm].tag[\result] == tag;
    ensures  parts:  \forall integer k; 0 <= k < 512 ==> ept_is_part(entry, level, k, ept_at(vm, \result, k));
    ensures  rest:   \forall integer x, y; 0 <= x < \result ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre);
    ensures  shape:  \forall integer x; 0 <= x < \result ==> vm_ept[vm].level[x] == \at(vm_ept[vm].level[x], Pre) &&
                     vm_ept[vm].tag[x] == \at(vm_ept[vm].tag[x], Pre);
    ensures  stale:  vm_ept[vm].stale == \old(vm_ept[vm].stale) && vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  same:   \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
    ensures  ways:   \forall integer h, t; 0 <= h < EPT_GFN_END && 0 <= t < \result && ept_way{Pre}(vm, h, t) ==>
                     ept_way(vm, h, t);
*/
static u32 new_table(vm_id vm, u32 level, u64 tag, u64 entry)
{
	u32 c = vm_ept[vm].count;

	fill(vm, c, entry, level);
	vm_ept[vm].level[c] = level - 1;
	vm_ept[vm].tag[c] = tag;
	vm_ept[vm].count = c + 1;
	/*@ assert rest: \forall integer x, y; 0 <= x < c ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre); */
	/*@ assert e4: \forall integer h; 0 <= h < EPT_GFN_END ==> ept_e4(vm, h) == \at(ept_e4(vm, h), Pre); */
	/*@ assert e3: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) ==>
	    ept_e3(vm, h) == \at(ept_e3(vm, h), Pre) && ept_t3(vm, h) == \at(ept_t3(vm, h), Pre); */
	/*@ assert e2: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) ==>
	    ept_e2(vm, h) == \at(ept_e2(vm, h), Pre) && ept_t2(vm, h) == \at(ept_t2(vm, h), Pre); */
	/*@ assert e1: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) && ept_table(\at(ept_e2(vm, h), Pre)) ==>
	    ept_e1(vm, h) == \at(ept_e1(vm, h), Pre) && ept_t1(vm, h) == \at(ept_t1(vm, h), Pre); */
	/*@ assert old: \forall integer x, y; 0 <= x < c && 0 <= y < 512 ==> ept_entry_inv(vm, x, y); */
	/*@ assert new: \forall integer y; 0 <= y < 512 ==> ept_entry_inv(vm, c, y); */
	return c;
}

/* Puts table c in the place of an entry with the same translations. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires place: t < vm_ept[vm].count && i < 512;
    requires level: vm_ept[vm].level[t] >= 2;
    requires old:   !ept_table(ept_at(vm, t, i));
    requires child: 0 < c < vm_ept[vm].count && vm_ept[vm].level[c] == vm_ept[vm].level[t] - 1 &&
                    vm_ept[vm].tag[c] == vm_ept[vm].tag[t] * 512 + i;
    requires parts: \forall integer k; 0 <= k < 512 ==>
                    ept_is_part(ept_at(vm, t, i), vm_ept[vm].level[t], k, ept_at(vm, c, k));
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:   ept_inv(vm);
    ensures  shape: ept_same_shape{Pre, Post}(vm);
    ensures  stale: vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  rest:  \forall integer x, y; !(x == t && y == i) ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre);
    ensures  way:   \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
                    ept_slot(h, \at(vm_ept[vm].level[t], Pre)) == i ==> ept_way(vm, h, c);
    ensures  same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static void link(vm_id vm, u32 t, u32 i, u32 c)
{
	/*@ assert slots: \forall integer h; 0 <= h < EPT_GFN_END ==> 0 <= ept_slot(h, vm_ept[vm].level[c]) < 512 &&
	    h / ept_span(vm_ept[vm].level[t] - 1) % 512 == ept_slot(h, vm_ept[vm].level[c]); */
	/*@ assert parts: \forall integer h; 0 <= h < EPT_GFN_END ==> ept_is_part(ept_at(vm, t, i), vm_ept[vm].level[t],
	    ept_slot(h, vm_ept[vm].level[c]), ept_at(vm, c, ept_slot(h, vm_ept[vm].level[c]))); */
	/*@ assert pieces: \forall integer h; 0 <= h < EPT_GFN_END ==>
	    ept_piece(ept_at(vm, c, ept_slot(h, vm_ept[vm].level[c])), vm_ept[vm].level[c], h) ==
	    ept_piece(ept_at(vm, t, i), vm_ept[vm].level[t], h); */
	vm_ept[vm].entry[t][i] = ept_entry_table(vm_ept[vm].hfn + c);
	/*@ assert rest: \forall integer x, y; !(x == t && y == i) ==> ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre); */
	//@ assert written: ept_table(ept_at(vm, t, i)) && ept_child(vm, ept_at(vm, t, i)) == c;
	//@ assert inv: ept_inv(vm);
	/*@ assert e4: \forall integer h; 0 <= h < EPT_GFN_END && !(t == 0 && h / 0x8000000 % 512 == i) ==>
	    ept_e4(vm, h) == \at(ept_e4(vm, h), Pre); */
	/*@ assert e3: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    !(\at(ept_t3(vm, h), Pre) == t && h / 0x40000 % 512 == i) && ept_e4(vm, h) == \at(ept_e4(vm, h), Pre) ==>
	    ept_e3(vm, h) == \at(ept_e3(vm, h), Pre) && ept_t3(vm, h) == \at(ept_t3(vm, h), Pre); */
	/*@ assert e2: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) && !(\at(ept_t2(vm, h), Pre) == t && h / 0x200 % 512 == i) &&
	    ept_e3(vm, h) == \at(ept_e3(vm, h), Pre) ==>
	    ept_e2(vm, h) == \at(ept_e2(vm, h), Pre) && ept_t2(vm, h) == \at(ept_t2(vm, h), Pre); */
	/*@ assert e1: \forall integer h; 0 <= h < EPT_GFN_END && ept_table(\at(ept_e4(vm, h), Pre)) &&
	    ept_table(\at(ept_e3(vm, h), Pre)) && ept_table(\at(ept_e2(vm, h), Pre)) &&
	    ept_e2(vm, h) == \at(ept_e2(vm, h), Pre) ==>
	    ept_e1(vm, h) == \at(ept_e1(vm, h), Pre) && ept_t1(vm, h) == \at(ept_t1(vm, h), Pre); */
	/*@ assert way: \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i ==> ept_way(vm, h, c); */
	/*@ assert others: \forall integer h; 0 <= h < EPT_GFN_END && !(ept_way{Pre}(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i) ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre); */
	/*@ assert before: \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i ==> \at(ept_translation(vm, h), Pre) ==
	    ept_piece(\at(ept_at(vm, t, i), Pre), vm_ept[vm].level[t], h); */
	/*@ assert after: \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i ==> ept_translation(vm, h) ==
	    ept_piece(ept_at(vm, c, ept_slot(h, vm_ept[vm].level[c])), vm_ept[vm].level[c], h); */
	/*@ assert parts: \forall integer h; 0 <= h < EPT_GFN_END ==>
	    ept_piece(ept_at(vm, c, ept_slot(h, vm_ept[vm].level[c])), vm_ept[vm].level[c], h) ==
	    ept_piece(\at(ept_at(vm, t, i), Pre), vm_ept[vm].level[t], h); */
}

/* Puts a table in the place of entry i of table t, which maps the same as the entry did, with smaller pages. Returns the
 * table. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires place: t < vm_ept[vm].count && i < 512;
    requires level: vm_ept[vm].level[t] >= 2;
    requires old:   !ept_table(ept_at(vm, t, i));
    requires room:  vm_ept[vm].count < EPT_TABLES;
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:   ept_inv(vm);
    ensures  taken: \result == \old(vm_ept[vm].count) && vm_ept[vm].count == \result + 1;
    ensures  level: vm_ept[vm].level[\result] == \old(vm_ept[vm].level[t]) - 1;
    ensures  pages: vm_ept[vm].level[\result] > 1 ==> \forall integer k; 0 <= k < 512 ==> !ept_table(ept_at(vm, \result, k));
    ensures  stale: vm_ept[vm].stale == \old(vm_ept[vm].stale) && vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  way:   \forall integer h; 0 <= h < EPT_GFN_END && ept_way{Pre}(vm, h, t) &&
                    ept_slot(h, \at(vm_ept[vm].level[t], Pre)) == i ==> ept_way(vm, h, \result);
    ensures  same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static u32 refine(vm_id vm, u32 t, u32 i)
{
	u32 level = vm_ept[vm].level[t];
	u64 tag = vm_ept[vm].tag[t] * 512 + i;
	u32 c;

	//@ assert entry: ept_entry_inv(vm, t, i);
	//@ assert tag: tag == vm_ept[vm].tag[t] * 512 + i < ept_tags(level - 1);
	c = new_table(vm, level, tag, vm_ept[vm].entry[t][i]);
	link(vm, t, i, c);
	return c;
}

/* Refines from table t on the way to `gfn` down to `level`; the pool has room. Returns the last table. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires gfn:   gfn < EPT_GFN_END;
    requires used:  t < vm_ept[vm].count;
    requires level: 1 <= level <= vm_ept[vm].level[t];
    requires way:   ept_way(vm, gfn, t);
    requires last:  vm_ept[vm].level[t] > 1 ==> !ept_table(ept_at(vm, t, ept_slot(gfn, vm_ept[vm].level[t])));
    requires room:  vm_ept[vm].level[t] - level <= EPT_TABLES - vm_ept[vm].count;
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:   ept_inv(vm);
    ensures  used:  \result < vm_ept[vm].count;
    ensures  level: vm_ept[vm].level[\result] == level;
    ensures  way:   ept_way(vm, gfn, \result);
    ensures  last:  level > 1 ==> !ept_table(ept_at(vm, \result, ept_slot(gfn, level)));
    ensures  stale: vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  place: vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static u32 refine_to(vm_id vm, u32 t, u64 gfn, u32 level)
{
	/*@ loop invariant inv:   ept_inv(vm);
	    loop invariant used:  t < vm_ept[vm].count;
	    loop invariant level: level <= vm_ept[vm].level[t];
	    loop invariant way:   ept_way(vm, gfn, t);
	    loop invariant last:  vm_ept[vm].level[t] > 1 ==> !ept_table(ept_at(vm, t, ept_slot(gfn, vm_ept[vm].level[t])));
	    loop invariant room:  vm_ept[vm].level[t] - level <= EPT_TABLES - vm_ept[vm].count;
	    loop invariant stale: vm_ept[vm].stale == \at(vm_ept[vm].stale, Pre);
	    loop invariant place: vm_ept[vm].hfn == \at(vm_ept[vm].hfn, Pre);
	    loop invariant same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
	    loop assigns t, vm_ept[vm];
	    loop variant vm_ept[vm].level[t];
	*/
	while (vm_ept[vm].level[t] > level)
		t = refine(vm, t, slot(gfn, vm_ept[vm].level[t]));
	return t;
}

/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires used:  t < vm_ept[vm].count;
    requires level: level <= vm_ept[vm].level[t];
    assigns  \nothing;
    exits    \false;
    ensures  room: \result <==> vm_ept[vm].level[t] - level <= EPT_TABLES - vm_ept[vm].count;
*/
static bool has_room(vm_id vm, u32 t, u32 level)
{
	return vm_ept[vm].level[t] - level <= EPT_TABLES - vm_ept[vm].count;
}

void ept_reset(vm_id vm, u64 tables_hpa)
{
	vm_ept[vm].hfn = tables_hpa / PAGE_BYTES;
	vm_ept[vm].count = 1;
	vm_ept[vm].level[0] = 4;
	vm_ept[vm].tag[0] = 0;
	vm_ept[vm].stale = true;
	/*@ loop invariant index: i <= 512;
	    loop invariant empty: \forall integer k; 0 <= k < i ==> !ept_present(ept_at(vm, 0, k));
	    loop invariant head:  vm_ept[vm].hfn == tables_hpa / PAGE_BYTES && vm_ept[vm].count == 1 &&
	                          vm_ept[vm].level[0] == 4 && vm_ept[vm].tag[0] == 0 && vm_ept[vm].stale == 1;
	    loop assigns i, vm_ept[vm];
	    loop variant 512 - i;
	*/
	for (u32 i = 0; i < 512; i++)
		vm_ept[vm].entry[0][i] = ept_entry_none();
	/*@ assert root: \forall integer h; 0 <= h < EPT_GFN_END ==> !ept_present(ept_e4(vm, h)); */
}

u64 ept_pointer(vm_id vm)
{
	return vm_ept[vm].hfn * PAGE_BYTES + 0x40 + (4 - 1) * 8 + EPT_MT_WB;
}

/*@ assigns \nothing;
    exits   \false;
    ensures legal: \result <==> ept_map_legal(gfn, hfn, level, prot, memtype);
*/
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
	u64 entry;
	u32 i;

	if (!map_legal(gfn, hfn, level, prot, memtype))
		return ERR_INVALID;
	t = locate(vm, gfn, level);
	if (ept_entry_present(vm_ept[vm].entry[t][slot(gfn, vm_ept[vm].level[t])]))
		return ERR_MAPPED;
	if (!has_room(vm, t, level))
		return ERR_FULL;
	t = refine_to(vm, t, gfn, level);
	entry = ept_entry_leaf(hfn, level, prot, memtype);
	i = slot(gfn, level);
	//@ assert end: gfn + ept_span(level) <= EPT_GFN_END;
	/*@ assert page: \forall integer h; 0 <= h < EPT_GFN_END ==>
	    (gfn <= h < gfn + ept_span(level) <==> ept_tag(h, level - 1) == ept_tag(gfn, level - 1)); */
	/*@ assert shared: \forall integer h; 0 <= h < EPT_GFN_END && ept_tag(h, level - 1) == ept_tag(gfn, level - 1) ==>
	    ept_way(vm, h, t) && ept_slot(h, level) == ept_slot(gfn, level); */
	/*@ assert apart: \forall integer h; 0 <= h < EPT_GFN_END && ept_way(vm, h, t) &&
	    ept_slot(h, level) == ept_slot(gfn, level) ==> ept_tag(h, level - 1) == ept_tag(gfn, level - 1); */
	/*@ assert piece: \forall integer h; gfn <= h < gfn + ept_span(level) ==>
	    ept_piece(entry, level, h) == ept_page(hfn + (h - gfn), prot, memtype); */
	/*@ assert meant: \forall integer h; gfn <= h < gfn + ept_span(level) ==>
	    ept_way(vm, h, t) && ept_slot(h, vm_ept[vm].level[t]) == i; */
	put(vm, t, i, entry);
	/*@ assert mapped: \forall integer h; gfn <= h < gfn + ept_span(level) ==>
	    ept_translation(vm, h) == ept_piece(entry, level, h); */
	/*@ assert others: \forall integer h; 0 <= h < EPT_GFN_END && ept_tag(h, level - 1) != ept_tag(gfn, level - 1) ==>
	    ept_translation(vm, h) == \at(ept_translation(vm, h), Pre); */
	return OK;
}

/* The largest page, up to `max_level`, for `frames` frames from `gfn` to `hfn` on. */
/*@ requires level:  1 <= max_level <= 3;
    requires frames: frames >= 1;
    assigns  \nothing;
    exits    \false;
    ensures  level:   1 <= \result <= max_level;
    ensures  aligned: gfn % ept_span(\result) == 0 && hfn % ept_span(\result) == 0;
    ensures  fits:    ept_span(\result) <= frames;
*/
static u32 largest(u64 gfn, u64 hfn, u64 frames, u32 max_level)
{
	u32 level = max_level;

	/*@ loop invariant level: 1 <= level <= max_level;
	    loop assigns level;
	    loop variant level;
	*/
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
	/*@ loop invariant done:   done <= frames;
	    loop invariant inv:    ept_inv(vm);
	    loop invariant mapped: \forall integer h; gfn <= h < gfn + done ==>
	                           ept_translation(vm, h) == ept_page(hfn + (h - gfn), prot, memtype);
	    loop invariant others: \forall integer h; 0 <= h < EPT_GFN_END && !(gfn <= h < gfn + frames) ==>
	                           ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
	    loop invariant stale:  vm_ept[vm].stale == \at(vm_ept[vm].stale, Pre);
	    loop invariant place:  vm_ept[vm].hfn == \at(vm_ept[vm].hfn, Pre);
	    loop assigns done, vm_ept[vm];
	    loop variant frames - done;
	*/
	while (done < frames) {
		u32 level = largest(gfn + done, hfn + done, frames - done, max_level);
		enum error error = ept_map(vm, gfn + done, hfn + done, level, prot, memtype);

		if (error != OK)
			return error;
		done += ept_entry_span(level);
	}
	return OK;
}

/* The processor may hold translations that are gone. */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:   ept_inv(vm);
    ensures  stale: vm_ept[vm].stale == 1;
    ensures  shape: ept_same_shape{Pre, Post}(vm);
    ensures  same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static void set_stale(vm_id vm)
{
	vm_ept[vm].stale = true;
	/*@ assert rest: \forall integer x, y; ept_at(vm, x, y) == \at(ept_at(vm, x, y), Pre); */
	/*@ assert e4: \forall integer h; ept_e4(vm, h) == \at(ept_e4(vm, h), Pre); */
	/*@ assert e3: \forall integer h; ept_e3(vm, h) == \at(ept_e3(vm, h), Pre); */
	/*@ assert e2: \forall integer h; ept_e2(vm, h) == \at(ept_e2(vm, h), Pre); */
	/*@ assert e1: \forall integer h; ept_e1(vm, h) == \at(ept_e1(vm, h), Pre); */
}

/* The 4 KiB table with frame `gfn`'s page, a larger page split; or the error. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires table: \valid(table);
    assigns  vm_ept[vm], *table;
    exits    \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_FULL;
    ensures  inv:    ept_inv(vm);
    ensures  failed: \result != OK ==> ept_unchanged{Pre, Post}(vm);
    ensures  gfn:    \result == OK ==> gfn < EPT_GFN_END;
    ensures  used:   \result == OK ==> *table < vm_ept[vm].count && vm_ept[vm].level[*table] == 1;
    ensures  way:    \result == OK ==> ept_way(vm, gfn, *table);
    ensures  mapped: \result == OK ==> ept_present(ept_at(vm, *table, gfn % 512));
    ensures  stale:  vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  place:  vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  same:   \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static enum error reach(vm_id vm, u64 gfn, u32 *table)
{
	u32 t;

	if (gfn >= EPT_GFN_END)
		return ERR_UNMAPPED;
	t = locate(vm, gfn, EPT_4K);
	if (!ept_entry_present(vm_ept[vm].entry[t][slot(gfn, vm_ept[vm].level[t])]))
		return ERR_UNMAPPED;
	//@ assert inv: ept_entry_inv(vm, t, ept_slot(gfn, vm_ept[vm].level[t]));
	//@ assert mapped: ept_translation(vm, gfn) > 0;
	if (!has_room(vm, t, EPT_4K))
		return ERR_FULL;
	*table = refine_to(vm, t, gfn, EPT_4K);
	return OK;
}

/* Puts another 4 KiB page, or nothing, in the place of frame `gfn`'s page in table t. */
/*@ requires vm:    vm < VM_MAX;
    requires inv:   ept_inv(vm);
    requires gfn:   gfn < EPT_GFN_END;
    requires used:  t < vm_ept[vm].count && vm_ept[vm].level[t] == 1;
    requires way:   ept_way(vm, gfn, t);
    requires new:   !ept_present(entry) || ept_leaf(entry, 1);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:    ept_inv(vm);
    ensures  stale:  vm_ept[vm].stale == 1;
    ensures  place:  vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  mapped: ept_translation(vm, gfn) == ept_piece(entry, 1, gfn);
    ensures  others: \forall integer h; 0 <= h < EPT_GFN_END && h != gfn ==>
                     ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static void replace(vm_id vm, u32 t, u64 gfn, u64 entry)
{
	/*@ assert tag: \forall integer h; 0 <= h < EPT_GFN_END && ept_way(vm, h, t) ==> h / 0x200 == gfn / 0x200; */
	/*@ assert alone: \forall integer h; 0 <= h < EPT_GFN_END && h != gfn ==>
	    !(ept_way(vm, h, t) && ept_slot(h, vm_ept[vm].level[t]) == gfn % 512); */
	put(vm, t, slot(gfn, EPT_4K), entry);
	set_stale(vm);
}

enum error ept_unmap(vm_id vm, u64 gfn)
{
	u32 t;
	enum error error = reach(vm, gfn, &t);

	if (error != OK)
		return error;
	replace(vm, t, gfn, ept_entry_none());
	return OK;
}

enum error ept_protect(vm_id vm, u64 gfn, u32 prot)
{
	u32 t;
	u32 i;
	enum error error;

	if (!ept_entry_prot_legal(prot))
		return ERR_INVALID;
	error = reach(vm, gfn, &t);
	if (error != OK)
		return error;
	i = slot(gfn, EPT_4K);
	//@ assert entry: ept_entry_inv(vm, t, i);
	replace(vm, t, gfn, ept_entry_with_prot(vm_ept[vm].entry[t][i], prot));
	return OK;
}

enum error ept_walk(vm_id vm, u64 gpa, struct ept_walk *walk)
{
	u64 gfn = gpa / PAGE_BYTES;
	u64 entry, hfn;
	u32 t, level;

	if (gfn >= EPT_GFN_END)
		return ERR_UNMAPPED;
	t = locate(vm, gfn, EPT_4K);
	level = vm_ept[vm].level[t];
	entry = vm_ept[vm].entry[t][slot(gfn, level)];
	//@ assert inv: ept_entry_inv(vm, t, ept_slot(gfn, level));
	//@ assert end: ept_translation(vm, gfn) == ept_piece(entry, level, gfn);
	if (!ept_entry_present(entry))
		return ERR_UNMAPPED;
	hfn = ept_entry_hfn(entry, level, gfn);
	walk->hpa = hfn * PAGE_BYTES + gpa % PAGE_BYTES;
	//@ assert hfn: walk->hpa / PAGE_BYTES == hfn;
	walk->level = level;
	walk->prot = ept_entry_prot(entry);
	walk->memtype = ept_entry_memtype(entry);
	walk->accessed = ept_entry_accessed(entry);
	walk->dirty = ept_entry_dirty(entry);
	return OK;
}

/* Sets or clears D of the leaf around `gfn`. True: it was the other way round before. */
/*@ requires vm:  vm < VM_MAX;
    requires inv: ept_inv(vm);
    assigns  vm_ept[vm];
    exits    \false;
    ensures  inv:   ept_inv(vm);
    ensures  shape: ept_same_shape{Pre, Post}(vm);
    ensures  stale: vm_ept[vm].stale == \old(vm_ept[vm].stale);
    ensures  same:  \forall integer h; 0 <= h < EPT_GFN_END ==> ept_translation(vm, h) == \at(ept_translation(vm, h), Pre);
*/
static bool set_dirty(vm_id vm, u64 gfn, bool dirty)
{
	u32 t, i;
	u64 entry, other;

	if (gfn >= EPT_GFN_END)
		return false;
	t = locate(vm, gfn, EPT_4K);
	i = slot(gfn, vm_ept[vm].level[t]);
	entry = vm_ept[vm].entry[t][i];
	//@ assert inv: ept_entry_inv(vm, t, i);
	if (!ept_entry_present(entry) || ept_entry_dirty(entry) == dirty)
		return false;
	other = ept_entry_with_dirty(entry, dirty);
	/*@ assert before: \forall integer h; 0 <= h < EPT_GFN_END && ept_way(vm, h, t) &&
	    ept_slot(h, vm_ept[vm].level[t]) == i ==> ept_translation(vm, h) == ept_piece(entry, vm_ept[vm].level[t], h); */
	/*@ assert after: \forall integer h; 0 <= h ==>
	    ept_piece(other, vm_ept[vm].level[t], h) == ept_piece(entry, vm_ept[vm].level[t], h); */
	put(vm, t, i, other);
	return true;
}

bool ept_take_dirty(vm_id vm, u64 gfn)
{
	if (!set_dirty(vm, gfn, false))
		return false;
	set_stale(vm);
	return true;
}

void ept_mark_dirty(vm_id vm, u64 gfn)
{
	(void)set_dirty(vm, gfn, true);
}
