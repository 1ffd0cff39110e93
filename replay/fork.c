/* SPDX-License-Identifier: BSD-2-Clause */
/* A fork of a recording, kept: one line for each change, "TICK memory ADDRESS BYTES" or "TICK register NAME VALUE". */
#include "fork.h"

#include "container.h"
#include "gdb_packet.h"
#include "say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fork_write(const struct travel *travel, const char *path)
{
	struct recording *copy = say_alloc(sizeof(*copy));
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	int status;

	if (out == NULL) {
		free(copy);
		return false;
	}
	for (u32 i = 0; i < travel->host.edit_count; i++) {
		const struct target_edit *edit = &travel->edits[i];
		char hex[2 * TARGET_EDIT_BYTES + 1];

		gdb_hex(edit->data, edit->bytes, hex);
		if (edit->name[0] != '\0')
			fprintf(out, "%" PRIu64 " register %s %" PRIx64 "\n", edit->tick, edit->name, edit->value);
		else
			fprintf(out, "%" PRIu64 " memory %" PRIx64 " %s\n", edit->tick, edit->address, hex);
	}
	fclose(out);
	*copy = *travel->recording;
	copy->path = (char *)path;
	copy->finished = true;
	copy->edits = (struct bytes){ (u8 *)text, bytes };
	status = recording_write(copy);
	free(text);
	free(copy);
	return status == 0;
}

int fork_read(struct travel *travel, const struct recording *recording)
{
	const char *at = (const char *)recording->edits.data;
	u64 last = 0;

	for (u32 line = 1; at != NULL && *at != '\0'; line++) {
		struct target_edit edit = { .tick = 0 };
		char hex[2 * TARGET_EDIT_BYTES + 1] = "";
		unsigned long long tick, number;
		bool good = false;

		if (sscanf(at, "%llu register %11[A-Za-z0-9_] %llx", &tick, edit.name, &number) == 3) {
			edit.value = number;
			good = true;
		} else if (sscanf(at, "%llu memory %llx %128[0-9a-f]", &tick, &number, hex) == 3) {
			edit.name[0] = '\0';
			edit.address = number;
			edit.bytes = (u32)strlen(hex) / 2;
			good = gdb_unhex(hex, edit.bytes, edit.data);
		}
		if (!good || tick < last)
			return say_fail(STATUS_REFUSED, "%s: its " EDITS " is damaged in line %u", recording->path, line);
		edit.tick = last = tick;
		if (!travel->forked)
			travel->fork_tick = tick;
		travel->forked = true;
		travel_edit_add(travel, &edit);
		at = strchr(at, '\n');
		at += at != NULL;
	}
	return 0;
}
