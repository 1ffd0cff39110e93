/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise record --until-fail PATTERN --runs N`: records again and again, run k with --seed k, until one fails. */
#ifndef REPLAY_UNTIL_FAIL_H
#define REPLAY_UNTIL_FAIL_H

/* Does the command line ask for it? */
int until_fail_wanted(int argc, char **argv);

/* Carries it out; argv[0] is "reprise record". Returns 0 when a run was recorded whose console matches, 1
 * when none of them did. */
int until_fail_main(int argc, char **argv);

#endif
