/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX control words: what the hypervisor needs, adjusted to what the processor allows (SDM 3D A.2-A.5, 3C 31.5.1). */
#ifndef HV_CONTROLS_H
#define HV_CONTROLS_H

#include "cpu.h"
#include "plan.h"
#include "types.h"

/* The capability MSRs that matter, as read. */
struct capabilities {
	u64 basic;		/* IA32_VMX_BASIC */
	u64 pin, cpu, cpu2;	/* IA32_VMX_TRUE_PINBASED_CTLS, TRUE_PROCBASED_CTLS, PROCBASED_CTLS2 */
	u64 exit, entry;	/* IA32_VMX_TRUE_EXIT_CTLS, TRUE_ENTRY_CTLS */
	u64 ept_vpid;		/* IA32_VMX_EPT_VPID_CAP */
};

struct controls {
	u32 pin, cpu, cpu2, exit, entry;
};

/*@ // The control words hold what isolation needs (spec/isolation.acsl).
    predicate controls_legal{L}(struct controls *c) =
      pin_mandatory(c->pin) && CPU_MANDATORY(c->cpu) && cpu2_mandatory(c->cpu2) && exit_mandatory(c->exit) &&
      ENTRY_MANDATORY(c->entry);
*/

/* `wanted` with the bits that must be 1 added. ERR_INVALID if a wanted bit must be 0.
 * `capability`: low half = bits that must be 1, high half = bits that may be 1. */
/*@ requires out:    \valid(out);
    assigns  *out;
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_INVALID;
    ensures  value:  *out == (wanted | (u32)capability);
    ensures  legal:  \result == OK <==> (*out & (u32)~(u32)(capability / 0x100000000)) == 0;
*/
enum error controls_adjust(u64 capability, u32 wanted, u32 *out);

/* The control words for a VM (DESIGN: mandatory exits), plus the intercepts its plan asks for. Null on success, else
 * the name of what the processor lacks. */
/*@ requires caps:   \valid_read(caps) && \valid_read(plan) && \valid(out);
    requires apart:  \separated(out, caps) && \separated(out, plan);
    assigns  \result \from caps, plan;
    assigns  *out;
    exits    never:  \false;
    ensures  legal:  \result == \null ==> controls_legal(out);
*/
const char *controls_for(const struct capabilities *caps, const struct plan_vm *plan, struct controls *out);

/* Null, or what the processor lacks of the EPT and VPID features that the hypervisor needs. */
/*@ requires caps:   \valid_read(caps);
    assigns  \result \from caps;
    exits    never:  \false;
*/
const char *controls_missing_ept(const struct capabilities *caps);

#endif
