/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds out what kind of text describes the VMCS, and reads it. */
#include "explain.h"
#include "say.h"
#include "spec/vmcs.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define REGION_BYTES 4096u

const char *explain_format_name(enum explain_format format)
{
	switch (format) {
	case EXPLAIN_JSON: return "JSON";
	case EXPLAIN_FIELDS: return "a list of fields";
	case EXPLAIN_HEX: return "a hex dump of a VMCS region as Bochs lays it out";
	case EXPLAIN_KVM: return "KVM's dump";
	case EXPLAIN_XEN: return "Xen's dump";
	default: return "nothing";
	}
}

void explain_field(struct explain_input *out, u32 field, u64 value)
{
	u32 bits = spec_field_bits(field);

	if (spec_bit(out->vmcs.unknown, field))
		out->fields++;
	out->vmcs.value[field] = bits == 64 ? value : value & ((1ull << bits) - 1);
	out->vmcs.unknown[field / 64] &= ~(1ull << (field % 64));
}

static bool capability(struct explain_input *out, const char *name, u64 value)
{
	struct spec_caps *c = &out->caps;
	const struct { const char *name; u64 *at; } msrs[] = {
		{ "IA32_VMX_BASIC", &c->basic }, { "IA32_VMX_TRUE_PINBASED_CTLS", &c->pin }, { "IA32_VMX_TRUE_PROCBASED_CTLS", &c->cpu },
		{ "IA32_VMX_PROCBASED_CTLS2", &c->cpu2 }, { "IA32_VMX_TRUE_EXIT_CTLS", &c->exit }, { "IA32_VMX_TRUE_ENTRY_CTLS", &c->entry },
		{ "IA32_VMX_MISC", &c->misc }, { "IA32_VMX_CR0_FIXED0", &c->cr0_fixed0 }, { "IA32_VMX_CR0_FIXED1", &c->cr0_fixed1 },
		{ "IA32_VMX_CR4_FIXED0", &c->cr4_fixed0 }, { "IA32_VMX_CR4_FIXED1", &c->cr4_fixed1 }, { "IA32_VMX_EPT_VPID_CAP", &c->ept_vpid },
		{ "IA32_VMX_VMFUNC", &c->vmfunc },
	};

	if (strcmp(name, "MAXPHYADDR") == 0 && value >= 32 && value <= 52) {
		c->physical_bits = (u32)value;
		return true;
	}
	for (u32 i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		if (strcmp(msrs[i].name, name) == 0) {
			*msrs[i].at = value;
			return true;
		}
	return false;
}

/* Notes the value of a field or of a capability MSR. False: the name is none. */
static bool note_named(struct explain_input *out, const char *name, u64 value)
{
	char *end;
	u32 field = spec_field_named(name);

	if (field == SPEC_FIELDS && name[0] == '0' && (name[1] == 'x' || name[1] == 'X'))
		field = spec_field_find((u32)strtoul(name, &end, 16));
	if (field == SPEC_FIELDS && strlen(name) == 4 && strspn(name, "0123456789abcdefABCDEF") == 4)
		field = spec_field_find((u32)strtoul(name, &end, 16));
	if (field == SPEC_FIELDS)
		return capability(out, name, value);
	explain_field(out, field, value);
	return true;
}

static u64 json_value(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ? strtoull(json_object_get_string(value), NULL, 0) :
							      (u64)json_object_get_uint64(value);
}

static const char *parse_json(const char *text, struct explain_input *out)
{
	struct json_object *root = json_tokener_parse(text);
	const char *wrong = NULL;

	if (root == NULL || !json_object_is_type(root, json_type_object))
		wrong = "not a JSON object";
	else {
		json_object_object_foreach(root, name, value)
		{
			if (json_object_is_type(value, json_type_object)) {	/* "fields", "guest", "capabilities" ... */
				json_object_object_foreach(value, inner, inner_value)
					if (!note_named(out, inner, json_value(inner_value)))
						say("'%s' is no VMCS field and no capability MSR: ignored", inner);
			} else if (!note_named(out, name, json_value(value))) {
				say("'%s' is no VMCS field and no capability MSR: ignored", name);
			}
		}
	}
	if (root != NULL)
		json_object_put(root);
	return wrong;
}

/* Lines of NAME VALUE, NAME = VALUE, NAME: VALUE; '#' begins a comment. Numbers are hexadecimal with 0x, else decimal. */
static void parse_fields(char *text, struct explain_input *out)
{
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *name, *value;

		line[strcspn(line, "#")] = '\0';
		name = line + strspn(line, " \t");
		value = name + strcspn(name, " \t=:,");
		if (*name == '\0' || *value == '\0')
			continue;
		*value++ = '\0';
		value += strspn(value, " \t=:,");
		if (!isdigit((unsigned char)*value) || !note_named(out, name, strtoull(value, NULL, 0)))
			say("'%s' is no VMCS field and no capability MSR: ignored", name);
	}
}

