/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a snapshot (hv/input/snapshot.h) by name. */
#ifndef REPLAY_SNAPSHOTS_H
#define REPLAY_SNAPSHOTS_H

#include "hv/input/snapshot.h"

/* Says each register and each field of a device that differs, with both values; not the general registers, RIP, RFLAGS and
 * CR3, which the digest itself has. */
void snapshots_say(const struct snapshot *found, const struct snapshot *recorded);

#endif
