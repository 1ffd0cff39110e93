/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of EPT entries. */
#include "ept_entry.h"

#define TYPE_UNIT 8u		/* bits 5:3 */
#define LARGE 0x80u		/* bit 7: PS, a page in a PDPT or PD */
#define ACCESSED 0x100u		/* bit 8 */
#define DIRTY 0x200u		/* bit 9 */
#define FRAME_UNIT 0x1000u	/* bits 51:12 */

/*@
  // An entry in its parts: frame, D, A, PS, memory type, rights.
  logic integer ept_compose(integer f, integer d, integer a, integer ps, integer mt, integer prot) =
    f * 0x1000 + d * 0x200 + a * 0x100 + ps * 0x80 + mt * 8 + prot;
  predicate ept_parts(integer f, integer d, integer a, integer ps, integer mt, integer prot) =
    0 <= f && 0 <= d < 2 && 0 <= a < 2 && 0 <= ps < 2 && 0 <= mt < 8 && 0 <= prot < 8;

  lemma compose_prot: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) % 8 == prot;
  lemma compose_eighth: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 8 == f * 0x200 + d * 0x40 + a * 0x20 + ps * 0x10 + mt;
  lemma compose_memtype: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 8 % 8 == mt;
  lemma compose_64th: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x40 == f * 0x40 + d * 8 + a * 4 + ps * 2;
  lemma compose_ipat: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x40 % 2 == 0;
  lemma compose_128th: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x80 == f * 0x20 + d * 4 + a * 2 + ps;
  lemma compose_ps: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x80 % 2 == ps;
  lemma compose_256th: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x100 == f * 0x10 + d * 2 + a;
  lemma compose_accessed: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x100 % 2 == a;
  lemma compose_dirty: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x200 % 2 == d;
  lemma compose_free: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x400 % 4 == 0;
  lemma compose_frame: \forall integer f, d, a, ps, mt, prot; ept_parts(f, d, a, ps, mt, prot) ==>
    ept_compose(f, d, a, ps, mt, prot) / 0x1000 == f;
  // Every entry without IPAT and ignored bits is composed of its parts.
  lemma decompose: \forall integer e; 0 <= e && e / 0x40 % 2 == 0 && e / 0x400 % 4 == 0 ==>
    e == ept_compose(e / 0x1000, e / 0x200 % 2, e / 0x100 % 2, e / 0x80 % 2, e / 8 % 8, e % 8);
  // The span of a large page in two steps.
  lemma aligned_2m: \forall integer f; 0 <= f < EPT_HFN_END && f % 0x200 == 0 ==> f <= EPT_HFN_END - 0x200;
  lemma aligned_1g: \forall integer f; 0 <= f < EPT_HFN_END && f % 0x40000 == 0 ==>
    f <= EPT_HFN_END - 0x40000 && f % 0x200 == 0;
  lemma part_of_1g: \forall integer f, k; 0 <= f && 0 <= k ==> (f + k * 0x200) % 0x200 == f % 0x200;
  lemma rest_8: \forall integer q, p; 0 <= q && 0 <= p < 8 ==> (q * 8 + p) % 8 == p;
  lemma set_dirty: \forall integer e; 0 <= e < 0x10000000000000000 && e / 0x200 % 2 == 0 ==>
    e + 0x200 < 0x10000000000000000 && (e + 0x200) % 8 == e % 8 && (e + 0x200) / 0x200 % 2 == 1;
  lemma less_dirty: \forall integer e; 0x200 <= e ==> (e - 0x200) / 0x200 == e / 0x200 - 1;
  lemma less_dirty_8: \forall integer e; 0x200 <= e ==> (e - 0x200) % 8 == e % 8;
  lemma clear_dirty: \forall integer e; 0 <= e && e / 0x200 % 2 == 1 ==> e >= 0x200 && (e / 0x200 - 1) % 2 == 0;
  lemma div_512: \forall integer h; 0 <= h ==> h / 0x200 / 0x200 == h / 0x40000;
  lemma span_512: \forall integer h; 0 <= h ==> h % 0x40000 == h / 0x200 % 0x200 * 0x200 + h % 0x200;
  // b is a with D set.
  predicate ept_dirtied(integer a, integer b) = 0 <= a && b == a + 0x200 && a / 0x200 % 2 == 0;
  lemma dirtied_8: \forall integer a, b; ept_dirtied(a, b) ==> b / 8 == a / 8 + 0x40;
  lemma dirtied_64: \forall integer a, b; ept_dirtied(a, b) ==> b / 0x40 == a / 0x40 + 8;
  lemma dirtied_128: \forall integer a, b; ept_dirtied(a, b) ==> b / 0x80 == a / 0x80 + 4;
  lemma dirtied_512: \forall integer a, b; ept_dirtied(a, b) ==> b / 0x200 == a / 0x200 + 1;
  lemma dirtied_1024: \forall integer a, b; ept_dirtied(a, b) ==> b / 0x400 == a / 0x400;
  lemma dirtied_4096: \forall integer a, b; ept_dirtied(a, b) ==> b / 0x1000 == a / 0x1000;
  lemma dirtied: \forall integer a, b; ept_dirtied(a, b) ==> b / 8 % 8 == a / 8 % 8 && b / 0x40 % 2 == a / 0x40 % 2 &&
    b / 0x80 % 2 == a / 0x80 % 2;
  lemma page_with: \forall integer f, p, m, q; 0 <= f && 0 <= p < 8 && 0 <= m < 8 ==>
    ept_page_with(ept_page(f, p, m), q) == ept_page(f, q, m);
*/

