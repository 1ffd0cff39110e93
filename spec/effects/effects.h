/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each VM exit must do to a VM: one function of (state, exit), written from the SDM and from DESIGN.md's policy without the
 * hypervisor's handlers. The fuzzer judges by it hosted, the monitor in a running hypervisor (model/monitor).
 */
#ifndef SPEC_EFFECTS_H
#define SPEC_EFFECTS_H

#include "exit.h"
#include "vcpu.h"
#include "vmcs.h"

#define ORACLE_WRITES 96u	/* bytes, words ... of guest memory that one exit may change */

/* Where a field lies in struct state: width, kind and number, 2 + 2 + 5 bits (SDM 3C table 24-21). */
#define STATE_FIELDS 512u
static inline u32 state_index(u32 field)
{
	return (field >> 13 & 3u) << 7 | (field >> 10 & 3u) << 5 | (field >> 1 & 31u);
}
#define FIELD(s, name) ((s)->field[state_index(name)])

/* A VM's state as the oracle sees it. */
struct state {
	u64 field[STATE_FIELDS];
	u64 gpr[GPRS];
	u64 position, cr8, xcr0, cr2;
	u64 dr[4], dr6;
	u64 msr[SWAPPED_MSRS];
	u64 entropy[4];
	u64 idle;
	u32 event_info, event_error, event_length, nmi_pending;
	u32 state, end, end_value, cpu;
};

/* Guest memory that the exit must have written. */
struct writes {
	u32 count;
	struct { u64 gpa, value; u32 bytes; } write[ORACLE_WRITES];
};

/* What the exit must do to *s (position included) and to guest memory. False: the exit is outside the model, and only
 * invariants hold. */
bool effects(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);

/* ---- what the user of this spec provides */

/* The oracle speaks through this: the rule by name, its source ("SDM 3C 26.3.1.5"), details; and ends. */
_Noreturn void oracle_fail(const char *rule, const char *source, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Guest-physical memory before the exit. False: outside the VM's RAM. */
bool effects_memory(vm_id vm, u64 gpa, u32 bytes, u64 *value);

/* IN and OUT on a board that is not the VM's, but has seen the same accesses. */
u32 effects_in(struct state *s, vm_id vm, u16 port, u32 width);
void effects_out(struct state *s, vm_id vm, u16 port, u32 width, u32 value);

/* A read of guest-physical memory that was not mapped may be mapped to ones. */
bool effects_outside(vm_id vm, u64 gpa);

/* ---- the pieces that the files of this folder share */

/* Guest-physical memory with the pending writes on top. False: outside the VM's RAM. */
bool effects_read(vm_id vm, const struct writes *writes, u64 gpa, u32 bytes, u64 *value);
void effects_write(struct writes *writes, u64 gpa, u32 bytes, u64 value);

/* The walk of the guest's page tables by SDM 3A chapter 4. WALK_OK: *gpa; WALK_FAULT: a page fault with *error. */
struct walk_state {
	u64 cr0, cr3, cr4, efer, pdpte[4];
	u32 maxphyaddr, pkru;
	bool user, ac;
};
enum walk_result { WALK_OK, WALK_FAULT, WALK_OUTSIDE };
enum walk_result walk(vm_id vm, struct writes *writes, const struct walk_state *w, u64 linear, u32 access, u64 *gpa,
		      u32 *error);

/* RIP past a completed instruction, and what completing one means (SDM 3C 32.2). */
void effects_skip(struct state *s, u32 length);
void effects_end(struct state *s, u32 end, u32 value);
void effects_fault(struct state *s, u32 vector, u32 error);
void effects_vectoring(struct state *s, const struct vmexit *x);
u64 effects_gpr(const struct state *s, u32 n);
void effects_set_gpr(struct state *s, u32 n, u64 value);

/* In 64-bit code. */
bool effects_long(const struct state *s);

/* SDM 3C tables 27-3 and 27-4. False: outside the model. */
bool effects_cr(struct state *s, vm_id vm, const struct vmexit *x);
void effects_dr(struct state *s, const struct vmexit *x);

/* Loads the PDPTEs of PAE paging (SDM 3A 4.4.1). False: #GP(0). */
bool effects_pdptes(struct state *s, vm_id vm, u64 cr3);

/* Whether an instruction whose operand is not of 64 bits has 16: by its prefixes and CS.D (SDM 2A 2.1.1). */
bool effects_operand_16(const struct state *s, vm_id vm, u32 length, struct writes *writes);

/* The paging state of an access of the guest (implicit: by the processor itself, at CPL 0). */
struct walk_state effects_paging(const struct state *s, bool implicit);

/* SDM 3A 5.3, 5.4 and 3A 3.3.7.1. False: #SS or #GP. */
bool effects_linear(const struct state *s, u32 seg, u64 offset, u32 bytes, bool write, u64 *linear);

bool effects_string_io(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);
bool effects_ept(struct state *s, vm_id vm, const struct vmexit *x);
bool effects_task(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);

#endif
