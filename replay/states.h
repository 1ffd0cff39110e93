/* SPDX-License-Identifier: BSD-2-Clause */
/* States of a recording (hv/input/states.h): reading them, and telling how two of them differ. */
#ifndef REPLAY_STATES_H
#define REPLAY_STATES_H

#include "file.h"
#include "hv/input/states.h"

struct states_entry {
	struct states_header header;
	struct snapshot snapshot;
	const struct states_page *page;	/* header.pages of them, in the data that it was read from */
	u64 bytes;			/* of the whole entry */
};

/* Reads the entry at data[at]. Touches no file. NULL: it is whole; else what is wrong with it; "" where there is none. */
const char *states_entry(const struct bytes *data, u64 at, struct states_entry *entry);

/* The entries in the `part`th part of a journal disk, up to the first that is not whole. The caller frees out->data. */
void states_read(int fd, const struct session *session, u32 part, struct bytes *out);

/* Checks all of a VM's states, which are whole in a good recording. Returns NULL or what is wrong; *at says where. */
const char *states_check_all(const struct bytes *data, u64 recording, u32 vm, u64 *at);

/* Says what differs between what a replay found (one entry) and what was recorded at its position and time: registers,
 * fields of devices, pages, with both values. False: nothing was recorded there. */
bool states_say(const struct bytes *found, const struct bytes *recorded);

#endif
