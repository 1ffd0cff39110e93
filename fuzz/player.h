/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's side of a step: what guest code does to its own state, and the exit that the processor then reports. */
#ifndef FUZZ_PLAYER_H
#define FUZZ_PLAYER_H

#include "exit.h"
#include "spec/step.h"

enum player_mode {
	MODE_REAL, MODE_V86, MODE_PROTECTED16, MODE_PROTECTED32, MODE_PAGING32, MODE_PAE, MODE_LONG, MODE_COMPATIBILITY,
	MODE_USER32, MODE_USER64, PLAYER_MODES
};

/* True if the step only changes state; it is applied to the VM if the result is a state that a guest can be in. */
bool player_apply(vm_id vm, const struct step *step);

/* Puts the exit of an exit step into the VMCS's exit fields and *out. False: no processor would report it in this state. */
bool player_exit(vm_id vm, const struct step *step, struct vmexit *out);

/* An exit without information: timer, windows. */
void player_plain_exit(vm_id vm, u32 reason, struct vmexit *out);

/* The ticks that the guest runs before the exit. */
u64 player_ticks(const struct step *step);

#endif
