/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `explain`: any text as the input of `reprise explain` (replay/explain.h): values fit their fields, the fields
 * that were read are read again from a list of them, and a legal value that is proposed is legal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oracle.h"
#include "replay/explain.h"
#include "said.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct explain_input in, again;

static void check_fields(void)
{
	u32 known = 0;

	for (u32 f = 0; f < SPEC_FIELDS; f++) {
		u32 bits = spec_field_bits(f);

		if (spec_bit(in.vmcs.unknown, f))
			continue;
		known++;
		if (bits < 64 && in.vmcs.value[f] >> bits != 0)
			oracle_fail("a value fits its field", "SDM 3C appendix B", "%s = %llx", spec_field_name(f),
				    (unsigned long long)in.vmcs.value[f]);
	}
	if (known != in.fields || known == 0)
		oracle_fail("fields are counted", "replay/explain.h", "%u, must be %u", in.fields, known);
}

static void there_and_back(void)
{
	static char text[SPEC_FIELDS * 80];
	size_t at = 0;

	for (u32 f = 0; f < SPEC_FIELDS; f++)
		if (!spec_bit(in.vmcs.unknown, f))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s = 0x%llx\n", spec_field_name(f),
					       (unsigned long long)in.vmcs.value[f]);
	again = (struct explain_input){ .caps = spec_caps_any };
	if (explain_parse(text, &again) != NULL || again.format != EXPLAIN_FIELDS || again.fields != in.fields ||
	    memcmp(again.vmcs.unknown, in.vmcs.unknown, sizeof(in.vmcs.unknown)) != 0)
		oracle_fail("a list of fields is read back", "replay/explain.h", "%u of %u fields", again.fields, in.fields);
	for (u32 f = 0; f < SPEC_FIELDS; f++)
		if (!spec_bit(in.vmcs.unknown, f) && in.vmcs.value[f] != again.vmcs.value[f])
			oracle_fail("a list of fields is read back", "replay/explain.h", "%s", spec_field_name(f));
}

static void check_fix(const struct spec_world *world, u32 check, u32 segment)
{
	struct spec_vmcs fixed = in.vmcs;
	struct spec_fix fix;

	if (!spec_entry_fix(&in.vmcs, &in.caps, world, check, segment, &fix))
		return;
	fixed.value[fix.field] = fix.value;
	if (spec_entry_one(&fixed, &in.caps, world, check, segment, NULL) != 1)
		oracle_fail("a legal value that is proposed is legal", spec_checks[check].section, "%s: %s = %llx", spec_checks[check].name,
			    spec_field_name(fix.field), (unsigned long long)fix.value);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct spec_result result;
	struct spec_world world = { .known = false };
	char *text = malloc(size + 1);
	const char *wrong;

	if (text == NULL)
		abort();
	said_reset();
	for (size_t i = 0; i < size; i++)
		text[i] = data[i] == 0 ? ' ' : (char)data[i];
	text[size] = '\0';
	in = (struct explain_input){ .caps = spec_caps_any };
	wrong = explain_parse(text, &in);
	free(text);
	if (wrong != NULL)
		return 0;
	check_fields();
	there_and_back();
	world.known = in.world_known;
	world.long_mode = in.long_mode;
	(void)spec_entry_check(&in.vmcs, &in.caps, &world, &result);
	for (u32 check = 0; check < SPEC_CHECKS; check++) {
		u32 which = result.segments[check];	/* a check that is not of segments: bit 0 */

		for (u32 s = 0; spec_bit(result.failed, check) && s < 8; s++)
			if ((which >> s & 1) != 0)
				check_fix(&world, check, s);
	}
	return 0;
}
