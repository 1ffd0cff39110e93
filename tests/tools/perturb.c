/* SPDX-License-Identifier: BSD-2-Clause */
/* perturb [--kind | --position | --input=N] IN OUT: a journal with the first (Nth) console byte changed and its block sealed again, as a broken
 * replayer would hand it out; or with a first record of an unknown kind or at an impossible position. Exit status 1: there is
 * no such record. */
#include <stdio.h>
#include <string.h>
#include "crc32c.h"
#include "journal.h"

static u8 block[JOURNAL_BLOCK_BYTES];
static unsigned int skip;	/* console bytes before the one to change */

/* The offset in the block of the byte of its first CONSOLE record, 0 if none. */
static u32 find(struct journal_cursor *at)
{
	struct journal_event event;

	while (at->at < at->used) {
		if (journal_next(block, at, &event) != JOURNAL_OK)
			return 0;
		if (event.kind == JOURNAL_CONSOLE && skip-- == 0)
			return JOURNAL_HEADER_BYTES + at->at - 1;	/* a byte below 80H is its own LEB128 number */
	}
	return 0;
}

static void seal(void)
{
	u32 crc = crc32c(block, JOURNAL_CRC_AT);

	for (u32 i = 0; i < 4; i++)
		block[JOURNAL_CRC_AT + i] = (u8)(crc >> 8 * i);
}

/* The first record of the first block becomes impossible. */
static void spoil(const char *how)
{
	block[JOURNAL_HEADER_BYTES] = strcmp(how, "--kind") == 0 ? 0x77 : JOURNAL_CONSOLE;
	for (u32 i = 1; i <= 9; i++)
		block[JOURNAL_HEADER_BYTES + i] = 0xff;
	block[JOURNAL_HEADER_BYTES + 10] = 1;
	seal();
}

int main(int argc, char **argv)
{
	const char *how = argc == 4 ? argv[1] : NULL;
	FILE *in = argc >= 3 ? fopen(argv[argc - 2], "rb") : NULL;
	FILE *out = argc >= 3 ? fopen(argv[argc - 1], "wb") : NULL;
	struct journal_cursor at = { 0 };
	int done = 0;

	if (in == NULL || out == NULL)
		return 2;
	if (how != NULL && sscanf(how, "--input=%u", &skip) == 1) {
		skip--;
		how = NULL;
	}
	while (fread(block, 1, sizeof(block), in) == sizeof(block)) {
		u32 offset;

		for (u32 i = 0; i < 8; i++)	/* whatever recording it is of */
			at.recording = at.recording << 8 | block[39 - i];
		if (journal_open_block(block, &at) != JOURNAL_OK)
			return 2;
		if (how != NULL) {
			spoil(how);
			done = 1;
			at.at = at.used;
		}
		offset = done ? 0 : find(&at);
		if (offset != 0) {
			block[offset] ^= 1;
			seal();
			done = 1;
		}
		while (offset == 0 && at.at < at.used) {
			struct journal_event event;

			if (journal_next(block, &at, &event) != JOURNAL_OK)
				return 2;
		}
		at.sequence++;
		if (fwrite(block, 1, sizeof(block), out) != sizeof(block))
			return 2;
		if (done)	/* the rest as it is */
			break;
	}
	while (fread(block, 1, sizeof(block), in) == sizeof(block))
		if (fwrite(block, 1, sizeof(block), out) != sizeof(block))
			return 2;
	return fclose(out) == 0 && done ? 0 : 1;
}
