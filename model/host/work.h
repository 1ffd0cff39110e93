/* SPDX-License-Identifier: BSD-2-Clause */
/* A stretch of cases of one suite: run in Bochs, joined with the log, judged, and minimized where opinions differ. */
#ifndef MODEL_HOST_WORK_H
#define MODEL_HOST_WORK_H

#include "model/host/judge.h"
#include "model/host/judge_ept.h"
#include "model/host/judge_exit.h"

#define DIFFERENCES_SHOWN 5u

struct totals {
	struct tally entry;
	struct ept_tally ept;
	struct exit_tally exits;
	u64 counter_cases, counter_differ;
	u64 instruction_cases, instruction_texts, instruction_waived, instruction_differ;
	u64 dead;		/* cases that ended the runner */
	u64 caps_differ;	/* capability MSRs are not what spec/caps.c says */
	u64 unknown_texts;	/* entry-check texts that model/messages.def does not know */
	u64 shown;
};

/* Runs and judges `count` cases from `first` on. */
void work(const char *build, u32 suite, u64 seed, u64 first, u64 count, u64 kill, struct totals *totals);

/* Runs and judges every snippet of exit information. */
void work_exits(const char *build, struct totals *totals);

/* Runs and judges the facts about counter and timer. */
void work_counter(const char *build, struct totals *totals);

/* Runs and judges VMX instructions in root mode. */
void work_instructions(const char *build, struct totals *totals);

/* Judges the results kept in `directory` by an earlier run with REPRISE_MODEL_KEEP set. */
void work_again(const char *directory, struct totals *totals);

#endif
