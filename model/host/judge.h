/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what Bochs did with a VM-entry case with what the spec says. */
#ifndef MODEL_HOST_JUDGE_H
#define MODEL_HOST_JUDGE_H

#include "model/case.h"
#include "model/host/message.h"

enum waiver {
#define MISSED(check, registers, condition, text) WAIVER_AT(__LINE__)
#define STRICT(message, condition, text) WAIVER_AT(__LINE__)
#define WAIVER_AT(n) WAIVER_NUMBER(n)
#define WAIVER_NUMBER(n) WAIVER_##n,
#include "model/waivers.def"
#undef MISSED
#undef STRICT
	WAIVERS
};

struct waiver_info {
	const char *what, *text;	/* the check or the message; why */
};

extern const struct waiver_info waivers[WAIVERS];

enum verdict { AGREE, WAIVED, DISAGREE };

struct tally {
	u64 cases, entered, failed, dead, disagree, waived_cases;
	u64 spec_failed[SPEC_CHECKS];	/* the spec's check fails */
	u64 both_failed[SPEC_CHECKS];	/* ... and Bochs names it */
	u64 both_passed[SPEC_CHECKS];	/* Bochs enters, and the check passes */
	u64 disagreed[SPEC_CHECKS];
	u64 waived[WAIVERS];
	u64 provoked[MESSAGES];
};

struct opinion {
	struct spec_result spec;
	u32 expected;			/* bit 1 << enum spec_outcome, after waivers */
	enum spec_outcome seen;
	u32 message;			/* MESSAGES: none */
	char unknown[96];		/* a text that no message matches */
};

enum verdict judge(const struct model_header *header, const struct model_case *c, const struct model_result *result,
		   u32 message, struct opinion *opinion, struct tally *tally);

const char *outcome_name(enum spec_outcome outcome);

#endif
