/* SPDX-License-Identifier: BSD-2-Clause */
/* Stock Bochs as a child process that cannot outlive us. */
#ifndef REPLAY_BOCHS_H
#define REPLAY_BOCHS_H

#include "guest.h"
#include "temp.h"

#include <sys/types.h>

#define BOCHS_MEDIUM "boot.img"		/* the boot medium's name in the temporary directory */

struct bochs {
	pid_t pid;		/* 0: not running */
	int debugger;		/* a socket that its debugger's prompt is served on, or 0: it runs at once */
};

/* Writes the configuration into `temp` and starts Bochs (or $REPRISE_BOCHS): `host_bytes` of memory, COM1 connected to
 * 127.0.0.1:`port`. Returns 0, or STATUS_PLATFORM or STATUS_FAILED after a message. */
int bochs_start(struct bochs *bochs, const struct temp *temp, const struct run_spec *run, u64 host_bytes, u16 port);

/* True once Bochs has ended by itself. */
bool bochs_ended(struct bochs *bochs);

/* Kills Bochs if it runs and waits for its end. */
void bochs_stop(struct bochs *bochs);

/* Says that Bochs ended too early, with the last lines of its log. Returns STATUS_FAILED. */
int bochs_complain(const struct temp *temp, const char *when);

#endif
