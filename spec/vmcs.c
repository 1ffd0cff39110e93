/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, encodings and widths of VMCS fields. */
#include "spec/vmcs.h"
#include "hv/vmcs.h"

static const struct {
	const char *name;
	u32 encoding;
} fields[] = {
#define VMCS_FIELD(name, encoding, width) { #name, encoding },
#include "hv/vmcs.def"
#include "fields.def"
#undef VMCS_FIELD
};

const char *spec_field_name(u32 field)
{
	return fields[field].name;
}

u32 spec_field_encoding(u32 field)
{
	return fields[field].encoding;
}

u32 spec_field_bits(u32 field)
{
	switch (vmcs_width(fields[field].encoding)) {
	case VMCS_WIDTH_16: return 16;
	case VMCS_WIDTH_32: return 32;
	default: return 64;
	}
}

u32 spec_field_find(u32 encoding)
{
	for (u32 i = 0; i < SPEC_FIELDS; i++)
		if (fields[i].encoding == encoding)
			return i;
	return SPEC_FIELDS;
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

u32 spec_field_named(const char *name)
{
	for (u32 i = 0; i < SPEC_FIELDS; i++)
		if (same(fields[i].name, name))
			return i;
	return SPEC_FIELDS;
}
