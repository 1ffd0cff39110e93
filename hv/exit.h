/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM exits as data: what the processor reported, and what shall happen next.
 *
 *   VM exit -> exit_load() -> struct vmexit -> exit_handle() -> enum action -> exit_commit() -> VM entry
 */
#ifndef HV_EXIT_H
#define HV_EXIT_H

#include "types.h"

/* Basic exit reasons (SDM 3D appendix C). */
enum exit_reason {
#define VM_EXIT(name, number, fields, text) EXIT_##name = number,
#include "exits.def"
#undef VM_EXIT
	EXIT_REASONS = 70
};

/* What the processor reported (SDM 3C 24.9). exit_load fills the fields that the reason defines, the others are stale. */
struct vmexit {
	u32 reason;		/* basic reason; EXIT_REASON_ENTRY_FAILURE kept in bit 31 */
	u32 length;		/* VM-exit instruction length, bytes */
	u64 qualification;
	u64 gpa;		/* guest-physical address */
	u64 linear;		/* guest-linear address */
	u32 interruption;	/* VM-exit interruption information */
	u32 interruption_error;
	u32 vectoring;		/* IDT-vectoring information */
	u32 vectoring_error;
	u32 info;		/* VM-exit instruction information */
	u32 reserved;
};

enum action {
	ACTION_RESUME,	/* enter again at the same RIP (an event may be pending) */
	ACTION_SKIP,	/* the instruction is complete: RIP moves past it, the position by one */
	ACTION_STOP	/* this VM cannot go on: the caller names the reason */
};

/* Reads the exit fields of the VM's VMCS. The only reader of VM-exit information. */
void exit_load(vm_id vm, struct vmexit *exit);

/* Emulates what the exit asks for. Unknown reasons: ACTION_STOP. */
enum action exit_handle(vm_id vm, const struct vmexit *exit);

/* Moves RIP past a completed instruction: the one place where RIP advances. Ends blocking by STI and MOV SS, raises the
 * single-step trap if RFLAGS.TF is set (SDM 3C 32.2 leaves this to the hypervisor). */
void exit_skip(vm_id vm, u32 length);

/* "CPUID" ... as in exits.def, or null. */
const char *exit_name(u32 reason);

/* The handlers, one file each: hv/exit_*.c */
enum action exit_cpuid(vm_id vm);
enum action exit_io(vm_id vm, const struct vmexit *exit);
COLD enum action exit_string_io(vm_id vm, const struct vmexit *exit);
COLD enum action exit_rdmsr(vm_id vm);
COLD enum action exit_wrmsr(vm_id vm);
COLD enum action exit_cr(vm_id vm, const struct vmexit *exit);
COLD enum action exit_dr(vm_id vm, const struct vmexit *exit);
COLD enum action exit_exception(vm_id vm, const struct vmexit *exit);
COLD enum action exit_task_switch(vm_id vm, const struct vmexit *exit);
COLD enum action exit_ept_violation(vm_id vm, const struct vmexit *exit);
COLD enum action exit_random(vm_id vm, const struct vmexit *exit);
COLD enum action exit_invlpg(vm_id vm);
COLD enum action exit_xsetbv(vm_id vm);

/* Sets blocking by NMI again if the exit interrupted an IRET that had ended it (SDM 3C 27.2.3). */
void exit_restore_nmi_blocking(vm_id vm, bool unblocked);

#endif
