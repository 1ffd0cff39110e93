/* SPDX-License-Identifier: BSD-2-Clause */
/* The pieces of effects() that its files share. */
#ifndef FUZZ_EFFECTS_H
#define FUZZ_EFFECTS_H

#include "oracle.h"

/* RIP past a completed instruction, and what completing one means (SDM 3C 32.2). */
void effects_skip(struct state *s, u32 length);
void effects_end(struct state *s, u32 end, u32 value);
void effects_fault(struct state *s, u32 vector, u32 error);
void effects_vectoring(struct state *s, const struct vmexit *x);
u64 effects_gpr(const struct state *s, u32 n);
void effects_set_gpr(struct state *s, u32 n, u64 value);

/* IN and OUT on the shadow board. */
u32 effects_in(struct state *s, vm_id vm, u16 port, u32 width);
void effects_out(struct state *s, vm_id vm, u16 port, u32 width, u32 value);

/* In 64-bit code. */
bool effects_long(const struct state *s);

/* SDM 3C tables 27-3 and 27-4. False: outside the model. */
bool effects_cr(struct state *s, vm_id vm, const struct vmexit *x);
void effects_dr(struct state *s, const struct vmexit *x);

/* Loads the PDPTEs of PAE paging (SDM 3A 4.4.1). False: #GP(0). */
bool effects_pdptes(struct state *s, vm_id vm, u64 cr3);

/* Whether an instruction whose operand is not of 64 bits has 16: by its prefixes and CS.D (SDM 2A 2.1.1). */
bool effects_operand_16(const struct state *s, vm_id vm, u32 length, struct writes *writes);

bool effects_string_io(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);
bool effects_ept(struct state *s, vm_id vm, const struct vmexit *x);
bool effects_task(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes);

/* What OUT sent out: console bytes and marks, counted and compared with what reached the door. */
extern u64 effects_console_bytes, effects_console_sum, effects_marks;

#endif
