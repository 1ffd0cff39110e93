/* SPDX-License-Identifier: BSD-2-Clause */
/* Sharing the one CPU by virtual time: the runnable VM that is furthest behind runs next. */
#ifndef HV_SCHEDULE_H
#define HV_SCHEDULE_H

#include "plan.h"
#include "types.h"

/* Runs the VMs 0..plan->vm_count-1 until all have ended. */
/* Reports the end of a VM, with a digest of its RAM if its plan asks for one. */
void schedule_report_end(const struct plan *plan, vm_id vm);

void schedule_run(const struct plan *plan);

#endif
