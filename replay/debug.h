/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that go through a run: debug, query, core; and `reprise run --gdb`. */
#ifndef REPLAY_DEBUG_H
#define REPLAY_DEBUG_H

#include "guest.h"

int debug_main(int argc, char **argv);
int query_main(int argc, char **argv);
int core_main(int argc, char **argv);

/* The run that the options describe, under gdb at `where` ("" is any port, with a gdb of its own). */
int debug_run(const struct run_spec *run, const char *where);

#endif
