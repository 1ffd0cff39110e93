/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs whose inputs come from a seed and a script. */
#ifndef REPLAY_SEEDED_H
#define REPLAY_SEEDED_H

#include "run.h"

/* Writes the session's disk, with the script, into `temp`: a run_hooks.prepare. */
int seeded_prepare(struct run_spec *run, struct layout *layout, const struct temp *temp);

#endif
