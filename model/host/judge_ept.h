/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what Bochs did with a translation case with what the spec says. */
#ifndef MODEL_HOST_JUDGE_EPT_H
#define MODEL_HOST_JUDGE_EPT_H

#include "model/ept_case.h"
#include "model/host/judge.h"
#include "spec/walk.h"

#define EPT_KINDS 5u	/* enum spec_fault, and the code fetch */

struct ept_tally {
	u64 cases, disagree, waived[SPEC_DEVIATIONS];	/* by deviation */
	u64 outcomes[EPT_KINDS][GUEST_MODES];
	u64 by_access[3], by_level[5];
};

struct ept_opinion {
	struct spec_translation spec;
	u64 ept_flags, guest_flags;
	u64 linear;			/* of the access that ended the case */
	bool data;			/* the code fetch passed */
	const char *differs;
};

enum verdict judge_ept(const struct spec_caps *caps, const struct ept_case *c, const struct ept_result *result,
		       struct ept_opinion *opinion, struct ept_tally *tally);

#endif
