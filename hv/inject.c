/* SPDX-License-Identifier: BSD-2-Clause */
/* Events for the guest: what is pending, what may be delivered now, and the windows to wait for (SDM 3C 26.6). */
#include "inject.h"
#include "cpu.h"
#include "dev/board.h"
#include "link.h"
#include "vcpu.h"
#include "vmcs.h"

/*@ lemma event_exception_ok:
      \forall integer v, c, e; 0 <= v <= 31 && 0 <= c && (vector_error(v) == 1 && c % 2 == 1 ==> e <= 0xffff) ==>
        event_valid(event_exception(v, c)) == 1 && event_entry_ok(event_exception(v, c), e, 0, c);
*/

/*@ lemma event_external:
      \forall integer i, e, l, c; 0x80000000 <= i <= 0x800000ff ==> event_entry_ok(i, e, l, c);
*/

enum severity { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

/* The classes of SDM 3A table 6-4; only hardware exceptions (and #BP, #OF, which are benign) combine. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures class: \result == event_class(info);
*/
static enum severity severity(u32 info)
{
	if (EVENT_TYPE(info) != EVENT_HARDWARE_EXCEPTION)
		return BENIGN;
	switch (EVENT_VECTOR(info)) {
	case VECTOR_DE:
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_SS:
	case VECTOR_GP:
	case VECTOR_CP:
		return CONTRIBUTORY;
	case VECTOR_PF:
	case VECTOR_VE:
		return PAGE_FAULT;
	case VECTOR_DF:
		return DOUBLE_FAULT;
	default:
		return BENIGN;
	}
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures error: \result <==> vector_error(vector) == 1;
*/
static bool has_error_code(u32 vector)
{
	switch (vector) {
	case VECTOR_DF:
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_SS:
	case VECTOR_GP:
	case VECTOR_PF:
	case VECTOR_AC:
	case VECTOR_CP:
		return true;
	default:
		return false;
	}
}

/* Faults: their delivery pushes RFLAGS with RF set (SDM 3B 17.3.1.1). #DB is left as the processor reported it; #DF counts
 * with them, as it does for Bochs. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures fault: \result <==> vector_fault(vector);
*/
static bool is_fault(u32 vector)
{
	switch (vector) {
	case VECTOR_DE:
	case VECTOR_BR:
	case VECTOR_UD:
	case VECTOR_NM:
	case VECTOR_DF:
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_SS:
	case VECTOR_GP:
	case VECTOR_PF:
	case VECTOR_MF:
	case VECTOR_AC:
	case VECTOR_XM:
	case VECTOR_VE:
	case VECTOR_CP:
		return true;
	default:
		return false;
	}
}

/*@ requires vm:      vm < VM_MAX;
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position;
    exits    never:   \false;
    ensures  event:   vcpus[vm].event_info == info && vcpus[vm].event_error == error &&
                      vcpus[vm].event_length == length;
    ensures  noticed: vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_EVENT);
    ensures  bits:    (vcpus[vm].attention & ATTEND_EVENT) != 0 &&
                      ((vcpus[vm].attention & ATTEND_STATE) != 0 <==> (\old(vcpus[vm].attention) & ATTEND_STATE) != 0);
    ensures  counted: vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
static void set_event(vm_id vm, u32 info, u32 error, u32 length)
{
	vcpus[vm].event_info = info;
	vcpus[vm].event_error = error;
	vcpus[vm].event_length = length;
	vcpu_attend(vm, ATTEND_EVENT);
	vcpus[vm].position++;	/* delivery counts one tick, as it does without an exit */
}

enum action inject_exception(vm_id vm, u32 vector, u32 error)
{
	u32 info = EVENT_VALID + EVENT_HARDWARE_EXCEPTION * 0x100u;
	enum severity first = severity(vcpus[vm].event_info);
	enum severity second = severity(info + vector);

	if (first == DOUBLE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT)) {
		vcpu_end(vm, LINK_END_TRIPLE, 0);
		return ACTION_RESUME;
	}
	if ((first == CONTRIBUTORY && second == CONTRIBUTORY) ||
	    (first == PAGE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT))) {
		vector = VECTOR_DF;
		error = 0;
	}
	info += vector;
	if (has_error_code(vector) && CR0_IS_PROTECTED(cpu_vmread(vm, GUEST_CR0)))
		info += EVENT_ERROR_CODE;	/* real mode has no error codes */
	if (is_fault(vector))
		cpu_vmwrite(vm, GUEST_RFLAGS, cpu_vmread(vm, GUEST_RFLAGS) | RFLAGS_RF);
	/*@ assert info: info == event_exception(vector, vmcs[vm][GUEST_CR0]); */
	set_event(vm, info, error, 0);
	return ACTION_RESUME;
}

enum action inject_page_fault(vm_id vm, u64 linear, u32 error)
{
	cpu_cr2_write(linear);
	return inject_exception(vm, VECTOR_PF, error);
}

enum action inject_gp(vm_id vm)
{
	return inject_exception(vm, VECTOR_GP, 0);
}

enum action inject_ud(vm_id vm)
{
	return inject_exception(vm, VECTOR_UD, 0);
}

enum action inject_software(vm_id vm, u32 info, u32 length)
{
	set_event(vm, EVENT_WITHOUT_12(info), 0, length);
	return ACTION_RESUME;
}

