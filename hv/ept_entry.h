/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec of EPT entries: the only place that knows their bits (SDM 3C 28.3.2, tables 28-1 to 28-7).
 *
 *    63      52 51                              12 11 10  9  8  7  6  5   3  2  1  0
 *   +----------+----------------------------------+-----+--+--+--+--+------+--+--+--+
 *   | 0        | frame of the page or next table   | 0   |D |A |PS| 0| type |X |W |R |
 *   +----------+----------------------------------+-----+--+--+--+--+------+--+--+--+
 *
 * Written with / and % by constants instead of shifts and masks: compilers make the same code of it, and provers can
 * reason about it. Levels: 1 = PT (4 KiB leaves), 2 = PD, 3 = PDPT, 4 = PML4.
 */
#ifndef HV_EPT_ENTRY_H
#define HV_EPT_ENTRY_H

#include "types.h"

/* Permissions. Legal: R, RW, X, RX, RWX (W without R is a misconfiguration, SDM 3C 28.3.3.1). */
#define EPT_READ 1u
#define EPT_WRITE 2u
#define EPT_EXEC 4u

/* Memory types (SDM 3C 28.3.7.2). */
#define EPT_MT_UC 0u
#define EPT_MT_WC 1u
#define EPT_MT_WT 4u
#define EPT_MT_WP 5u
#define EPT_MT_WB 6u

#include "spec/ept_entry.acsl"

/* 4 KiB frames that one entry of a table of this level covers: 1, 512, 512^2, 512^3. */
/*@ requires level: 1 <= level <= 4;
    assigns  \nothing;
    exits    \false;
    ensures  span: \result == ept_span(level);
*/
u64 ept_entry_span(u32 level);

/* Legal permissions and memory types. */
/*@ assigns \nothing;
    exits   \false;
    ensures legal: \result <==> ept_prot_legal(prot);
*/
bool ept_entry_prot_legal(u32 prot);
/*@ assigns \nothing;
    exits   \false;
    ensures legal: \result <==> ept_memtype_legal(memtype);
*/
bool ept_entry_memtype_legal(u32 memtype);

/* The entry that maps nothing. */
/*@ assigns \nothing;
    exits   \false;
    ensures absent: !ept_present(\result);
*/
u64 ept_entry_none(void);

/* The entry of level 2, 3 or 4 that refers to the table in host-physical frame `hfn`; all rights. */
/*@ requires frame: hfn < EPT_HFN_END;
    assigns  \nothing;
    exits    \false;
    ensures  present: ept_present(\result);
    ensures  table:   ept_table(\result);
    ensures  frame:   ept_frame(\result) == hfn;
*/
u64 ept_entry_table(u64 hfn);

/* The entry that maps a page of level 1, 2 or 3 at frame `hfn`, neither accessed nor dirty. */
/*@ requires level:   1 <= level <= 3;
    requires frame:   hfn < EPT_HFN_END && hfn % ept_span(level) == 0;
    requires prot:    ept_prot_legal(prot);
    requires memtype: ept_memtype_legal(memtype);
    assigns  \nothing;
    exits    \false;
    ensures  leaf:    ept_leaf(\result, level);
    ensures  present: ept_present(\result);
    ensures  page:    level > 1 ==> !ept_table(\result);
    ensures  maps:    \forall integer h; 0 <= h ==>
                      ept_piece(\result, level, h) == ept_page(hfn + h % ept_span(level), prot, memtype);
*/
u64 ept_entry_leaf(u64 hfn, u32 level, u32 prot, u32 memtype);

/* Entry `k` of the table that maps with pages of level - 1 what `entry`, of level `level`, maps: an absent entry gives
 * absent ones, a leaf its k-th part, with the same rights, memory type, A and D. */
/*@ requires level: 2 <= level <= 4;
    requires entry: ept_leaf(entry, level) || !ept_present(entry);
    requires index: k < 512;
    assigns  \nothing;
    exits    \false;
    ensures  leaf:   ept_present(entry) ==> ept_present(\result) && ept_leaf(\result, level - 1);
    ensures  page:   level > 2 ==> !ept_table(\result);
    ensures  absent: !ept_present(entry) ==> !ept_present(\result);
    ensures  maps:   \forall integer h; 0 <= h && h / ept_span(level - 1) % 512 == k ==>
                     ept_piece(\result, level - 1, h) == ept_piece(entry, level, h);
*/
u64 ept_entry_part(u64 entry, u32 level, u32 k);

/* The same page with other rights; A and D stay. */
/*@ requires entry: ept_present(entry);
    requires prot:  ept_prot_legal(prot);
    assigns  \nothing;
    exits    \false;
    ensures  present: ept_present(\result);
    ensures  leaf:    \forall integer n; ept_leaf(entry, n) ==> ept_leaf(\result, n);
    ensures  maps:    \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==>
                      ept_piece(\result, n, h) == ept_page_with(ept_piece(entry, n, h), prot);
*/
u64 ept_entry_with_prot(u64 entry, u32 prot);

/* The same leaf with D set or clear. */
/*@ assigns \nothing;
    exits   \false;
    ensures absent: !ept_present(entry) ==> !ept_present(\result);
    ensures leaf:   \forall integer n; ept_leaf(entry, n) ==> ept_leaf(\result, n);
    ensures maps:   \forall integer n, h; ept_leaf(entry, n) && 0 <= h ==>
                    ept_piece(\result, n, h) == ept_piece(entry, n, h);
    ensures dirty:  ept_dirty(\result) <==> dirty;
*/
u64 ept_entry_with_dirty(u64 entry, bool dirty);

/* True if the entry maps a page or refers to a table (SDM 3C 28.3.2: bits 2:0 are not all 0). */
/*@ assigns \nothing;
    exits   \false;
    ensures present: \result <==> ept_present(entry);
*/
bool ept_entry_present(u64 entry);

/* True if an entry of level 2, 3 or 4 refers to a table. Entries of level 1 never do: ask for the level first. */
/*@ assigns \nothing;
    exits   \false;
    ensures table: \result <==> ept_table(entry);
*/
bool ept_entry_is_table(u64 entry);

/* The parts of an entry. */
/*@ assigns \nothing;
    exits   \false;
    ensures frame: \result == ept_frame(entry);
    ensures range: \result < EPT_HFN_END;
*/
u64 ept_entry_frame(u64 entry);
/*@ assigns \nothing;
    exits   \false;
    ensures prot:  \result == ept_prot(entry);
    ensures range: \result < 8;
*/
u32 ept_entry_prot(u64 entry);
/*@ assigns \nothing;
    exits   \false;
    ensures memtype: \result == ept_memtype(entry);
    ensures range:   \result < 8;
*/
u32 ept_entry_memtype(u64 entry);
/*@ assigns \nothing;
    exits   \false;
    ensures accessed: \result <==> ept_accessed(entry);
*/
bool ept_entry_accessed(u64 entry);
/*@ assigns \nothing;
    exits   \false;
    ensures dirty: \result <==> ept_dirty(entry);
*/
bool ept_entry_dirty(u64 entry);

/* The 4 KiB page that a present leaf of level `level` gives to guest frame `gfn`. */
/*@ requires level: 1 <= level <= 3;
    requires entry: ept_leaf(entry, level);
    assigns  \nothing;
    exits    \false;
    ensures  hfn:   \result < EPT_HFN_END;
    ensures  piece: ept_piece(entry, level, gfn) == ept_page(\result, ept_prot(entry), ept_memtype(entry));
*/
u64 ept_entry_hfn(u64 entry, u32 level, u64 gfn);

#endif
