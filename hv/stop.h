/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping a VM that cannot go on, with a message that names the reason. The other VMs go on. */
#ifndef HV_STOP_H
#define HV_STOP_H

#include "exit.h"
#include "plan.h"
#include "types.h"

/* The names that messages use. */
extern char stop_names[VM_MAX][PLAN_NAME_BYTES];

/* The exit has no handling: reason, qualification, addresses, position and RIP by name. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    assigns  vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value, count_message;
    exits    never:   \false;
    ensures  stopped: vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_STOPPED &&
                      vcpus[vm].end_value == exit->reason % 0x10000;
    ensures  told:    count_message == (u64)(\old(count_message) + 1);
    ensures  noted:   (vcpus[vm].attention & ATTEND_STATE) != 0 &&
                      ((\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 ==> (vcpus[vm].attention & ATTEND_EVENT) != 0);
*/
COLD void stop_unhandled(vm_id vm, const struct vmexit *exit);

/* VMLAUNCH or VMRESUME failed: the VM-instruction error (SDM 3C 30.4). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value, count_message;
    exits    never:   \false;
    ensures  stopped: vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_STOPPED;
    ensures  told:    count_message == (u64)(\old(count_message) + 1);
    ensures  noted:   (vcpus[vm].attention & ATTEND_STATE) != 0 &&
                      ((\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 ==> (vcpus[vm].attention & ATTEND_EVENT) != 0);
*/
COLD void stop_entry_failed(vm_id vm);

/* The VM is not started: `why` is one clause. */
/*@ requires vm:      vm < VM_MAX;
    requires why:     \valid_read(why);
    assigns  vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value, count_message;
    exits    never:   \false;
    ensures  refused: vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_REFUSED;
    ensures  told:    count_message == (u64)(\old(count_message) + 1);
    ensures  noted:   (vcpus[vm].attention & ATTEND_STATE) != 0 &&
                      ((\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 ==> (vcpus[vm].attention & ATTEND_EVENT) != 0);
*/
COLD void stop_refused(vm_id vm, const char *why);

/* Gives the VM the name that messages use. */
/*@ requires vm:      vm < VM_MAX;
    requires name:    \valid_read(name + (0 .. PLAN_NAME_BYTES - 1));
    assigns  stop_names[vm][0 .. PLAN_NAME_BYTES - 1];
    exits    never:   \false;
    ensures  named:   \forall integer i; 0 <= i < PLAN_NAME_BYTES ==> stop_names[vm][i] == (char)\at(name[i], Pre);
*/
COLD void stop_name(vm_id vm, const u8 *name);

#endif
