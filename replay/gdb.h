/* SPDX-License-Identifier: BSD-2-Clause */
/* The gdb remote protocol over a travel: gdb's commands in, stops out; threads are VMs. */
#ifndef REPLAY_GDB_H
#define REPLAY_GDB_H

#include "travel.h"

/* Serves one client after the other on `listener` until one says kill, or one detaches while `once`. `child` is a
 * process whose end ends the service, too (0: none). Returns 0 or a status after a message. */
int gdb_serve(struct travel *travel, int listener, bool once, pid_t child);

/* A listening socket at "HOST:PORT", "PORT" or "0" (any port) of 127.0.0.1; *port is set. -1 after a message. */
int gdb_listen(const char *where, u16 *port);

#endif
