/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of EPT entries. */
#include "ept_entry.h"

#define TYPE_UNIT 8u		/* bits 5:3 */
#define LARGE 0x80u		/* bit 7: PS, a page in a PDPT or PD */
#define ACCESSED 0x100u		/* bit 8 */
#define DIRTY 0x200u		/* bit 9 */
#define FRAME_UNIT 0x1000u	/* bits 51:12 */

/*@
  // The layout: each name of spec/ept_entry.acsl is defined here, once.
  axiomatic ept_layout {
    axiom present:  \forall integer e; ept_present(e) <==> e % 8 != 0;
    axiom table:    \forall integer e; ept_table(e) <==> e % 8 != 0 && e / 0x80 % 2 == 0;
    axiom accessed: \forall integer e; ept_accessed(e) <==> e / 0x100 % 2 == 1;
    axiom dirty:    \forall integer e; ept_dirty(e) <==> e / 0x200 % 2 == 1;
    axiom frame:    \forall integer e; ept_frame(e) == e / 0x1000 % EPT_HFN_END;
    axiom prot:     \forall integer e; ept_prot(e) == e % 8;
    axiom memtype:  \forall integer e; ept_memtype(e) == e / 8 % 8;
    // SDM 3C 28.3.3.1: no misconfiguration. IPAT (bit 6), bits 11:10 and 63:52 are 0; bit 7 says "page" above level 1.
    axiom leaf:     \forall integer e, n; ept_leaf(e, n) <==>
                      1 <= n <= 3 && 0 <= e < 0x10000000000000 && ept_prot_legal(e % 8) && ept_memtype_legal(e / 8 % 8) &&
                      e / 0x40 % 2 == 0 && e / 0x80 % 2 == (n == 1 ? 0 : 1) && e / 0x400 % 4 == 0 &&
                      e / 0x1000 % ept_span(n) == 0;
    axiom piece:    \forall integer e, n, h; ept_piece(e, n, h) ==
                      (e % 8 == 0 ? 0 : ept_page(e / 0x1000 % EPT_HFN_END + h % ept_span(n), e % 8, e / 8 % 8));
  }
*/

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
	u64 entry = hfn * FRAME_UNIT + memtype * TYPE_UNIT + prot;

	return level == 1 ? entry : entry + LARGE;
}

u64 ept_entry_part(u64 entry, u32 level, u32 k)
{
	if (entry % 8 == 0)
		return 0;
	if (level == 2)
		return entry - LARGE + (u64)k * FRAME_UNIT;
	return entry + (u64)k * 0x200 * FRAME_UNIT;
}

u64 ept_entry_with_prot(u64 entry, u32 prot)
{
	return entry / 8 * 8 + prot;
}

u64 ept_entry_with_dirty(u64 entry, bool dirty)
{
	if (ept_entry_dirty(entry) == dirty)
		return entry;
	return dirty ? entry + DIRTY : entry - DIRTY;
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
	return ept_entry_frame(entry) + gfn % ept_entry_span(level);
}
