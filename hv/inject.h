/* SPDX-License-Identifier: BSD-2-Clause */
/* Events for the guest: exceptions, NMIs and interrupts, and the re-injection of interrupted deliveries. */
#ifndef HV_INJECT_H
#define HV_INJECT_H

#include "cpu.h"
#include "dev/board.h"
#include "exit.h"
#include "types.h"

/* Makes a hardware exception pending for the VM's next entry; it has an error code where the vector has one. If an
 * event was already pending, the two combine as SDM 3A table 6-5 says (#DF or shutdown). Always ACTION_RESUME. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires vector:   vector <= 31;
    requires error:    vector_error(vector) == 1 && vmcs[vm][GUEST_CR0] % 2 == 1 ==> error <= 0xffff;
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vcpus[vm].state, vcpus[vm].end, vcpus[vm].end_value, vmcs[vm][GUEST_RFLAGS];
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  resume:   \result == ACTION_RESUME;
    ensures  pending:  vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  rip:      vmcs[vm][GUEST_RIP] == \old(vmcs[vm][GUEST_RIP]);
    behavior shutdown:
      assumes class_shutdown(event_class(vcpus[vm].event_info), event_class(0x80000300 + vector));
      ensures ended:    vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_TRIPLE;
      ensures noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
      ensures position: vcpus[vm].position == \old(vcpus[vm].position);
      ensures flags:    vmcs[vm][GUEST_RFLAGS] == \old(vmcs[vm][GUEST_RFLAGS]);
    behavior double:
      assumes class_double(event_class(vcpus[vm].event_info), event_class(0x80000300 + vector));
      ensures event:    vcpus[vm].event_info == event_exception(8, vmcs[vm][GUEST_CR0]) &&
                        vcpus[vm].event_error == 0;
      ensures state:    vcpus[vm].state == \old(vcpus[vm].state);
      ensures noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT);
      ensures position: vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
      ensures flags:    vmcs[vm][GUEST_RFLAGS] == (\old(vmcs[vm][GUEST_RFLAGS]) | RFLAGS_RF);
    behavior single:
      assumes !class_shutdown(event_class(vcpus[vm].event_info), event_class(0x80000300 + vector)) &&
              !class_double(event_class(vcpus[vm].event_info), event_class(0x80000300 + vector));
      ensures event:    vcpus[vm].event_info == event_exception(vector, vmcs[vm][GUEST_CR0]) &&
                        vcpus[vm].event_error == error;
      ensures state:    vcpus[vm].state == \old(vcpus[vm].state);
      ensures noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT);
      ensures position: vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
      ensures flags:    vector_fault(vector) ==>
                        vmcs[vm][GUEST_RFLAGS] == (\old(vmcs[vm][GUEST_RFLAGS]) | RFLAGS_RF);
      ensures others:   !vector_fault(vector) ==> vmcs[vm][GUEST_RFLAGS] == \old(vmcs[vm][GUEST_RFLAGS]);
    complete behaviors;
    disjoint behaviors;
*/
COLD enum action inject_exception(vm_id vm, u32 vector, u32 error);

/* The same for #PF: also sets CR2 (SDM 3A 4.7). */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires error:    error <= 0xffff;
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vcpus[vm].state, vcpus[vm].end, vcpus[vm].end_value, vmcs[vm][GUEST_RFLAGS],
             live_cr2;
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  resume:   \result == ACTION_RESUME;
    ensures  cr2:      live_cr2 == linear;
    ensures  pending:  vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  alone:    \old(vcpus[vm].event_info) == 0 ==> fault_pending{Pre, Post}(vm, 14, error);
    ensures  state:    vcpus[vm].state == \old(vcpus[vm].state) ||
                       (vcpus[vm].state == VCPU_ENDED && \old(vcpus[vm].event_info) != 0);
    ensures  attention: vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT) ||
                       vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
    ensures  position: \old(vcpus[vm].position) == vcpus[vm].position ||
                       vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
COLD enum action inject_page_fault(vm_id vm, u64 linear, u32 error);

