/* SPDX-License-Identifier: BSD-2-Clause */
/* The EPT walk (SDM 3C 28.3.2, 28.3.3, table 27-7). */
#include "spec/walk.h"
#include "hv/x86.h"

#define EPT_PAGE (1u << 7)
#define EPT_A (1ull << 8)
#define EPT_D (1ull << 9)
#define EPT_RWX 7u

/* Bits of a present entry that must be 0. `leaf`: it maps a page. */
static u64 reserved(const struct spec_ept *ept, u32 level, bool leaf)
{
	u64 high = ((1ull << 52) - 1) & ~((1ull << ept->physical_bits) - 1);
	u64 large = leaf && level > 1 ? ((1ull << (12 + 9 * (level - 1))) - 1) & ~0xfffull : 0;

	if ((ept->deviations & SPEC_BIT_12_IGNORED) != 0)
		large &= ~0x1000ull;
	if (level == 4)
		return high | 0xf8;
	return high | large | (leaf ? 0 : 0x78);
}

static bool can_map(const struct spec_ept *ept, u32 level)
{
	return level == 1 || (level == 2 && (ept->capabilities & EPT_CAP_2M) != 0) || (level == 3 && (ept->capabilities & EPT_CAP_1G) != 0);
}

static bool misconfigured(const struct spec_ept *ept, u64 entry, u32 level)
{
	bool leaf = level == 1 || (entry & EPT_PAGE) != 0;
	u32 type = entry >> 3 & 7;

	if ((entry & 3) == 2)
		return true;	/* writable, not readable */
	if ((entry & EPT_RWX) == 4 && (ept->capabilities & EPT_CAP_EXECUTE_ONLY) == 0)
		return true;
	if (leaf && !can_map(ept, level))
		return true;	/* bit 7 is reserved */
	if ((entry & reserved(ept, level, leaf)) != 0)
		return true;
	return leaf && (type == 2 || type == 3 || type == 7);
}

void spec_ept_walk(const struct spec_memory *m, const struct spec_ept *ept, u64 gpa, u32 access, bool linear, bool table,
		   struct spec_translation *out)
{
	bool flags = (ept->eptp & 1u << 6) != 0;
	u64 at[5], entry[5], rights = EPT_RWX, next = ept->eptp & ((1ull << ept->physical_bits) - 1) & ~0xfffull;
	u32 level;

	if (table && flags)	/* treated as writes (28.3.5) */
		access = (ept->deviations & SPEC_WALK_WRITE_ONLY) != 0 ? SPEC_WRITE : SPEC_READ | SPEC_WRITE;
	*out = (struct spec_translation){ .fault = SPEC_OK, .guest_physical = gpa };
	for (level = 4;; level--) {
		at[level] = next + (gpa >> (12 + 9 * (level - 1)) & 511) * 8;
		entry[level] = m->read(m->context, at[level], 8);
		out->level = level;
		rights &= entry[level];
		if ((entry[level] & EPT_RWX) == 0) {
			out->fault = SPEC_EPT_VIOLATION;
			break;
		}
		if (misconfigured(ept, entry[level], level)) {
			out->fault = SPEC_EPT_MISCONFIGURATION;
			return;
		}
		next = entry[level] & ((1ull << ept->physical_bits) - 1) & ~0xfffull;
		if (level == 1 || (entry[level] & EPT_PAGE) != 0)
			break;
	}
	if ((access & ~rights) != 0)
		out->fault = SPEC_EPT_VIOLATION;
	if (out->fault == SPEC_EPT_VIOLATION) {
		out->qualification = access | (rights & EPT_RWX) << 3 | (linear ? 1u << 7 : 0) | (linear && !table ? 1u << 8 : 0);
		return;
	}
	if (flags) {
		for (u32 l = level; l <= 4; l++)
			entry[l] |= EPT_A | (l == level && (access & SPEC_WRITE) != 0 ? EPT_D : 0);
		for (u32 l = level; l <= 4; l++)
			m->write(m->context, at[l], 8, entry[l]);
	}
	out->memory_type = entry[level] >> 3 & 7;
	out->ignore_pat = (entry[level] >> 6 & 1) != 0;
	next &= ~((1ull << (12 + 9 * (level - 1))) - 1);
	out->physical = next | (gpa & ((1ull << (12 + 9 * (level - 1))) - 1));
}
