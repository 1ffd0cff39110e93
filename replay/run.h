/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `run`. */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

/* reprise run: argv[0] is "reprise run". Returns the exit status. */
int run_main(int argc, char **argv);

#endif
