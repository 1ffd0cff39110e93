/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace door: what a replay tells about each VM exit. Bodies (hv/input/): trace_none.c does nothing and vanishes at
 * link time; trace_exits.c writes a record for each exit to the output disk. Neither changes anything of a VM.
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include "exit.h"
#include "types.h"

/* One exit. Fixed layout, little-endian, no padding; a record of zeros was never written. The disk is records from
 * sector 0 on, in the order in which the exits came. */
struct trace_record {
	u64 position, time;	/* the VM's, at the exit: the exiting instruction does not count yet */
	u64 rip;
	u16 reason;		/* basic; the fields below as far as it defines them */
	u16 in_service;		/* bit n: IRQ n is in service in the PICs */
	u32 ticks;		/* of the host's counter that handling the exit took */
	u64 qualification;
	u64 address;		/* guest-physical address (EPT), else guest-linear */
	u64 value;		/* IN, RDMSR, CPUID: RAX (EDX:EAX) after; OUT, WRMSR: before; MOV CR, DR: the register moved */
	u32 detail;		/* MSR index; CPUID leaf; interruption information */
	u8 vm;
	u8 flags;		/* TRACE_* */
	u16 length;		/* of the instruction */
};

#define TRACE_VALID 0x1u	/* in every record */
#define TRACE_USER 0x2u		/* CPL was not 0 */
#define TRACE_HALTED 0x4u	/* the VM is halted now */
#define TRACE_ENDED 0x8u	/* the VM has ended now */
#define TRACE_EVENT 0x10u	/* an event waits to be injected: its vector and type are in `detail`, if that is free */

#define TRACE_RECORD_BYTES 64u
_Static_assert(sizeof(struct trace_record) == TRACE_RECORD_BYTES, "struct trace_record has padding");

/* The VM has exited; nothing has been done about it yet. */
/*@ requires vm:    vm < VM_MAX;
    requires valid: \valid_read(exit);
    assigns  \nothing;
    exits    never: \false;
*/
void trace_exit(vm_id vm, const struct vmexit *exit);

/* The exit has been handled; RIP has not moved yet. */
/*@ requires vm:    vm < VM_MAX;
    requires valid: \valid_read(exit);
    assigns  \nothing;
    exits    never: \false;
*/
void trace_handled(vm_id vm, const struct vmexit *exit);

/* Writes what waits: no exit follows. */
/*@ assigns  \nothing;
    exits    never: \false;
*/
void trace_end(void);

#endif
