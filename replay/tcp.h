/* SPDX-License-Identifier: BSD-2-Clause */
/* A console's TCP port. */
#ifndef REPLAY_TCP_H
#define REPLAY_TCP_H

/* Listens at `where` = "tcp:[HOST:]PORT" (127.0.0.1 if no host is named) for the VM `name`, which is said. Returns the
 * descriptor, or -1 after a message. */
int tcp_listen(const char *where, const char *name);

#endif
