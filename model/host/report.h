/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run of the model found: text for people, JSON for the matrix. */
#ifndef MODEL_HOST_REPORT_H
#define MODEL_HOST_REPORT_H

#include "model/host/work.h"

struct report_times {
	double entry, ept;	/* seconds; 0: not run */
};

void report_text(const struct totals *t, const struct report_times *times);
bool report_json(const char *path, u64 seed, const struct totals *t, const struct report_times *times);
u64 report_differences(const struct totals *t);

#endif
