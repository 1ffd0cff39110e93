/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `replay`, and replays for the verbs that look into a recording. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "guest.h"
#include "recording.h"
#include "run.h"

struct replay_wish {
	const char *hv;			/* the hypervisor's file; NULL: hv-replay.bin */
	const char *only;		/* the one VM to replay, or NULL: all */
	u64 from;			/* start at the last checkpoint not after it, 0: at the start */
	u64 until;			/* stop there, TIME_NEVER: at the end */
	u64 checkpoint_ticks;		/* write checkpoints so far apart, 0: none */
	u64 output_bytes;		/* size of the output disk, 0: none */
	const char *output_file;		/* where it lies; NULL: in the temporary directory */
	bool silent;			/* consoles go nowhere */
	/* The replay is over: its output disk, or NULL. Returns the status to end with. */
	int (*finish)(const struct recording *recording, const char *output, int status);
};

/* Makes ready for a replay that somebody else runs: completes *run, and gives its hooks; NULL after a message. */
const struct run_hooks *replay_begin(struct recording *recording, struct run_spec *run, const struct replay_wish *wish);

/* Replays an opened recording, as `run` (timeout, report, keep, verbose) says. Takes *run over. Returns the status. */
int replay_run(struct recording *recording, struct run_spec *run, const struct replay_wish *wish);

/* reprise replay: argv[0] is "reprise replay". Returns the exit status. */
int replay_main(int argc, char **argv);

#endif
