/* SPDX-License-Identifier: BSD-2-Clause */
/* What a replaying hypervisor says about the state of a VM, in words. */
#ifndef REPLAY_DIFFERS_H
#define REPLAY_DIFFERS_H

#include "hv/link.h"
#include "recording.h"

#define DIFFERS_MAX 64u

/* What a VM's replay found to differ: its LINK_DIFFERS, in order; the last is LINK_DIFFERS_AT. */
struct differs {
	u32 count;
	struct link_report report[DIFFERS_MAX];
};

void differs_add(struct differs *differs, const struct link_report *report);

/* Tells all of it (count > 0): where it was, what differs, both values, the last events before. `found`: the state that the
 * replay had there (hv/input/states.h), or nothing. */
void differs_say(const struct recording *recording, u32 index, const struct differs *differs, const struct bytes *found);

/* One LINK_STATE, as a line on standard output. */
void state_print(const char *vm, const struct link_report *report);

/* A line about a journal event. The caller frees it. */
char *event_text(const struct journal_event *event);

#endif
