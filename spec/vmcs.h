/* SPDX-License-Identifier: BSD-2-Clause */
/* A VMCS as plain data: one value a field, by a dense number, and which of them are not known. */
#ifndef SPEC_VMCS_H
#define SPEC_VMCS_H

#include "types.h"

enum spec_field {
#define VMCS_FIELD(name, encoding, width) F_##name,
#include "hv/vmcs.def"
#include "fields.def"
#undef VMCS_FIELD
	SPEC_FIELDS
};

#define SPEC_WORDS ((SPEC_FIELDS + 63) / 64)

struct spec_vmcs {
	u64 value[SPEC_FIELDS];
	u64 unknown[SPEC_WORDS];	/* one bit a field: its value is not known */
};

/* A field's name, its encoding (SDM 3D appendix B), and its width in bits: 16, 32, 64, or 64 for natural width. */
const char *spec_field_name(u32 field);
u32 spec_field_encoding(u32 field);
u32 spec_field_bits(u32 field);

/* The field with this encoding, or this name; SPEC_FIELDS if there is none. The high half of a 64-bit field (bit 0 of the
 * encoding) is not a field of its own. */
u32 spec_field_find(u32 encoding);
u32 spec_field_named(const char *name);

static inline bool spec_bit(const u64 *set, u32 n)
{
	return (set[n / 64] >> (n % 64) & 1) != 0;
}

static inline void spec_set(u64 *set, u32 n)
{
	set[n / 64] |= 1ull << (n % 64);
}

#endif
