/* SPDX-License-Identifier: BSD-2-Clause */
/* What a replaying hypervisor says about the state of a VM, in words. */
#ifndef REPLAY_DIFFERS_H
#define REPLAY_DIFFERS_H

#include "hv/link.h"
#include "recording.h"

/* One LINK_DIFFERS: where it was, what differs, both values. The first of a VM also tells its last events before. */
void differs_say(const struct recording *recording, u32 index, const struct link_report *report, bool first);

/* One LINK_STATE, as a line on standard output. */
void state_print(const char *vm, const struct link_report *report);

/* A line about a journal event. The caller frees it. */
char *event_text(const struct journal_event *event);

#endif