/*@
  // The layout: each name of spec/ept_entry.acsl is defined here, once.
  axiomatic ept_layout {
    axiom ept_layout_present: \forall integer e; ept_present(e) <==> e % 8 != 0;
    axiom ept_layout_table: \forall integer e; ept_table(e) <==> e % 8 != 0 && e / 0x80 % 2 == 0;
    axiom ept_layout_accessed: \forall integer e; ept_accessed(e) <==> e / 0x100 % 2 == 1;
    axiom ept_layout_dirty: \forall integer e; ept_dirty(e) <==> e / 0x200 % 2 == 1;
    axiom ept_layout_frame: \forall integer e; ept_frame(e) == e / 0x1000 % EPT_HFN_END;
    axiom ept_layout_prot: \forall integer e; ept_prot(e) == e % 8;
    axiom ept_layout_memtype: \forall integer e; ept_memtype(e) == e / 8 % 8;
    // SDM 3C 28.3.3.1: no misconfiguration. IPAT (bit 6), bits 11:10 and 63:52 are 0; bit 7 says "page" above level 1.
    axiom ept_layout_leaf: \forall integer e, n; ept_leaf(e, n) <==>
                      1 <= n <= 3 && 0 <= e < 0x10000000000000 && ept_prot_legal(e % 8) && ept_memtype_legal(e / 8 % 8) &&
                      e / 0x40 % 2 == 0 && e / 0x80 % 2 == (n == 1 ? 0 : 1) && e / 0x400 % 4 == 0 &&
                      e / 0x1000 % ept_span(n) == 0;
    axiom ept_layout_piece: \forall integer e, n, h; ept_piece(e, n, h) ==
                      (e % 8 == 0 ? 0 : ept_page(e / 0x1000 % EPT_HFN_END + h % ept_span(n), e % 8, e / 8 % 8));
  }
*/

#include "spec/ept_entry_facts.acsl"

/*@ check lemma absurd_ept_layout: \forall integer e, n, h;
      ept_present(e) && ept_leaf(e, n) && ept_table(e + h) && ept_piece(e, n, h) != ept_frame(e) ==> \false; */

u64 ept_entry_span(u32 level)
{
	switch (level) {
	case 1:
		return 1;
	case 2:
		return 0x200;
	case 3:
		return 0x40000;
	default:
		return 0x8000000;
	}
}

bool ept_entry_prot_legal(u32 prot)
{
	return prot == 1 || prot == 3 || prot == 4 || prot == 5 || prot == 7;
}

bool ept_entry_memtype_legal(u32 memtype)
{
	return memtype == EPT_MT_UC || memtype == EPT_MT_WC || memtype == EPT_MT_WT || memtype == EPT_MT_WP ||
	       memtype == EPT_MT_WB;
}

u64 ept_entry_none(void)
{
	return 0;
}

u64 ept_entry_table(u64 hfn)
{
	return hfn * FRAME_UNIT + (EPT_READ + EPT_WRITE + EPT_EXEC);
}

