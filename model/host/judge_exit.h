/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what a VM exit told with what it must tell. */
#ifndef MODEL_HOST_JUDGE_EXIT_H
#define MODEL_HOST_JUDGE_EXIT_H

#include "model/exit_case.h"

#define EXIT_REASONS 72u

struct exit_tally {
	u64 cases, disagree, waived;
	u64 reasons[EXIT_REASONS];	/* by basic exit reason: snippets that agree */
};

/* Null: all that is compared agrees, or differs as the case's waiver says; else what differs. */
const char *judge_exit(const struct exit_case *c, const struct exit_result *r, struct exit_tally *t);

#endif
