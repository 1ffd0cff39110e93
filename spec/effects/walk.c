/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference walk of a guest's page tables, written from SDM 3A chapter 4 tables 4-3 to 4-20, bit by bit. */
#include "gwalk.h"
#include "spec/effects/effects.h"

static bool bit(u64 value, u32 n)
{
	return (value >> n & 1u) != 0;
}

enum walk_result walk(vm_id vm, struct writes *writes, const struct walk_state *w, u64 linear, u32 access, u64 *gpa,
		      u32 *error)
{
	bool pae = bit(w->cr4, 5), lma = bit(w->efer, 10), nxe = bit(w->efer, 11) && pae;
	bool write = (access & GWALK_WRITE) != 0, fetch = (access & GWALK_FETCH) != 0;
	u32 entry_bytes = pae ? 8 : 4, index_bits = pae ? 9 : 10, used = 0;
	u32 level = !pae ? 2 : lma ? 4 : 2;
	u64 at[4], entry[4], base, page_bits = 12;
	bool user_page = true, writable = true, executable = true;

	if (!bit(w->cr0, 31)) {
		*gpa = (u32)linear;
		return WALK_OK;
	}
	if (!pae || !lma)
		linear = (u32)linear;
	*error = (write ? 2u : 0) + (w->user ? 4u : 0) + (fetch && (nxe || bit(w->cr4, 20)) ? 16u : 0);
	if (pae && !lma) {
		u64 pdpte = w->pdpte[linear >> 30];

		if (!bit(pdpte, 0))
			return WALK_FAULT;
		base = pdpte >> 12 << 12 & ((1ull << w->maxphyaddr) - 1);
	} else {
		base = w->cr3 >> 12 << 12;
		base &= pae ? (1ull << w->maxphyaddr) - 1 : 0xffffffffull;
	}
	for (;; level--) {
		u32 shift = 12 + index_bits * (level - 1);
		bool large = false;
		u64 e;

		at[used] = base + (linear >> shift & ((1u << index_bits) - 1)) * entry_bytes;
		if (!effects_read(vm, writes, at[used], entry_bytes, &e))
			return WALK_OUTSIDE;
		entry[used++] = e;
		if (!bit(e, 0))
			return WALK_FAULT;
		if (level == 4 && bit(e, 7))
			goto reserved;
		if (level > 1)
			large = bit(e, 7) && (pae || bit(w->cr4, 4));
		if (pae) {
			u32 top = lma ? 51 : 62;

			for (u32 n = w->maxphyaddr; n <= top; n++)
				if (bit(e, n))
					goto reserved;
			if (bit(e, 63) && !nxe)
				goto reserved;
			for (u32 n = 13; large && n < shift; n++)
				if (bit(e, n))
					goto reserved;
		} else if (large) {
			/* table 4-4: bits 20:13 hold address bits 39:32 as far as MAXPHYADDR goes, bit 21 is reserved */
			u32 limit = w->maxphyaddr < 40 ? w->maxphyaddr : 40;

			for (u32 n = limit - 19; n <= 21; n++)
				if (bit(e, n))
					goto reserved;
		}
		user_page &= bit(e, 2);
		writable &= bit(e, 1);
		executable &= !(nxe && bit(e, 63));
		if (level == 1 || large) {
			page_bits = shift;
			break;
		}
		base = e >> 12 << 12 & ((1ull << 52) - 1);
	}
	/* rights: SDM 3A 4.6.1 */
	if (w->user && !user_page)
		goto denied;
	if (fetch) {
		if (!executable || (!w->user && user_page && bit(w->cr4, 20)))
			goto denied;
	} else {
		if (!w->user && user_page && bit(w->cr4, 21) && !w->ac)
			goto denied;
		if (write && !writable && (w->user || bit(w->cr0, 16)))
			goto denied;
		if (pae && lma && bit(w->cr4, 22) && user_page) {
			u32 key = w->pkru >> 2 * (entry[used - 1] >> 59 & 15) & 3;

			if ((key & 1) != 0 || ((key & 2) != 0 && write && (w->user || bit(w->cr0, 16)))) {
				*error |= 33u;
				return WALK_FAULT;
			}
		}
	}
	for (u32 i = 0; i < used; i++) {	/* accessed and dirty flags: SDM 3A 4.8 */
		u64 now;

		if (effects_read(vm, writes, at[i], entry_bytes, &now))
			effects_write(writes, at[i], entry_bytes, now | 0x20 | (i == used - 1 && write ? 0x40 : 0));
	}
	if (!pae && page_bits == 22)
		base = (entry[used - 1] & 0xffc00000) | (entry[used - 1] >> 13 & 0xff) << 32;
	else
		base = (entry[used - 1] & ((1ull << 52) - 1)) >> page_bits << page_bits;
	*gpa = base | (linear & ((1ull << page_bits) - 1));
	return WALK_OK;
reserved:
	*error |= 9u;
	return WALK_FAULT;
denied:
	*error |= 1u;
	return WALK_FAULT;
}
