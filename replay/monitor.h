/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands behind gdb's `monitor` and `reprise query`: what one asks of a run that can be gone through. */
#ifndef REPLAY_MONITOR_H
#define REPLAY_MONITOR_H

#include "travel.h"

#include <json-c/json.h>
#include <stdio.h>

struct monitor {
	struct travel *travel;
	bool this_space;	/* new breakpoints hold for this VM and CR3 only */
};

void monitor_open(struct monitor *monitor, struct travel *travel);

/* Carries out one line. Text for people goes to `out`; with `json` not NULL the same as an object there. False: it was
 * refused, and `out` says why. */
bool monitor_command(struct monitor *monitor, const char *line, FILE *out, struct json_object *json);

#endif
