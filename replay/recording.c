/* SPDX-License-Identifier: BSD-2-Clause */
/* What both directions of a recording share: the build, journals, memory. */
#include "recording.h"

#include "say.h"

#include <stdlib.h>
#include <string.h>

int recording_build(char build[RECORDING_BUILD_BYTES])
{
	static const char *const parts[] = { "hv-record.bin", "hv-replay.bin" };
	u8 digests[2][32], digest[32];

	for (int i = 0; i < 2; i++) {
		struct file_spec spec = { .path = file_of_build(parts[i]), .origin = (char *)"" };
		struct bytes bytes;
		int status = file_read(&spec, 32ull << 20, &bytes);

		free(spec.path);
		if (status != 0)
			return status;
		file_sha256(bytes.data, bytes.count, digests[i]);
		free(bytes.data);
	}
	file_sha256(digests, sizeof(digests), digest);
	for (int i = 0; i < 32; i++) {
		build[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		build[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	build[64] = '\0';
	return 0;
}

char *recording_journal_path(const char *path)
{
	return say_format("%s.journal", path);
}

static void count(struct recording_vm *vm, const struct journal_event *event)
{
	vm->events++;
	vm->position = event->position;
	vm->time = event->time;
	switch (event->kind) {
	case JOURNAL_END:
		vm->ended = true;
		vm->end_code = event->code;
		vm->end_value = (u32)event->value;
		vm->exits = event->digest.exits;
		break;
	case JOURNAL_DIGEST:
		vm->digests++;
		vm->exits = event->digest.exits;
		break;
	default:
		vm->inputs++;
		break;
	}
}

enum journal_error recording_scan(struct recording *recording, u32 vm, const u8 *data, u64 bytes, const char *name,
				  bool say_bad)
{
	struct recording_vm *out = &recording->vm[vm];
	struct journal_cursor at = { .vm = vm, .recording = recording->id };
	enum journal_error error = JOURNAL_UNWRITTEN;
	u64 block;

	for (block = 0; (block + 1) * JOURNAL_BLOCK_BYTES <= bytes; block++) {
		const u8 *from = data + block * JOURNAL_BLOCK_BYTES;
		struct recording_vm sum = *out;
		struct journal_event event;

		at.sequence = (u32)block;
		error = journal_open_block(from, &at);
		while (error == JOURNAL_OK && at.at < at.used) {
			error = journal_next(from, &at, &event);
			if (error == JOURNAL_OK && sum.ended)
				error = JOURNAL_BAD_RECORD;	/* nothing follows the end */
			if (error == JOURNAL_OK)
				count(&sum, &event);
		}
		if (error != JOURNAL_OK)
			break;
		*out = sum;
		error = JOURNAL_UNWRITTEN;
	}
	out->blocks = block;
	out->journal.count = block * JOURNAL_BLOCK_BYTES;
	out->journal.data = say_alloc(out->journal.count);
	memcpy(out->journal.data, data, out->journal.count);
	if (error == JOURNAL_UNWRITTEN && bytes % JOURNAL_BLOCK_BYTES != 0 && block == bytes / JOURNAL_BLOCK_BYTES)
		error = JOURNAL_BAD_LENGTH;
	if (error != JOURNAL_UNWRITTEN && say_bad)
		say("%s: block %llu is torn at byte %llu: %s; the %llu whole blocks before it count", name,
		    (unsigned long long)block, (unsigned long long)(block * JOURNAL_BLOCK_BYTES),
		    journal_error_text(error), (unsigned long long)block);
	return error;
}

void recording_events(const struct recording *recording, u32 vm, recording_take *take, void *context)
{
	const struct recording_vm *from = &recording->vm[vm];
	struct journal_cursor at = { .vm = vm, .recording = recording->id };
	struct journal_event event;

	for (u64 block = 0; block < from->blocks; block++) {
		const u8 *data = from->journal.data + block * JOURNAL_BLOCK_BYTES;

		at.sequence = (u32)block;
		if (journal_open_block(data, &at) != JOURNAL_OK)
			return;
		while (at.at < at.used) {
			u32 offset = JOURNAL_HEADER_BYTES + at.at;

			if (journal_next(data, &at, &event) != JOURNAL_OK || !take(&event, block, offset, JOURNAL_HEADER_BYTES + at.at - offset, context))
				return;
		}
	}
}

void recording_free(struct recording *recording)
{
	for (u32 v = 0; v < VM_MAX; v++) {
		for (u32 i = 0; i < PLAN_IMAGES; i++)
			free(recording->image[v][i].data);
		free(recording->vm[v].journal.data);
		free(recording->vm[v].console.data);
		free(recording->vm[v].states.data);
		free(recording->guest[v]);
	}
	free(recording->edits.data);
	free(recording->path);
	memset(recording, 0, sizeof(*recording));
}
