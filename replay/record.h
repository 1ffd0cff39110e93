/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `record`. */
#ifndef REPLAY_RECORD_H
#define REPLAY_RECORD_H

/* reprise record: argv[0] is "reprise record". Returns the exit status. */
int record_main(int argc, char **argv);

#endif
