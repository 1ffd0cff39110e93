/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual CPU: what the hypervisor keeps for a VM between VM exits, besides its VMCS, RAM, EPT and devices. */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include "link.h"
#include "types.h"
#include "x86.h"

#include "spec/doors.acsl"

/* MSRs that neither VM entry nor VM exit switches, in the order of vcpu.msr. */
enum swapped_msr { SWAP_STAR, SWAP_LSTAR, SWAP_CSTAR, SWAP_FMASK, SWAP_KERNEL_GS_BASE, SWAP_TSC_AUX, SWAP_XSS, SWAPPED_MSRS };

/* vcpu.attention: work to do before the next VM entry; zero on the fast path. */
#define ATTEND_TIME 0x1u	/* a device's timer may have changed, or a deadline has come */
#define ATTEND_INTERRUPT 0x2u	/* the PIC asks, or an NMI is pending */
#define ATTEND_EVENT 0x4u	/* vcpu.event_info holds an event to inject */
#define ATTEND_STATE 0x8u	/* vcpu.state is not VCPU_RUNNING any more */

enum vcpu_state { VCPU_RUNNING, VCPU_HALTED, VCPU_ENDED };

struct vcpu {
	/* hv/native/entry.S knows the offsets of these */
	u64 gpr[GPRS];		/* gpr[RSP] is unused: RSP is in the VMCS */
	u64 host_rsp;
	u64 tsc_entry;		/* the counter at entry */
	u64 launched;

	u32 attention;		/* ATTEND_* */
	u32 state;		/* enum vcpu_state */
	u64 position;		/* ticks since the VM's start */
	u64 idle;		/* ticks of virtual time skipped in HLT; virtual time = position + idle */
	u64 deadline;		/* position of the next stop: a timer event or the end of the quantum */
	u64 quantum_end;	/* position of the next quantum boundary */
	u64 exits;

	u32 event_info;		/* as VM-entry interruption information (SDM 3C 24.8.3); 0 if none */
	u32 event_error;
	u32 event_length;
	u32 nmi_pending;
	u32 controls;		/* primary processor-based controls as last written */
	u32 cpu;		/* enum plan_cpu */

	/* swapped when another VM runs */
	u64 cr2;
	u64 dr[4];
	u64 dr6;
	u64 xcr0;
	u64 msr[SWAPPED_MSRS];

	u64 cr8;		/* task priority, bits 3:0 */
	u64 entropy[4];		/* state of the generator behind RDRAND and RDSEED */

	u32 end;		/* LINK_END_*, once state is VCPU_ENDED */
	u32 end_value;
} __attribute__((aligned(512)));	/* a power of two: the exit path computes its address often */

extern struct vcpu vcpus[VM_MAX];

/* The VM's virtual time, ticks. */
/*@ requires vm:       vm < VM_MAX;
    assigns  \nothing;
    exits    never:    \false;
    ensures  time:     \result == (u64)(vcpus[vm].position + vcpus[vm].idle);
*/
static inline u64 vcpu_time(vm_id vm)
{
	return vcpus[vm].position + vcpus[vm].idle;
}

/* Something to do before the next entry: ATTEND_*. */
/*@ requires vm:       vm < VM_MAX;
    assigns  vcpus[vm].attention;
    exits    never:    \false;
    ensures  bits:     vcpus[vm].attention == (\old(vcpus[vm].attention) | bits);
    ensures  event:    (\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 || (bits & ATTEND_EVENT) != 0 <==>
                       (vcpus[vm].attention & ATTEND_EVENT) != 0;
    ensures  state:    (\old(vcpus[vm].attention) & ATTEND_STATE) != 0 || (bits & ATTEND_STATE) != 0 <==>
                       (vcpus[vm].attention & ATTEND_STATE) != 0;
*/
static inline void vcpu_attend(vm_id vm, u32 bits)
{
	vcpus[vm].attention |= bits;
}

/* The devices are at the VM's time. */
/*@ requires vm:       vm < VM_MAX;
    assigns  vcpus[vm].attention;
    exits    never:    \false;
    ensures  event:    (vcpus[vm].attention & ATTEND_EVENT) != 0 <==> (\old(vcpus[vm].attention) & ATTEND_EVENT) != 0;
    ensures  state:    (vcpus[vm].attention & ATTEND_STATE) != 0 <==> (\old(vcpus[vm].attention) & ATTEND_STATE) != 0;
    ensures  done:     (vcpus[vm].attention & ATTEND_TIME) == 0;
*/
static inline void vcpu_time_attended(vm_id vm)
{
	vcpus[vm].attention &= ~ATTEND_TIME;
}

/* Ends the VM; it is not entered again. `end` is enum link_end. */
/*@ requires vm:       vm < VM_MAX;
    assigns  vcpus[vm].state, vcpus[vm].attention, vcpus[vm].end, vcpus[vm].end_value;
    exits    never:    \false;
    ensures  ended:    vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == end && vcpus[vm].end_value == value;
    ensures  noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
    ensures  bits:     (vcpus[vm].attention & ATTEND_STATE) != 0 &&
                       ((\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 ==> (vcpus[vm].attention & ATTEND_EVENT) != 0);
*/
COLD void vcpu_end(vm_id vm, u32 end, u32 value);

/* Halts the VM until an interrupt. */
/*@ requires vm:       vm < VM_MAX;
    assigns  vcpus[vm].state, vcpus[vm].attention;
    exits    never:    \false;
    ensures  halted:   vcpus[vm].state == VCPU_HALTED;
    ensures  noticed:  vcpus[vm].attention == (\old(vcpus[vm].attention) | ATTEND_STATE);
    ensures  bits:     (vcpus[vm].attention & ATTEND_STATE) != 0 &&
                       ((\old(vcpus[vm].attention) & ATTEND_EVENT) != 0 ==> (vcpus[vm].attention & ATTEND_EVENT) != 0);
*/
COLD void vcpu_halt(vm_id vm);

/* Fills in the VM and its counters, and sends the report. */
/*@ requires vm:       vm < VM_MAX;
    requires valid:    \valid(report);
    assigns  *report, count_report;
    exits    never:    \false;
    ensures  filled:   report->vm == vm && report->position == vcpus[vm].position && report->exits == vcpus[vm].exits;
    ensures  kept:     report->type == \old(report->type) && report->code == \old(report->code) &&
                       report->value == \old(report->value);
    ensures  sent:     count_report == (u64)(\old(count_report) + 1);
*/
COLD void vcpu_report(vm_id vm, struct link_report *report);

#endif
