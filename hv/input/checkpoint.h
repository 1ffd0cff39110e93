/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints of a replaying VM. */
#ifndef HV_INPUT_CHECKPOINT_H
#define HV_INPUT_CHECKPOINT_H

#include "plan.h"
#include "session.h"
#include "types.h"

/* Null, or why checkpoints cannot be written or restored. */
const char *checkpoint_begin(const struct plan *plan, const struct session *session);

/* Replaces the state of a VM that has just been set up by that of the checkpoint. False: there is none of this VM. */
bool checkpoint_restore(vm_id vm);

/* Writes a checkpoint if it is time for one. The VM stands at a quantum boundary where its digest was taken. */
void checkpoint_maybe(vm_id vm);

#endif