/* Where Bochs keeps a field: 64 places of 4 bytes for each width and kind. */
static u32 bochs_offset(u32 encoding)
{
	return 0x10 + ((encoding >> 13 & 3) << 2 | (encoding >> 10 & 3)) * 256 + (encoding & 0x3ff) * 4;
}

/* xxd, hexdump -C, od -A x -t x1z: an address, then bytes or groups of bytes; `*` repeats the line before. Returns the end. */
static u32 hex_bytes(const char *text, u8 region[REGION_BYTES])
{
	u32 end_of_bytes = 0, last = 0;
	bool repeat = false;

	memset(region, 0, REGION_BYTES);
	while (*text != '\0') {
		const char *end = text + strcspn(text, "\n");
		char *p;
		u32 at = (u32)strtoul(text, &p, 16);

		if (*text == '*') {
			repeat = true;
		} else if (p != text) {
			for (size_t i = (size_t)last + 16; repeat && i < at && i < REGION_BYTES; i++)
				region[i] = region[i - 16];
			repeat = false;
			last = at;
			p += strspn(p, ": \t");
			for (u32 bytes = 0; p < end && *p != '|' && *p != '>' && bytes < 16; p++) {
				if (!isxdigit((unsigned char)*p) || !isxdigit((unsigned char)p[1]))
					continue;
				if (at < REGION_BYTES)
					region[at++] = (u8)strtoul((char[]){ p[0], p[1], '\0' }, NULL, 16);
				p++;
				bytes++;
			}
			end_of_bytes = at > last ? at : last;
		}
		text = *end == '\0' ? end : end + 1;
	}
	return end_of_bytes;
}

static const char *parse_hex(const char *text, struct explain_input *out)
{
	static u8 region[REGION_BYTES];
	u32 count = hex_bytes(text, region);
	u32 revision;

	memcpy(&revision, region, 4);
	out->region = count;
	if (count < 1024)
		return "the hex dump is too short for a VMCS region";
	if ((revision & 0x7fffffff) != (spec_caps_bochs.basic & 0x7fffffff))
		return "the layout of a VMCS region is each processor's own: only that of Bochs is known (its revision identifier is 4)";
	out->caps = spec_caps_bochs;
	for (u32 f = 0; f < SPEC_FIELDS; f++) {
		u32 at = bochs_offset(spec_field_encoding(f));
		u64 value = 0;

		if (at + 8 > count)
			continue;
		memcpy(&value, region + at, spec_field_bits(f) == 64 ? 8 : 4);
		if (f >= F_GUEST_ES_ACCESS_RIGHTS && f <= F_GUEST_TR_ACCESS_RIGHTS)	/* kept rotated left by 8 */
			value = value >> 8 | (value & 0xff) << 24;
		explain_field(out, f, value);
	}
	return NULL;
}

static bool looks_like_hex(const char *text)
{
	u32 words = 0;

	text += strspn(text, " \t\r\n");
	if (strcspn(text, ": \t\n") < 4)
		return false;
	for (const char *p = text; *p != '\0' && *p != '\n' && *p != '|'; p++)
		if (*p == ' ' && isxdigit((unsigned char)p[1]))
			words++;
	return strspn(text, "0123456789abcdefABCDEF") >= 4 && words >= 8;
}

const char *explain_parse(const char *text, struct explain_input *out)
{
	char *copy = say_format("%s", text);
	const char *wrong = NULL;
	bool xen = strstr(text, "(XEN)") != NULL || strstr(text, "sel  attr  limit") != NULL;

	for (u32 f = 0; f < SPEC_FIELDS; f++)
		spec_set(out->vmcs.unknown, f);
	text += strspn(text, " \t\r\n");
	if (strstr(text, "*** Guest State ***") != NULL || strstr(text, "*** Control State ***") != NULL || strstr(text, "*** Host State ***") != NULL) {
		out->format = xen ? EXPLAIN_XEN : EXPLAIN_KVM;
		explain_dump(copy, out);
		out->world_known = true;
		out->long_mode = true;
	} else if (*text == '{') {
		out->format = EXPLAIN_JSON;
		wrong = parse_json(text, out);
	} else if (looks_like_hex(text)) {
		out->format = EXPLAIN_HEX;
		wrong = parse_hex(text, out);
	} else {
		out->format = EXPLAIN_FIELDS;
		parse_fields(copy, out);
	}
	free(copy);
	if (wrong == NULL && out->fields == 0)
		wrong = "no VMCS field in it";
	return wrong;
}