u64 ept_entry_leaf(u64 hfn, u32 level, u32 prot, u32 memtype)
{
	u64 entry = hfn * FRAME_UNIT + (level == 1 ? 0 : LARGE) + memtype * TYPE_UNIT + prot;

	//@ assert parts: ept_parts(hfn, 0, 0, level == 1 ? 0 : 1, memtype, prot);
	//@ assert composed: entry == ept_compose(hfn, 0, 0, level == 1 ? 0 : 1, memtype, prot);
	return entry;
}

u64 ept_entry_part(u64 entry, u32 level, u32 k)
{
	if (entry % 8 == 0)
		return 0;
	/*@ assert leaf: ept_leaf(entry, level) && 2 <= level <= 3 && entry / 0x1000 % ept_span(level) == 0; */
	/*@ assert parts: ept_parts(entry / 0x1000, entry / 0x200 % 2, entry / 0x100 % 2, 1, entry / 8 % 8, entry % 8); */
	/*@ assert composed: entry == ept_compose(entry / 0x1000, entry / 0x200 % 2, entry / 0x100 % 2, 1, entry / 8 % 8,
	                                          entry % 8); */
	if (level == 2) {
		u64 part = entry - LARGE + (u64)k * FRAME_UNIT;

		//@ assert aligned: entry / 0x1000 % 0x200 == 0 && entry / 0x1000 <= EPT_HFN_END - 0x200;
		//@ assert room: entry / 0x1000 + k < EPT_HFN_END;
		/*@ assert small: part == ept_compose(entry / 0x1000 + k, entry / 0x200 % 2, entry / 0x100 % 2, 0, entry / 8 % 8,
		                                      entry % 8); */
		//@ assert frame: part / 0x1000 % EPT_HFN_END == entry / 0x1000 + k;
		/*@ assert fields: part % 8 == entry % 8 && part / 8 % 8 == entry / 8 % 8 && part / 0x40 % 2 == 0 &&
		    part / 0x80 % 2 == 0 && part / 0x400 % 4 == 0 && part < 0x10000000000000; */
		//@ assert leaf: ept_leaf(part, 1);
		/*@ assert before: \forall integer h; 0 <= h ==> ept_piece(entry, 2, h) ==
		    ept_page(entry / 0x1000 + h % 0x200, entry % 8, entry / 8 % 8); */
		/*@ assert after: \forall integer h; 0 <= h ==> ept_piece(part, 1, h) ==
		    ept_page(entry / 0x1000 + k + h % 1, entry % 8, entry / 8 % 8); */
		/*@ assert maps: \forall integer h; 0 <= h && h % 0x200 == k ==> ept_piece(part, 1, h) == ept_piece(entry, 2, h); */
		return part;
	}
	{	/* level 3 */
		u64 part = entry + (u64)k * 0x200 * FRAME_UNIT;

		//@ assert aligned: entry / 0x1000 % 0x40000 == 0 && entry / 0x1000 <= EPT_HFN_END - 0x40000;
		//@ assert room: entry / 0x1000 + k * 0x200 < EPT_HFN_END;
		//@ assert multiple: (entry / 0x1000 + k * 0x200) % 0x200 == 0;
		/*@ assert large: part == ept_compose(entry / 0x1000 + k * 0x200, entry / 0x200 % 2, entry / 0x100 % 2, 1,
		                                      entry / 8 % 8, entry % 8); */
		//@ assert frame: part / 0x1000 % EPT_HFN_END == entry / 0x1000 + k * 0x200;
		//@ assert whole: part / 0x1000 == entry / 0x1000 + k * 0x200;
		//@ assert span: part / 0x1000 % ept_span(2) == 0;
		/*@ assert fields: part % 8 == entry % 8 && part / 8 % 8 == entry / 8 % 8 && part / 0x40 % 2 == 0 &&
		    part / 0x80 % 2 == 1 && part / 0x400 % 4 == 0 && part < 0x10000000000000; */
		//@ assert leaf: ept_leaf(part, 2);
		/*@ assert before: \forall integer h; 0 <= h ==> ept_piece(entry, 3, h) ==
		    ept_page(entry / 0x1000 + h % 0x40000, entry % 8, entry / 8 % 8); */
		/*@ assert after: \forall integer h; 0 <= h ==> ept_piece(part, 2, h) ==
		    ept_page(entry / 0x1000 + k * 0x200 + h % 0x200, entry % 8, entry / 8 % 8); */
		/*@ assert maps: \forall integer h; 0 <= h && h / 0x200 % 0x200 == k ==>
		    ept_piece(part, 2, h) == ept_piece(entry, 3, h); */
		return part;
	}
}

