/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `diff`. */
#ifndef REPLAY_DIFF_H
#define REPLAY_DIFF_H

/* reprise diff: argv[0] is "reprise diff". Exit status 0: the same run, 1: they part. */
int diff_main(int argc, char **argv);

#endif
