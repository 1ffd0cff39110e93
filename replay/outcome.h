/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hypervisor reports about its VMs, said to the user and turned into the exit status. */
#ifndef REPLAY_OUTCOME_H
#define REPLAY_OUTCOME_H

#include "guest.h"
#include "hv/link.h"

#define OUTCOME_GO_ON (-1)

/* Forgets everything; `begin` is the host's time (outcome_now) at which the tool started. */
void outcome_begin(const struct run_spec *run, double begin);

/* Takes one report in: messages, consoles, --report. Returns the exit status if it ends the run, else OUTCOME_GO_ON. */
int outcome_take(const struct link_report *report);

/* Whether a VM has executed its first instruction. */
bool outcome_started(void);

/* Seconds of the host's monotonic clock. */
double outcome_now(void);

#endif
