/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `reprise run` (argp). */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include "guest.h"

#define REPRISE_VERSION "reprise 0.1"

/* Fills *run from the command line and the workload file it names. argv[0] is "reprise run". Ends the program on a
 * usage error (64) and for --help; returns 0 or STATUS_REFUSED after a message. */
int options_run(int argc, char **argv, struct run_spec *run);

/* The same for "reprise record", which needs -o. */
int options_record(int argc, char **argv, struct run_spec *run);

#endif
