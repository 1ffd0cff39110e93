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
#include "vcpu.h"

#include "spec/doors.acsl"

#define INPUT_NONE 0xffffffffu

/* Virtual time ends before the year 2262: some room below BOARD_TIME_MAX for what one exit adds to it. */
#define INPUT_TIME_MAX 0x7fffffff00000000ull

/*@ // An input may end the VM (a full journal, a divergence); else it changes nothing of it.
    predicate input_kept{K, L}(integer v) =
      \at(vcpus[v].state, K) == \at(vcpus[v].state, L) && \at(vcpus[v].attention, K) == \at(vcpus[v].attention, L) &&
      \at(vcpus[v].end, K) == \at(vcpus[v].end, L) && \at(vcpus[v].end_value, K) == \at(vcpus[v].end_value, L);
    predicate input_ended{L}(integer v) =
      vcpus[v].state == VCPU_ENDED && (vcpus[v].attention & ATTEND_STATE) != 0;
*/

/* Before the first VM is set up. `exact`: the platform's counter counts instructions. Null, or why this body cannot
 * work: one clause. */
/*@ requires valid:   \valid_read(plan);
    assigns  \result \from plan;
    assigns  count_input;
    exits    never:   \false;
*/
const char *input_begin(const struct plan *plan, bool exact);

/* The VM has been set up and its VMCS is current; it has not run yet. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  count_input, vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value;
    exits    never:   \false;
    ensures  state:   input_kept{Pre, Post}(vm) || input_ended(vm);
*/
void input_started(vm_id vm);

/* The next console byte for the VM, or INPUT_NONE. */
/*@ requires vm:      vm < VM_MAX;
    assigns  count_input, vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value;
    exits    never:   \false;
    ensures  byte:    \result <= 0xff || \result == INPUT_NONE;
    ensures  state:   input_kept{Pre, Post}(vm) || input_ended(vm);
*/
u32 input_console(vm_id vm);

/* Whether input_console would give a byte now. */
/*@ requires vm:      vm < VM_MAX;
    assigns  count_input;
    exits    never:   \false;
*/
bool input_ready(vm_id vm);

/* The virtual time that it is for the VM at `now` of its own: `now`, or later if the VM's clock follows another. */
/*@ requires vm:      vm < VM_MAX;
    requires now:     now < INPUT_TIME_MAX;
    assigns  count_input, vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value;
    exits    never:   \false;
    ensures  later:   now <= \result < INPUT_TIME_MAX;
    ensures  state:   input_kept{Pre, Post}(vm) || input_ended(vm);
*/
u64 input_time(vm_id vm, u64 now);

/* The idle VM has nothing to do before `until` (TIME_NEVER: it waits for input only): waits for that moment or for input.
 * Returns the virtual time reached, now <= time <= until. */
/*@ requires vm:      vm < VM_MAX;
    requires now:     now <= until && now < INPUT_TIME_MAX;
    assigns  count_input, vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value;
    exits    never:   \false;
    ensures  between: now <= \result <= until && \result < INPUT_TIME_MAX;
    ensures  state:   input_kept{Pre, Post}(vm) || input_ended(vm);
*/
u64 input_wait(vm_id vm, u64 now, u64 until);

/* The VM, which ran last, stands at a quantum boundary and has been given its input. */
/*@ requires vm:      vm < VM_MAX;
    assigns  count_input, vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value,
             vcpus[vm].quantum_end;
    exits    never:   \false;
    ensures  state:   input_kept{Pre, Post}(vm) || input_ended(vm);
    ensures  quantum: vcpus[vm].quantum_end <= \old(vcpus[vm].quantum_end);
    ensures  later:   vcpus[vm].quantum_end > vcpus[vm].position || input_ended(vm);
*/
void input_boundary(vm_id vm);

/* The VM has ended. Returns a digest of its whole state, 0 if this body makes none. */
/*@ requires vm:      vm < VM_MAX;
    assigns  count_input;
    exits    never:   \false;
*/
u64 input_end(vm_id vm);

/* A byte of the VM's console. */
/*@ requires vm:      vm < VM_MAX;
    assigns  count_console[vm];
    exits    never:   \false;
    ensures  counted: count_console[vm] == (u64)(\old(count_console[vm]) + 1);
*/
void output_console(vm_id vm, u8 byte);

/* One line for people, without a newline. */
/*@ assigns  count_message;
    exits    never:   \false;
    ensures  counted: count_message == (u64)(\old(count_message) + 1);
*/
void output_message(const char *text);

/* A record for the tool. */
/*@ requires valid:   \valid_read(report);
    assigns  count_report;
    exits    never:   \false;
    ensures  counted: count_report == (u64)(\old(count_report) + 1);
*/
void output_report(const struct link_report *report);

/* Sends what is waiting as far as the channel takes it without delay. */
/*@ assigns  \nothing;
    exits    never:   \false;
*/
void output_drain(void);

#endif
