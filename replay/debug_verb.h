/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs that go through a run have in common: their options, and opening what is gone through. */
#ifndef REPLAY_DEBUG_VERB_H
#define REPLAY_DEBUG_VERB_H

#include "travel.h"

#define DEBUG_SYMBOL_FILES 8
#define DEBUG_WORDS 32

struct debug_options {
	char *listen, *from, *output, *script;
	struct { char *path; u64 offset; } symbols[DEBUG_SYMBOL_FILES];
	u32 symbol_files;
	u64 memory_mib;
	bool json;
	bool check;		/* of `trace`: the end must be the recorded one */
	char *level, *format;	/* of `trace` */
	u64 to;			/* 0: to the end */
	char *word[DEBUG_WORDS];
	u32 words;
};

/* Opens the recording or run that the command line names, goes to --from, and lets `act` work. `wrong` says what is wrong
 * with the options, or NULL. Returns the exit status. */
int debug_verb(int argc, char **argv, const char *doc, const char *(*wrong)(const struct debug_options *options),
	       int (*act)(struct travel *travel, const struct debug_options *options));

#endif