u64 ept_entry_with_prot(u64 entry, u32 prot)
{
	u64 other = entry / 8 * 8 + prot;

	//@ assert room: entry / 8 * 8 + 7 < 0x10000000000000000;
	//@ assert value: other == entry / 8 * 8 + prot;
	//@ assert present: other % 8 == prot;
	/*@ assert composed: \forall integer n; ept_leaf(entry, n) ==>
	    other == ept_compose(entry / 0x1000, entry / 0x200 % 2, entry / 0x100 % 2, entry / 0x80 % 2, entry / 8 % 8, prot); */
	/*@ assert fields: \forall integer n; ept_leaf(entry, n) ==>
	    other % 8 == prot && other / 8 % 8 == entry / 8 % 8 && other / 0x40 % 2 == 0 &&
	    other / 0x80 % 2 == entry / 0x80 % 2 && other / 0x400 % 4 == 0 && other / 0x1000 == entry / 0x1000; */
	/*@ assert before: \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==> ept_piece(entry, n, h) ==
	    ept_page(entry / 0x1000 % EPT_HFN_END + h % ept_span(n), entry % 8, entry / 8 % 8); */
	/*@ assert after: \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==> ept_piece(other, n, h) ==
	    ept_page(entry / 0x1000 % EPT_HFN_END + h % ept_span(n), prot, entry / 8 % 8); */
	/*@ assert within: \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==>
	    0 <= entry / 0x1000 % EPT_HFN_END + h % ept_span(n); */
	/*@ assert changed: \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==>
	    ept_page_with(ept_page(entry / 0x1000 % EPT_HFN_END + h % ept_span(n), entry % 8, entry / 8 % 8), prot) ==
	    ept_page(entry / 0x1000 % EPT_HFN_END + h % ept_span(n), prot, entry / 8 % 8); */
	return other;
}

u64 ept_entry_with_dirty(u64 entry, bool dirty)
{
	u64 other;

	if (ept_entry_dirty(entry) == dirty)
		return entry;
	other = dirty ? entry + DIRTY : entry - DIRTY;
	//@ assert value: other == (dirty ? entry + 0x200 : entry - 0x200);
	//@ assert present: other % 8 == entry % 8;
	//@ assert set: dirty ==> other / 0x200 % 2 == 1;
	//@ assert clear: !dirty ==> other / 0x200 == entry / 0x200 - 1 && (entry / 0x200 - 1) % 2 == 0;
	//@ assert cleared: !dirty ==> other / 0x200 % 2 == 0;
	//@ assert dirtied: ept_dirtied(entry, other) || ept_dirtied(other, entry);
	/*@ assert kept: other / 8 % 8 == entry / 8 % 8 && other / 0x40 % 2 == entry / 0x40 % 2 &&
	    other / 0x80 % 2 == entry / 0x80 % 2 && other / 0x400 == entry / 0x400 && other / 0x1000 == entry / 0x1000; */
	//@ assert bound: \forall integer n; ept_leaf(entry, n) ==> 0 <= other < 0x10000000000000;
	return other;
}

bool ept_entry_present(u64 entry)
{
	return entry % 8 != 0;
}

bool ept_entry_is_table(u64 entry)
{
	return entry % 8 != 0 && entry / LARGE % 2 == 0;
}

u64 ept_entry_frame(u64 entry)
{
	return entry / FRAME_UNIT % EPT_HFN_END;
}

u32 ept_entry_prot(u64 entry)
{
	return (u32)(entry % 8);
}

u32 ept_entry_memtype(u64 entry)
{
	return (u32)(entry / TYPE_UNIT % 8);
}

bool ept_entry_accessed(u64 entry)
{
	return entry / ACCESSED % 2 == 1;
}

bool ept_entry_dirty(u64 entry)
{
	return entry / DIRTY % 2 == 1;
}

u64 ept_entry_hfn(u64 entry, u32 level, u64 gfn)
{
	u64 first = ept_entry_frame(entry);

	//@ assert leaf: first == entry / 0x1000 && first % ept_span(level) == 0;
	//@ assert page: level == 1 ==> first <= EPT_HFN_END - 1;
	//@ assert large: level == 2 ==> first <= EPT_HFN_END - 0x200;
	//@ assert huge: level == 3 ==> first <= EPT_HFN_END - 0x40000;
	return first + gfn % ept_entry_span(level);
}
