/* SPDX-License-Identifier: BSD-2-Clause */
/* A fork of a recording, kept: the recording and the changes that were made in it (replay/FORMAT.md, `edits`). */
#ifndef REPLAY_FORK_H
#define REPLAY_FORK_H

#include "recording.h"
#include "travel.h"

/* Writes the recording and the fork's changes as a recording of its own. */
bool fork_write(const struct travel *travel, const char *path);

/* Takes the changes of a recording that is a fork, before travel_open. Returns 0 or STATUS_REFUSED after a message. */
int fork_read(struct travel *travel, const struct recording *recording);

#endif
