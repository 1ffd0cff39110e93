/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of the runner inside stock Bochs. */
#ifndef MODEL_HOST_BOCHS_H
#define MODEL_HOST_BOCHS_H

#include "model/case.h"
#include "model/ept_case.h"

struct bochs_run {
	char directory[256];
	struct model_header *header;	/* the mapped data disk */
	void *results;
	u32 record_bytes;
	u64 count;
	u64 bytes;
	char *log;			/* the mapped log */
	u64 log_bytes;
};

/* Runs `params` to its end or until nothing moves any more. Returns the number of cases whose results are there; fewer than
 * params->count if the run died. `cases` or `ept`, if not null, are run instead of generated ones. Exits with a message if Bochs cannot be started at all. */
u64 bochs_run(const char *build, const struct model_params *params, const struct model_case *cases, const struct ept_case *ept,
	      struct bochs_run *run);
/* Opens what a run left that was made with REPRISE_MODEL_KEEP set: its parameters and results. */
u64 bochs_reopen(const char *directory, struct model_params *params, struct bochs_run *run);

/* Removes the run's files, unless REPRISE_MODEL_KEEP is set. */
void bochs_free(struct bochs_run *run);

#endif
