/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit harness's machine: VMs made from the first step, run by the real scheduler, played from the others. */
#ifndef FUZZ_GUESTS_H
#define FUZZ_GUESTS_H

#include "plan.h"
#include "types.h"

/* Once, before anything else. */
void guests_begin(void);

/* Runs an input to its end and applies all oracles. `replay`: then replays its journal. Returns the number
 * of VM exits. */
u32 guests_run(const u8 *data, size_t size, bool replay);

/* Where to print the story of a run, a line for each exit; null: nowhere. */
void guests_story(void *stream);

/* The plan that a `machine` step describes. */
void guests_plan(const u64 operand[5], struct plan *plan);

/* Whether the input wants to be recorded and replayed. */
bool guests_replays(const u64 operand[5]);

/* Gives a VM its memory: RAM that reads zero, mapped. */
void guests_memory(vm_id vm, const struct plan_vm *plan_vm);

#endif
