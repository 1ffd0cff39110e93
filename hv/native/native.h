/* SPDX-License-Identifier: BSD-2-Clause */
/* What the native files share: entry.S, calibration, and the ways out. */
#ifndef HV_NATIVE_NATIVE_H
#define HV_NATIVE_NATIVE_H

#include "controls.h"
#include "plan.h"
#include "types.h"
#include "vcpu.h"

/* entry.S */
s64 native_enter(struct vcpu *vcpu, u64 tsc_base);
extern s64 native_stub_ticks;	/* from the first RDTSC to the second, without the guest's own: measured by native_calibrate */
void native_exit(void);
void native_probe(void);
void native_unblock(void);
void native_unblocked(void);

/* Null if the processor has VT-x with all that the hypervisor needs and enters VMX operation, else what is missing.
 * Fills in *caps. */
const char *native_vmxon(struct capabilities *caps);

/* Measures what a VM entry and exit cost in ticks of the counter, and asserts that launch and resume cost the same and
 * that the preemption timer is exact. False: the counter does not count instructions, positions mean nothing here. */
bool native_calibrate(const struct capabilities *caps);

/* Host state for entries of `vcpu` into the current VMCS. */
void native_host_state(const struct vcpu *vcpu);

/* input.c: chooses framed or plain text, and the pace of the host clock. */
void native_link(u32 link);
void native_flush(void);

/* The identity map. */
static inline u64 native_physical(const void *object)
{
	return (u64)(uintptr_t)object;
}

/* Ends the machine: the emulator stops, real hardware halts. */
_Noreturn void native_off(void);

#endif
