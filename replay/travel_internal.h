/* SPDX-License-Identifier: BSD-2-Clause */
/* What travel.c and travel_step.c share. */
#ifndef REPLAY_TRAVEL_INTERNAL_H
#define REPLAY_TRAVEL_INTERNAL_H

#include "travel.h"

#include "hv/vcpu.h"

/* Reads a VM's struct vcpu out of the hypervisor. */
bool travel_vcpu(struct travel *travel, u32 vm, struct vcpu *vcpu);

/* Fills in travel->place. */
enum travel_result travel_look(struct travel *travel);

/* The last checkpoint at or before `tick`; making it the machine that runs. */
struct checkpoint *travel_before(struct travel *travel, u64 tick);
enum travel_result travel_restore(struct travel *travel, struct checkpoint *from);

/* Ends a checkpoint. */
void travel_drop(struct travel *travel, u32 i);

/* Makes a checkpoint here that goes when others are visited. */
void travel_near(struct travel *travel);

/* When the next checkpoint is or is due. */
u64 travel_next_checkpoint(const struct travel *travel);

/* Runs to `tick`, making checkpoints that are due. Returns target_run's set. */
u32 travel_advance(struct travel *travel, u64 tick);

/* From the hypervisor into a guest: the next VM entry, or the time `until` (0: none) in the hypervisor. */
enum travel_result travel_enter(struct travel *travel, u64 until);

#endif
