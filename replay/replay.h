/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `replay`. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

/* reprise replay: argv[0] is "reprise replay". Returns the exit status. */
int replay_main(int argc, char **argv);

#endif