void inject_vectoring(vm_id vm, const struct vmexit *exit)
{
	u32 info = EVENT_WITHOUT_12(exit->vectoring);
	u32 type = EVENT_TYPE(info);
	u32 length = 0;

	if (type >= EVENT_SOFTWARE_INTERRUPT)
		length = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_LENGTH);
	if (type == EVENT_NMI) {	/* its delivery has set blocking by NMI, which would make the entry fail */
		u32 state = (u32)cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE);

		cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE, state & ~BLOCKING_BY_NMI);
	}
	set_event(vm, info, exit->vectoring_error, length);
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
             vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH];
    exits    never:   \false;
    ensures  info:    vmcs[vm][VM_ENTRY_INTERRUPTION_INFO] == info;
    ensures  error:   event_error(info) == 1 ==> vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE] == error;
    ensures  length:  event_type(info) >= 4 ==> vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH] == length;
*/
static void write_event(vm_id vm, u32 info, u32 error, u32 length)
{
	cpu_vmwrite(vm, VM_ENTRY_INTERRUPTION_INFO, info);
	if (EVENT_HAS_ERROR_CODE(info))
		cpu_vmwrite(vm, VM_ENTRY_EXCEPTION_ERROR_CODE, error);
	if (EVENT_TYPE(info) >= EVENT_SOFTWARE_INTERRUPT)
		cpu_vmwrite(vm, VM_ENTRY_INSTRUCTION_LENGTH, length);
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures nmi:   (\result & CPU_NMI_WINDOW_EXITING) == 0;
    ensures intr:  (\result & CPU_INTERRUPT_WINDOW_EXITING) == 0;
    ensures kept:  CPU_MANDATORY(controls) ==> CPU_MANDATORY(\result);
*/
static u32 closed(u32 controls)
{
	return controls & ~(CPU_INTERRUPT_WINDOW_EXITING | CPU_NMI_WINDOW_EXITING);
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures intr:  (\result & CPU_INTERRUPT_WINDOW_EXITING) != 0;
    ensures nmi:   (\result & CPU_NMI_WINDOW_EXITING) == 0 <==> (controls & CPU_NMI_WINDOW_EXITING) == 0;
    ensures kept:  CPU_MANDATORY(controls) ==> CPU_MANDATORY(\result);
*/
static u32 open_interrupt(u32 controls)
{
	return controls | CPU_INTERRUPT_WINDOW_EXITING;
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures nmi:   (\result & CPU_NMI_WINDOW_EXITING) != 0;
    ensures intr:  (\result & CPU_INTERRUPT_WINDOW_EXITING) == 0 <==> (controls & CPU_INTERRUPT_WINDOW_EXITING) == 0;
    ensures kept:  CPU_MANDATORY(controls) ==> CPU_MANDATORY(\result);
*/
static u32 open_nmi(u32 controls)
{
	return controls | CPU_NMI_WINDOW_EXITING;
}

/* Opens or closes the windows in the VMCS, if that changes anything; the other controls stay. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires mirrored: controls_mirrored(vm);
    assigns  vmcs[vm][PROCESSOR_BASED_CONTROLS], vcpus[vm].controls;
    exits    never:    \false;
    ensures  mirrored: controls_mirrored(vm);
    ensures  nmi:      (vcpus[vm].controls & CPU_NMI_WINDOW_EXITING) != 0 <==> nmi;
    ensures  intr:     (vcpus[vm].controls & CPU_INTERRUPT_WINDOW_EXITING) != 0 <==> interrupt;
    ensures  kept:     CPU_MANDATORY(\old(vcpus[vm].controls)) ==> CPU_MANDATORY(vcpus[vm].controls);
*/
static void set_windows(vm_id vm, bool interrupt, bool nmi)
{
	u32 controls = closed(vcpus[vm].controls);

	if (interrupt)
		controls = open_interrupt(controls);
	if (nmi)
		controls = open_nmi(controls);
	if (controls != vcpus[vm].controls) {
		vcpus[vm].controls = controls;
		cpu_vmwrite(vm, PROCESSOR_BASED_CONTROLS, controls);
	}
}

/*@ // What the VM-entry fields hold.
    predicate entry_fields_ok{L}(integer v) =
      event_entry_ok(vmcs[v][VM_ENTRY_INTERRUPTION_INFO], vmcs[v][VM_ENTRY_EXCEPTION_ERROR_CODE],
                     vmcs[v][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[v][GUEST_CR0]);
*/

void inject_attend(vm_id vm)
{
	bool intr = board_intr(vm);
	u32 blocking, vector;

	if (vcpus[vm].event_info != 0) {
		write_event(vm, vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length);
		vcpus[vm].event_info = 0;
		/*@ assert entry: entry_fields_ok(vm); */
	} else if (vcpus[vm].nmi_pending != 0 || intr) {
		blocking = (u32)cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE);
		if (vcpus[vm].nmi_pending != 0 &&
		    (blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS | BLOCKING_BY_NMI)) == 0) {
			write_event(vm, EVENT_VALID + EVENT_NMI * 0x100u + VECTOR_NMI, 0, 0);
			vcpus[vm].nmi_pending = 0;
			/*@ assert entry: entry_fields_ok(vm); */
		} else if (intr && (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_IF) != 0 &&
			   (blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) == 0) {
			vector = board_ack(vm);
			write_event(vm, EVENT_VALID + EVENT_EXTERNAL * 0x100u + vector, 0, 0);
			/*@ assert external: vmcs[vm][VM_ENTRY_INTERRUPTION_INFO] == 0x80000000 + vector && 0 <= vector <= 0xff; */
			intr = board_intr(vm);
			/*@ assert entry: entry_fields_ok(vm); */
		}
	}
	/*@ assert entry: entry_fields_ok(vm); */
	set_windows(vm, intr, vcpus[vm].nmi_pending != 0);
	vcpus[vm].attention &= ~(ATTEND_EVENT | ATTEND_INTERRUPT);
}
