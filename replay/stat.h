/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `stat`. */
#ifndef REPLAY_STAT_H
#define REPLAY_STAT_H

/* reprise stat: argv[0] is "reprise stat". Returns the exit status. */
int stat_main(int argc, char **argv);

#endif
