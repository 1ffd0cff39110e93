/* SPDX-License-Identifier: BSD-2-Clause */
/* Events for the guest: what is pending, what may be delivered now, and the windows to wait for (SDM 3C 26.6). */
#include "inject.h"
#include "cpu.h"
#include "dev/board.h"
#include "link.h"
#include "vcpu.h"
#include "vmcs.h"

#define ERROR_CODE_VECTORS \
	((1u << VECTOR_DF) | (1u << VECTOR_TS) | (1u << VECTOR_NP) | (1u << VECTOR_SS) | (1u << VECTOR_GP) | \
	 (1u << VECTOR_PF) | (1u << VECTOR_AC) | (1u << VECTOR_CP))

/* Faults: their delivery pushes RFLAGS with RF set (SDM 3B 17.3.1.1). #DB is left as the processor reported it; #DF counts
 * with them, as it does for Bochs. */
#define FAULT_VECTORS \
	((1u << VECTOR_DE) | (1u << VECTOR_BR) | (1u << VECTOR_UD) | (1u << VECTOR_NM) | (1u << VECTOR_DF) | \
	 (1u << VECTOR_TS) | (1u << VECTOR_NP) | (1u << VECTOR_SS) | (1u << VECTOR_GP) | (1u << VECTOR_PF) | \
	 (1u << VECTOR_MF) | (1u << VECTOR_AC) | (1u << VECTOR_XM) | (1u << VECTOR_VE) | (1u << VECTOR_CP))

enum severity { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

/* The classes of SDM 3A table 6-4; only hardware exceptions (and #BP, #OF, which are benign) combine. */
static enum severity severity(u32 info)
{
	u32 type = EVENT_TYPE(info);

	if (type != EVENT_HARDWARE_EXCEPTION)
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

static void set_event(vm_id vm, u32 info, u32 error, u32 length)
{
	vcpus[vm].event_info = info;
	vcpus[vm].event_error = error;
	vcpus[vm].event_length = length;
	vcpus[vm].attention |= ATTEND_EVENT;
}

enum action inject_exception(vm_id vm, u32 vector, u32 error)
{
	u32 info = EVENT_VALID | ((u32)EVENT_HARDWARE_EXCEPTION << 8) | vector;
	enum severity first = vcpus[vm].event_info != 0 ? severity(vcpus[vm].event_info) : BENIGN;
	enum severity second = severity(info);

	if (first == DOUBLE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT)) {
		vcpu_end(vm, LINK_END_TRIPLE, 0);
		return ACTION_RESUME;
	}
	if ((first == CONTRIBUTORY && second == CONTRIBUTORY) ||
	    (first == PAGE_FAULT && (second == CONTRIBUTORY || second == PAGE_FAULT))) {
		info = EVENT_VALID | EVENT_ERROR_CODE | ((u32)EVENT_HARDWARE_EXCEPTION << 8) | VECTOR_DF;
		error = 0;
	} else if (((ERROR_CODE_VECTORS >> vector) & 1u) != 0 && (cpu_vmread(vm, GUEST_CR0) & CR0_PE) != 0) {
		info |= EVENT_ERROR_CODE;	/* real mode has no error codes */
	}
	if (((FAULT_VECTORS >> (info & 31u)) & 1u) != 0)
		cpu_vmwrite(vm, GUEST_RFLAGS, cpu_vmread(vm, GUEST_RFLAGS) | RFLAGS_RF);
	set_event(vm, info, error, 0);
	vcpus[vm].position++;	/* delivery counts one tick, as it does without an exit */
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
	set_event(vm, info & ~EVENT_NMI_UNBLOCKING, 0, length);
	vcpus[vm].position++;
	return ACTION_RESUME;
}

void inject_vectoring(vm_id vm, const struct vmexit *exit)
{
	u32 info = exit->vectoring & ~EVENT_NMI_UNBLOCKING;	/* bit 12 is undefined here (SDM 3C 24.9.3) */
	u32 type = EVENT_TYPE(info);
	u32 length = 0;

	if (type >= EVENT_SOFTWARE_INTERRUPT)
		length = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_LENGTH);
	if (type == EVENT_NMI) {	/* its delivery has set blocking by NMI, which would make the entry fail */
		u64 state = cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE);

		cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE, state & ~(u64)BLOCKING_BY_NMI);
	}
	set_event(vm, info, exit->vectoring_error, length);
	vcpus[vm].position++;
}

static void write_event(vm_id vm, u32 info, u32 error, u32 length)
{
	cpu_vmwrite(vm, VM_ENTRY_INTERRUPTION_INFO, info);
	if ((info & EVENT_ERROR_CODE) != 0)
		cpu_vmwrite(vm, VM_ENTRY_EXCEPTION_ERROR_CODE, error);
	if (EVENT_TYPE(info) >= EVENT_SOFTWARE_INTERRUPT)
		cpu_vmwrite(vm, VM_ENTRY_INSTRUCTION_LENGTH, length);
}

/* Sets or clears exit controls in the VMCS, if that changes anything. */
static void set_windows(vm_id vm, u32 windows)
{
	u32 controls = (vcpus[vm].controls & ~(CPU_INTERRUPT_WINDOW_EXITING | CPU_NMI_WINDOW_EXITING)) | windows;

	if (controls != vcpus[vm].controls) {
		vcpus[vm].controls = controls;
		cpu_vmwrite(vm, PROCESSOR_BASED_CONTROLS, controls);
	}
}

void inject_attend(vm_id vm)
{
	struct vcpu *v = &vcpus[vm];
	bool intr = board_intr(vm);
	u32 windows = 0;
	u64 blocking;

	if (v->event_info != 0) {
		write_event(vm, v->event_info, v->event_error, v->event_length);
		v->event_info = 0;
		windows = (intr ? CPU_INTERRUPT_WINDOW_EXITING : 0) | (v->nmi_pending ? CPU_NMI_WINDOW_EXITING : 0);
	} else if (v->nmi_pending != 0 || intr) {
		blocking = cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE);
		if (v->nmi_pending != 0 && (blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS | BLOCKING_BY_NMI)) == 0) {
			write_event(vm, EVENT_VALID | ((u32)EVENT_NMI << 8) | VECTOR_NMI, 0, 0);
			v->nmi_pending = 0;
			windows = intr ? CPU_INTERRUPT_WINDOW_EXITING : 0;
		} else if (intr && (cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_IF) != 0 &&
			   (blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) == 0) {
			write_event(vm, EVENT_VALID | ((u32)EVENT_EXTERNAL << 8) | board_ack(vm), 0, 0);
			windows = (board_intr(vm) ? CPU_INTERRUPT_WINDOW_EXITING : 0) |
				  (v->nmi_pending ? CPU_NMI_WINDOW_EXITING : 0);
		} else {
			windows = (intr ? CPU_INTERRUPT_WINDOW_EXITING : 0) |
				  (v->nmi_pending ? CPU_NMI_WINDOW_EXITING : 0);
		}
	}
	set_windows(vm, windows);
	v->attention &= ~(ATTEND_EVENT | ATTEND_INTERRUPT);
}
