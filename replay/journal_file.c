/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading FILE.rpl.journal. */
#include "journal_file.h"

#include "hv/journal.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_zero(const u8 *block)
{
	for (u32 i = 0; i < JOURNAL_BLOCK_BYTES; i++)
		if (block[i] != 0)
			return false;
	return true;
}

void journal_file_read(int fd, const struct session *session, u32 v, struct bytes *out)
{
	u64 start = (1 + v * session->sectors) * SESSION_BYTES;
	u64 room = 1 << 16;

	out->data = say_alloc(room);
	out->count = 0;
	while (out->count < session->sectors * SESSION_BYTES) {
		u8 *block = out->data + out->count;
		ssize_t got = pread(fd, block, JOURNAL_BLOCK_BYTES, (off_t)(start + out->count));

		if (got <= 0)
			return;
		memset(block + got, 0, (size_t)(JOURNAL_BLOCK_BYTES - got));	/* a file that was cut short */
		if (is_zero(block))
			return;
		out->count += JOURNAL_BLOCK_BYTES;
		if (out->count + JOURNAL_BLOCK_BYTES > room) {
			room *= 2;
			out->data = realloc(out->data, room);
			if (out->data == NULL)
				exit(say_fail(STATUS_FAILED, "no memory for the journal"));
		}
	}
}
