/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints of a recording: FILE.rpl.checkpoints, made by a replay (hv/input/checkpoint.h has its layout). */
#ifndef REPLAY_CHECKPOINT_H
#define REPLAY_CHECKPOINT_H

#include "guest.h"
#include "layout.h"
#include "recording.h"

#define CHECKPOINT_EVERY 0ull		/* by itself: at every digest, at most CHECKPOINT_COUNT of them */
#define CHECKPOINT_COUNT 128u
#define CHECKPOINT_EVERY_MIN 1000000ull

/* Replays the recording to write its checkpoints. Takes *run over. Returns 0 or a status after a message. */
int checkpoint_make(struct recording *recording, struct run_spec *run, u64 every);

/* Whether FILE.rpl.checkpoints is there and belongs to the recording. */
bool checkpoint_exists(const struct recording *recording);

/*
 * Puts together the last checkpoint of VM `index` not after position `from`, whose RAM before its start is `image`, and
 * writes it to `fd` from *sector on, which it moves on. Returns its position; 0: there is none, start at the start. Damage is told, and
 * what comes before it is used.
 */
u64 checkpoint_compose(const struct recording *recording, u32 index, u64 from, const struct image *image, int fd,
		       u64 *sector);

/* reprise checkpoint. */
int checkpoint_main(int argc, char **argv);

#endif
