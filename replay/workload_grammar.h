/* SPDX-License-Identifier: BSD-2-Clause */
/* The workload file's keys, and the checks of each value while its line is known. */
#ifndef REPLAY_WORKLOAD_GRAMMAR_H
#define REPLAY_WORKLOAD_GRAMMAR_H

#include "hv/types.h"

#include <confuse.h>

/* Set on a last line that the reader adds: it is read at the top level only if everything before it is closed. */
#define WORKLOAD_END_KEY "end-of-file"

/* The file that is being read: libconfuse's callbacks take no context. */
struct workload_reading {
	const char *path;
	const char *directory;
	int lines;		/* of the file itself, without the last line that we add */
	bool failed;		/* one message is enough */
};

extern struct workload_reading workload_reading;

/* A parser for one file; the caller frees it by cfg_free. It complains by itself, about the first fault only. */
cfg_t *workload_grammar(void);

/* A path named in the file, relative to the file's directory; the caller frees it. */
char *workload_resolve(const char *path);

#endif
