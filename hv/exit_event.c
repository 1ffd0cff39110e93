/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that exit (only when a test intercepts them): back to the guest as if they had not. */
#include "exit.h"
#include "cpu.h"
#include "inject.h"
#include "vcpu.h"
#include "vmcs.h"

/* An IRET that faulted had already ended blocking by NMI: restore it (SDM 3C 27.2.3). */
void exit_restore_nmi_blocking(vm_id vm, bool unblocked)
{
	if (unblocked)
		cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE,
			    cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) | BLOCKING_BY_NMI);
}

enum action exit_exception(vm_id vm, const struct vmexit *exit)
{
	u32 info = exit->interruption;
	u32 vector = EVENT_VECTOR(info);

	if (EVENT_TYPE(info) == EVENT_NMI)
		return ACTION_RESUME;	/* an NMI of the host, which has no source of them */
	if (EVENT_IS_VALID(exit->vectoring))
		inject_vectoring(vm, exit);
	else
		exit_restore_nmi_blocking(vm, info / EVENT_NMI_UNBLOCKING % 2u != 0 && vector != VECTOR_DF);
	switch (vector) {
	case VECTOR_DB:	/* the exit left DR6 alone and reports what it would have become (SDM 3C 27.2.1) */
		cpu_dr_write(6, (cpu_dr_read(6) & ~0xfull) | (exit->qualification & 0x600full));
		cpu_vmwrite(vm, GUEST_DR7, cpu_vmread(vm, GUEST_DR7) & ~DR7_GD);
		break;
	case VECTOR_PF:
		cpu_cr2_write(exit->qualification);
		break;
	case VECTOR_MC:
		return ACTION_STOP;
	default:
		break;
	}
	if (EVENT_TYPE(info) != EVENT_HARDWARE_EXCEPTION)
		return inject_software(vm, info, exit->length);
	return inject_exception(vm, vector, exit->interruption_error);
}
