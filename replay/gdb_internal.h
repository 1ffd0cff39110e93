/* SPDX-License-Identifier: BSD-2-Clause */
/* What gdb.c (the connection, running) and gdb_commands.c (looking) share. */
#ifndef REPLAY_GDB_INTERNAL_H
#define REPLAY_GDB_INTERNAL_H

#include "gdb_packet.h"
#include "monitor.h"

struct gdb {
	struct travel *travel;
	int fd;			/* -1: the client is gone */
	bool no_ack, quit, killed;
	bool told;		/* that the replay differs */
	bool busy;		/* a monitor command runs: gdb is told that it does */
	u32 vm;			/* whose registers are asked for (Hg) */
	struct gdb_reader reader;
	struct travel_break breaks[TRAVEL_BREAKS];
	struct monitor monitor;
	char stop[128];		/* the last stop reply */
	char *description;
};

void gdb_reply(struct gdb *gdb, const char *text);
void gdb_reply_bytes(struct gdb *gdb, const void *data, size_t bytes);

/* Carries out one packet. */
void gdb_handle(struct gdb *gdb, const char *text);

/* Runs: 's' and 'r' (while in [from, to)) step, 'c' goes on, 'S' and 'C' the same backwards. Replies at the stop. */
void gdb_resume(struct gdb *gdb, char how, s64 thread, u64 from, u64 to);
void gdb_vcont(struct gdb *gdb, const char *text);

#endif
