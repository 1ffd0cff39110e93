/* SPDX-License-Identifier: BSD-2-Clause */
/* An ELF core of a guest: its RAM, mapped where its page tables map it, and its registers. */
#ifndef REPLAY_CORE_H
#define REPLAY_CORE_H

#include "travel.h"

/* Writes the VM at the stop to the new file `path`. Returns 0 or a status after a message. */
int core_write(struct travel *travel, const char *path);

#endif
