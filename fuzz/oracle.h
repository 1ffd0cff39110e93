/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle of the exit harness: what a VM's state must be after each VM exit and before each VM entry, computed from
 * the state at the exit without the hypervisor's code. All of the state is compared: what a rule does not name must not
 * have changed.
 *
 *   VM exit ──▶ oracle_exit: state + exit ──▶ expected state ──▶ oracle_enter: the core's state must equal it
 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include "exit.h"
#include "machine.h"
#include "vcpu.h"
#include "vmcs.h"

#define ORACLE_WRITES 96u	/* bytes, words ... of guest memory that one exit may change */

/* A VM's state as the oracle sees it. */
struct state {
	u64 field[MACHINE_FIELDS];
	u64 gpr[GPRS];
	u64 position, cr8, xcr0, cr2;
	u64 dr[4], dr6;
	u64 msr[SWAPPED_MSRS];
	u64 entropy[4];
	u32 event_info, event_error, event_length, nmi_pending;
	u32 state, end, end_value, cpu;
};

#define FIELD(s, name) ((s)->field[machine_index(name)])

/* Guest memory that the exit must have written. */
struct writes {
	u32 count;
	struct { u64 gpa, value; u32 bytes; } write[ORACLE_WRITES];
};

/* The oracle speaks through this: the rule by name, its source ("SDM 3C 26.3.1.5"), details; then abort. */
_Noreturn void oracle_fail(const char *rule, const char *source, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Console bytes of the crash's story: which step, which VM; printed by oracle_fail and by a panic. */
extern u32 oracle_step;

/* The current VM's state, from the hosted machine and vcpus[vm]. */
void state_capture(vm_id vm, struct state *out);

/* Compares all of it; differences fail as `rule`. */
void state_compare(vm_id vm, const struct state *expected, const struct state *found);

/* The checks of a VM entry on the guest-state area and event injection (SDM 3C 26.2.1.3, 26.3.1). Null, or the name of
 * the first broken rule; *source names its section. */
const char *entry_check(const u64 field[MACHINE_FIELDS], const char **source);

/* The same by the executable spec, with the controls: fails if one is broken. Slower: once a sequence. */
void spec_check(vm_id vm);

/* What the exit must do to *s (position included) and to guest memory. False: the exit is outside the model, and only
 * invariants hold. */
bool effects(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);

/* Guest-physical memory with the pending writes on top. False: outside the VM's RAM. */
bool effects_read(vm_id vm, const struct writes *writes, u64 gpa, u32 bytes, u64 *value);
void effects_write(struct writes *writes, u64 gpa, u32 bytes, u64 value);

/* A board of its own for each VM, which sees the same accesses at the same times as the real one: slots of boards[]
 * that no VM uses. */
#define ORACLE_VMS 3u
static inline vm_id shadow(vm_id vm)
{
	return VM_MAX - 1u - vm;
}

/* The walk of the guest's page tables by SDM 3A chapter 4. 0: *gpa; 1: a page fault with *error; 2: outside RAM. */
struct walk_state {
	u64 cr0, cr3, cr4, efer, pdpte[4];
	u32 maxphyaddr, pkru;
	bool user, ac;
};
enum walk_result { WALK_OK, WALK_FAULT, WALK_OUTSIDE };
enum walk_result walk(vm_id vm, struct writes *writes, const struct walk_state *w, u64 linear, u32 access, u64 *gpa,
		      u32 *error);

#endif