/* The general-protection fault with error code 0, the commonest answer. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vcpus[vm].state, vcpus[vm].end, vcpus[vm].end_value, vmcs[vm][GUEST_RFLAGS];
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  resume:   \result == ACTION_RESUME;
    ensures  pending:  vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  alone:    \old(vcpus[vm].event_info) == 0 ==> fault_pending{Pre, Post}(vm, 13, 0);
    ensures  state:    vcpus[vm].state == \old(vcpus[vm].state) ||
                       (vcpus[vm].state == VCPU_ENDED && \old(vcpus[vm].event_info) != 0);
    ensures  attention: vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT) ||
                       vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
    ensures  position: \old(vcpus[vm].position) == vcpus[vm].position ||
                       vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
COLD enum action inject_gp(vm_id vm);
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vcpus[vm].state, vcpus[vm].end, vcpus[vm].end_value, vmcs[vm][GUEST_RFLAGS];
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  resume:   \result == ACTION_RESUME;
    ensures  pending:  vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  alone:    \old(vcpus[vm].event_info) == 0 ==> fault_pending{Pre, Post}(vm, 6, 0);
    ensures  state:    vcpus[vm].state == \old(vcpus[vm].state) ||
                       (vcpus[vm].state == VCPU_ENDED && \old(vcpus[vm].event_info) != 0);
    ensures  attention: vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT) ||
                       vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
    ensures  position: \old(vcpus[vm].position) == vcpus[vm].position ||
                       vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
COLD enum action inject_ud(vm_id vm);

/* Re-injects an intercepted #BP, #OF or INT1 of the guest: `info` as the exit reported it, `length` of the instruction. */
/*@ requires vm:       vm < VM_MAX;
    requires info:     event_valid(info) == 1 && event_type(info) != 3 &&
                       event_reported_ok(info, 0, length, vmcs[vm][GUEST_CR0]);
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position;
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  resume:   \result == ACTION_RESUME;
    ensures  event:    vcpus[vm].event_info == info - info / 0x1000 % 2 * 0x1000 && vcpus[vm].event_length == length;
    ensures  pending:  event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT);
    ensures  position: vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
COLD enum action inject_software(vm_id vm, u32 info, u32 length);

/* An event whose delivery the exit interrupted (valid IDT-vectoring information) becomes pending again; the position
 * counts one tick for it (DESIGN: position and time). */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires exit:     \valid_read(exit);
    requires valid:    event_valid(exit->vectoring) == 1 && event_vectoring_ok(vm, exit);
    requires noted:    ATTENTION_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vmcs[vm][GUEST_INTERRUPTIBILITY_STATE];
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  again:    vcpus[vm].event_info == exit->vectoring - exit->vectoring / 0x1000 % 2 * 0x1000 &&
                       vcpus[vm].event_error == exit->vectoring_error;
    ensures  pending:  event_pending_ok(vm) && vcpus[vm].event_info != 0;
    ensures  noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT);
    ensures  position: vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
    ensures  nmi:      event_type(exit->vectoring) == 2 ==>
                       (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & BLOCKING_BY_NMI) == 0;
    ensures  others:   event_type(exit->vectoring) != 2 ==>
                       vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] == \old(vmcs[vm][GUEST_INTERRUPTIBILITY_STATE]);
*/
COLD void inject_vectoring(vm_id vm, const struct vmexit *exit);

/* Writes the pending event, or the PIC's or an NMI, into the VM-entry fields, or opens the window to wait for.
 * Called before an entry when vcpu.attention says so. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm);
    requires pending:  event_pending_ok(vm);
    requires mirrored: controls_mirrored(vm);
    requires none:     event_valid(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 0;
    requires noted:    ATTENTION_OK(vm);
    assigns  vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
             vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[vm][PROCESSOR_BASED_CONTROLS],
             vcpus[vm].event_info, vcpus[vm].nmi_pending, vcpus[vm].controls, vcpus[vm].attention, boards[vm].pic;
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  board:    board_ok(&boards[vm]);
    ensures  clock:    CLOCK_OK(vm);
    ensures  mirrored: controls_mirrored(vm);
    ensures  entry:    event_entry_ok(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
                                      vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[vm][GUEST_CR0]);
    ensures  taken:    vcpus[vm].event_info == 0;
    ensures  event:    \old(vcpus[vm].event_info) != 0 ==>
                       vmcs[vm][VM_ENTRY_INTERRUPTION_INFO] == \old(vcpus[vm].event_info) &&
                       (event_error(\old(vcpus[vm].event_info)) == 1 ==>
                        vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE] == vcpus[vm].event_error) &&
                       (event_type(\old(vcpus[vm].event_info)) >= 4 ==>
                        vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH] == vcpus[vm].event_length);
    ensures  nmi:      \old(vcpus[vm].nmi_pending) != 0 ==>
                       vcpus[vm].nmi_pending == \old(vcpus[vm].nmi_pending) ||
                       (vcpus[vm].nmi_pending == 0 && vmcs[vm][VM_ENTRY_INTERRUPTION_INFO] == 0x80000202);
    ensures  no_nmi:   \old(vcpus[vm].nmi_pending) == 0 ==> vcpus[vm].nmi_pending == 0;
    ensures  open:     event_valid(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 1 &&
                       event_type(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 0 && \old(vcpus[vm].event_info) == 0 ==>
                       (vmcs[vm][GUEST_RFLAGS] & RFLAGS_IF) != 0 &&
                       (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & 3) == 0;
    ensures  windows:  (vcpus[vm].nmi_pending != 0 ==>
                        (vmcs[vm][PROCESSOR_BASED_CONTROLS] & CPU_NMI_WINDOW_EXITING) != 0);
    ensures  kept:     cpu_mandatory(\old(vmcs[vm][PROCESSOR_BASED_CONTROLS])) ==>
                       cpu_mandatory(vmcs[vm][PROCESSOR_BASED_CONTROLS]);
    ensures  attended: vcpus[vm].attention == (\old(vcpus[vm].attention) & ~(ATTEND_EVENT | ATTEND_INTERRUPT));
*/
COLD void inject_attend(vm_id vm);

#endif
