/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input door: everything that is not determined by the plan, and the console and reports on the way out. One body of
 * the input functions is linked in (hv/input/):
 *
 *   live     asks the host                     record   asks the host and journals what it said
 *   replay   reads the journal                 seeded   takes all from a generator and a script
 *
 * A VM is asked for input at quantum boundaries and while it is idle, and at no other moment. What comes in is keyed by
 * the VM's position and virtual time, so that each VM's inputs stand alone.
 */
#ifndef HV_INPUT_H
#define HV_INPUT_H

#include "types.h"
#include "link.h"
#include "plan.h"

#define INPUT_NONE 0xffffffffu

/* Before the first VM is set up. `exact`: the platform's counter counts instructions. Null, or why this body cannot
 * work: one clause. */
const char *input_begin(const struct plan *plan, bool exact);

/* The VM has been set up and its VMCS is current; it has not run yet. */
void input_started(vm_id vm);

/* The next console byte for the VM, or INPUT_NONE. */
u32 input_console(vm_id vm);

/* Whether input_console would give a byte now. */
bool input_ready(vm_id vm);

/* The virtual time that it is for the VM at `now` of its own: `now`, or later if the VM's clock follows another. */
u64 input_time(vm_id vm, u64 now);

/* The idle VM has nothing to do before `until` (TIME_NEVER: it waits for input only): waits for that moment or for input.
 * Returns the virtual time reached, now <= time <= until. */
u64 input_wait(vm_id vm, u64 now, u64 until);

/* The VM, which ran last, stands at a quantum boundary and has been given its input. */
void input_boundary(vm_id vm);

/* The VM has ended. Returns a digest of its whole state, 0 if this body makes none. */
u64 input_end(vm_id vm);

/* A byte of the VM's console. */
void output_console(vm_id vm, u8 byte);

/* One line for people, without a newline. */
void output_message(const char *text);

/* A record for the tool. */
void output_report(const struct link_report *report);

/* Sends what is waiting as far as the channel takes it without delay. */
void output_drain(void);

#endif
