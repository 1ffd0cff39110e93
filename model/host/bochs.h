/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of the runner inside stock Bochs. */
#ifndef MODEL_HOST_BOCHS_H
#define MODEL_HOST_BOCHS_H

#include "model/case.h"

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
 * params->count if the run died. Exits with a message if Bochs cannot be started at all. */
u64 bochs_run(const char *build, const struct model_params *params, struct bochs_run *run);
void bochs_free(struct bochs_run *run);

#endif
