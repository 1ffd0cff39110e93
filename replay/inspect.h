/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that look at a recording without running it. */
#ifndef REPLAY_INSPECT_H
#define REPLAY_INSPECT_H

/* reprise info: what a recording is. reprise verify: whether all of it is whole. */
int info_main(int argc, char **argv);
int verify_main(int argc, char **argv);

#endif
