/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of the verbs that look into one recording: what they have in common, and opening it. */
#ifndef REPLAY_VERB_H
#define REPLAY_VERB_H

#include "guest.h"
#include "recording.h"

#include <argp.h>

#define VERB_KEYS 0x400		/* a verb's own options have keys below it */

struct verb {
	const char *doc;
	const struct argp_option *options;	/* its own, or NULL */
	/* Takes one of them. False: its argument is not possible. */
	bool (*take)(int key, char *arg);
	/* All of them were seen: NULL, or what is wrong with them together. May be NULL. */
	const char *(*check)(void);
	bool runs;		/* it replays: --timeout, --report, --keep, --verbose; and names places: --symbols */
	bool strict;		/* a journal with a bad block is refused */
};

/* Parses the command line into *run (if the verb runs) and opens the recording. Returns 0 or a status after a message.
 * The caller frees the recording in any case. */
int verb_open(int argc, char **argv, const struct verb *verb, struct run_spec *run, struct recording *recording);

#endif
