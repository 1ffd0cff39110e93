/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `journal`: any bytes as journal blocks and as a session. Reading stays inside the block, positions never go
 * back, and what was read is read again from what is written of it.
 */
#include <string.h>
#include "crc32c.h"
#include "journal.h"
#include "oracle.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void write_again(const struct journal_cursor *before, const struct journal_event *event)
{
	struct journal_cursor writer = *before, reader = *before;
	struct journal_event again;
	u8 block[JOURNAL_BLOCK_BYTES];

	memset(&again, 0, sizeof(again));
	writer.sequence = reader.sequence = 7;
	journal_begin_block(block, &writer);
	if (!journal_add(block, &writer, event))
		oracle_fail("a record fits into an empty block", "hv/journal.h", "kind %u", event->kind);
	journal_seal_block(block, &writer);
	if (journal_open_block(block, &reader) != JOURNAL_OK || journal_next(block, &reader, &again) != JOURNAL_OK)
		oracle_fail("what was written can be read", "hv/journal.h", "kind %u", event->kind);
	if (again.kind != event->kind || again.position != event->position || again.time != event->time ||
	    (event->kind != JOURNAL_DIGEST && again.value != event->value) ||
	    (event->kind == JOURNAL_END && again.code != event->code) ||
	    (event->kind >= JOURNAL_DIGEST && memcmp(&again.digest, &event->digest, sizeof(again.digest)) != 0))
		oracle_fail("what is read is what was written", "hv/journal.h", "kind %u at %llu", event->kind,
			    (unsigned long long)event->position);
}

static void read_block(u8 *block, struct journal_cursor *at)
{
	enum journal_error error = journal_open_block(block, at);

	if (journal_error_text(error) == NULL)
		oracle_fail("every error has a text", "hv/journal.h", "error %u", error);
	if (error != JOURNAL_OK)
		return;
	while (at->at < at->used) {
		struct journal_cursor before = *at;
		struct journal_event event;

		memset(&event, 0, sizeof(event));
		error = journal_next(block, at, &event);
		if (error != JOURNAL_OK)
			return;
		if (at->at <= before.at || at->at > at->used || at->used > JOURNAL_RECORD_BYTES)
			oracle_fail("reading goes on inside the block", "hv/journal.h", "from %u to %u of %u", before.at, at->at,
				    at->used);
		if (event.position < before.position || event.time < before.time)
			oracle_fail("positions and times never go back", "hv/journal.h", "%llu after %llu",
				    (unsigned long long)event.position, (unsigned long long)before.position);
		write_again(&before, &event);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct journal_cursor at = { 0 };
	struct session session;
	u8 block[JOURNAL_BLOCK_BYTES];

	memset(block, 0, sizeof(block));
	memcpy(block, data, size < sizeof(block) ? size : sizeof(block));
	read_block(block, &at);
	(void)session_decode(block, &session);
	for (u32 n = 0; n < 4 && (size_t)n * 200 < size; n++) {	/* parts of the input as records of good blocks */
		struct journal_cursor head = at;
		size_t left = size - (size_t)n * 200, bytes = left < 200 ? left : 200;
		u32 crc;

		head.sequence = at.sequence = n;
		journal_begin_block(block, &head);
		head.used = (u32)bytes;
		memcpy(block + JOURNAL_HEADER_BYTES, data + (size_t)n * 200, bytes);
		journal_seal_block(block, &head);
		if (bytes > 2 && data[0] == 0xff) {	/* and with a header that is not */
			block[data[1] % JOURNAL_HEADER_BYTES] ^= data[2];
			crc = crc32c(block, JOURNAL_CRC_AT);
			memcpy(block + JOURNAL_CRC_AT, &crc, 4);
		}
		read_block(block, &at);
	}
	return 0;
}
