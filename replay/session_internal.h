/* SPDX-License-Identifier: BSD-2-Clause */
/* What session.c and session_travel.c share. */
#ifndef REPLAY_SESSION_INTERNAL_H
#define REPLAY_SESSION_INTERNAL_H

#include "session.h"

#include "hv/vcpu.h"

/* Reads a VM's struct vcpu out of the hypervisor. */
bool session_vcpu(struct session *session, u32 vm, struct vcpu *vcpu);

/* Fills in session->place. */
enum session_result session_look(struct session *session);

/* The last checkpoint at or before `tick`; making it the machine that runs. */
struct checkpoint *session_before(struct session *session, u64 tick);
enum session_result session_restore(struct session *session, struct checkpoint *from);

/* When the next checkpoint is or is due. */
u64 session_next_checkpoint(const struct session *session);

/* Runs to `tick`, making checkpoints that are due. Returns target_run's set. */
u32 session_advance(struct session *session, u64 tick);

/* From the hypervisor into a guest: the next VM entry, or the time `until` (0: none) in the hypervisor. */
enum session_result session_enter(struct session *session, u64 until);

#endif
