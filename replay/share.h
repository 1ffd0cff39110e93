/* SPDX-License-Identifier: BSD-2-Clause */
/* Stdout, shared by several VMs: whole lines, each with its VM's name in front. One VM alone has it as it is. */
#ifndef REPLAY_SHARE_H
#define REPLAY_SHARE_H

#include "hv/types.h"

/* The VM `vm` writes to stdout, too. `name` must stay. */
void share_add(u32 vm, const char *name);

/* Queues output of a VM that was added. */
void share_put(u32 vm, const char *text, u32 bytes);

/* Nothing has come for a while: an unfinished line (a prompt) may be shown now. */
void share_idle(void);

/* Nothing more comes: shows all unfinished lines. */
void share_finish(void);

/* How many bytes wait, and writing some of them when poll says so. False: nobody reads stdout any more. */
size_t share_waiting(void);
bool share_write(void);

#endif
