/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock of VMs whose inputs come from the host: what the live and the recording body share. */
#ifndef HV_INPUT_FOLLOW_H
#define HV_INPUT_FOLLOW_H

#include "plan.h"
#include "types.h"

/* Keeps the plan's clock and pace. */
void follow_begin(const struct plan *plan);

/* As input_time and input_wait of hv/input.h. */
u64 follow_time(u64 now);
u64 follow_wait(vm_id vm, u64 now, u64 until);

/* Whether idle jumps take host time. */
bool follow_waits(void);

#endif
