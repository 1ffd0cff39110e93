/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle of the exit harness: what a VM's state must be after each VM exit and before each VM entry, computed from
 * the state at the exit without the hypervisor's code. All of the state is compared: what a rule does not name must not
 * have changed.
 *
 *   VM exit ──▶ oracle_exit: state + exit ──▶ expected state ──▶ oracle_enter: the core's state must equal it
 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include "exit.h"
#include "machine.h"
#include "spec/effects/effects.h"
#include "vcpu.h"
#include "vmcs.h"

/* Console bytes of the crash's story: which step, which VM; printed by oracle_fail and by a panic. */
extern u32 oracle_step;

/* The current VM's state, from the hosted machine and vcpus[vm]. */
void state_capture(vm_id vm, struct state *out);

/* Compares all of it; differences fail as `rule`. */
void state_compare(vm_id vm, const struct state *expected, const struct state *found);

/* The checks of a VM entry on the guest-state area and event injection (SDM 3C 26.2.1.3, 26.3.1). Null, or the name of
 * the first broken rule; *source names its section. */
const char *entry_check(const u64 field[MACHINE_FIELDS], const char **source);

/* The same by the executable spec, with the controls: fails if one is broken. Slower: once a sequence. */
void spec_check(vm_id vm);

/* A board of its own for each VM, which sees the same accesses at the same times as the real one: slots of boards[]
 * that no VM uses. */
#define ORACLE_VMS 3u
static inline vm_id shadow(vm_id vm)
{
	return VM_MAX - 1u - vm;
}

/* What OUT sent out: console bytes and marks, counted and compared with what reached the door. */
extern u64 effects_console_bytes, effects_console_sum, effects_marks;

#endif
