/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU door: the machine behind VMX. hv/native/cpu.c is inline assembly, hv/hosted/cpu.c a VMCS in an array.
 * Functions that take a VM work on that VM's VMCS, which cpu_vmptrld has made current.
 */
#ifndef HV_CPU_H
#define HV_CPU_H

#include "types.h"

/* VMREAD and VMWRITE of one field (enum vmcs_field). A field that does not exist stops the machine. */
u64 cpu_vmread(vm_id vm, u32 field);
void cpu_vmwrite(vm_id vm, u32 field, u64 value);

/* VMCLEAR: initialises the VM's VMCS region, launch state clear (SDM 3C 24.11.3). */
void cpu_vmclear(vm_id vm);

/* VMPTRLD: makes the VM's VMCS current. */
void cpu_vmptrld(vm_id vm);

/* Writes the host-state area: where and in what state the hypervisor wakes up at a VM exit (SDM 3C 24.5). */
void cpu_host_state(vm_id vm);

/* VM entry until the next VM exit, with the guest's time-stamp counter equal to `tsc` at its first instruction.
 * Returns the ticks the guest retired, by the counter of the platform; may be negative by one when the exit came during
 * the delivery of an injected event. A VM entry that failed before loading guest state returns CPU_ENTRY_FAILED. */
s64 cpu_enter(vm_id vm, u64 tsc);
#define CPU_ENTRY_FAILED INT64_MIN

/* INVVPID, single context: the translations of the VM's VPID (SDM 3C 30.3). */
void cpu_invvpid(vm_id vm);

/* INVEPT, single context (SDM 3C 30.3). */
void cpu_invept(u64 eptp);

u64 cpu_msr_read(u32 msr);
void cpu_msr_write(u32 msr, u64 value);

/* CR2 and DR0..DR3, DR6, which VMX leaves in the machine. `n` is 0, 1, 2, 3 or 6. */
u64 cpu_cr2_read(void);
void cpu_cr2_write(u64 value);
u64 cpu_dr_read(u32 n);
void cpu_dr_write(u32 n, u64 value);

/* XCR0, and the VM's XSAVE area: all state components that the platform offers to guests (CPU_XCR0). */
#define CPU_XCR0 7ull	/* x87, SSE, AVX */
void cpu_xcr0_write(u64 value);
void cpu_xsave(vm_id vm);
void cpu_xrstor(vm_id vm);

/* Ends the processor's blocking by NMI (virtual NMIs included) that another VM's NMI handler left behind. */
void cpu_nmi_unblock(void);

/* The platform's tick counter. */
u64 cpu_ticks(void);

/* The host-physical address of an object of the hypervisor. */
u64 cpu_physical(const void *object);

/* A broken promise inside the hypervisor: reports file and line and stops the machine. */
_Noreturn void cpu_panic(const char *file, u32 line, const char *what, u64 value);

#define ASSERT(condition, value) \
	do { if (!(condition)) cpu_panic(__FILE__, __LINE__, #condition, (value)); } while (0)

#endif
