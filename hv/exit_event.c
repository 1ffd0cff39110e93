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
			    (u32)cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) | BLOCKING_BY_NMI);
}

/* What the processor would have changed besides, had the exception not exited. False: a machine check. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  live_dr[6], live_cr2, vmcs[vm][GUEST_DR7];
    exits    never:   \false;
    ensures  check:   \result <==> vector != VECTOR_MC;
    ensures  debug:   vector == VECTOR_DB ==>
                      live_dr[6] == ((\old(live_dr[6]) & (u64)~0xf) | (qualification & 0x600f)) &&
                      vmcs[vm][GUEST_DR7] == (\old(vmcs[vm][GUEST_DR7]) & ~DR7_GD);
    ensures  fault:   vector == VECTOR_PF ==> live_cr2 == qualification;
    ensures  others:  vector != VECTOR_DB && vector != VECTOR_PF ==> live_dr[6] == \old(live_dr[6]) &&
                      vmcs[vm][GUEST_DR7] == \old(vmcs[vm][GUEST_DR7]) && live_cr2 == \old(live_cr2);
*/
static bool side_effects(vm_id vm, u32 vector, u64 qualification)
{
	switch (vector) {
	case VECTOR_DB:	/* the exit left DR6 alone and reports what it would have become (SDM 3C 27.2.1) */
		cpu_dr_write(6, (cpu_dr_read(6) & ~0xfull) | (qualification & 0x600full));
		cpu_vmwrite(vm, GUEST_DR7, cpu_vmread(vm, GUEST_DR7) & ~DR7_GD);
		return true;
	case VECTOR_PF:
		cpu_cr2_write(qualification);
		return true;
	case VECTOR_MC:
		return false;
	default:
		return true;
	}
}

enum action exit_exception(vm_id vm, const struct vmexit *exit)
{
	u32 info = exit->interruption;
	u32 vector = EVENT_VECTOR(info);

	if (EVENT_IS_VALID(exit->vectoring))
		inject_vectoring(vm, exit);
	else if (EVENT_TYPE(info) != EVENT_NMI)
		exit_restore_nmi_blocking(vm, info / EVENT_NMI_UNBLOCKING % 2u != 0 && vector != VECTOR_DF);
	if (EVENT_TYPE(info) == EVENT_NMI)
		return ACTION_RESUME;	/* an NMI of the host, which has no source of them */
	if (EVENT_TYPE(info) == EVENT_HARDWARE_EXCEPTION /* INT1 leaves DR6 alone */ &&
	    !side_effects(vm, vector, exit->qualification))
		return ACTION_STOP;
	if (EVENT_IS_VALID(exit->vectoring) && EVENT_TYPE(exit->vectoring) >= EVENT_SOFTWARE_INTERRUPT)
		vcpus[vm].position--;	/* INT n, INT3, INTO, INT1 that fault do not complete, so they are no tick */
	if (EVENT_TYPE(info) != EVENT_HARDWARE_EXCEPTION)
		return inject_software(vm, info, exit->length);
	return inject_exception(vm, vector, exit->interruption_error);
}
