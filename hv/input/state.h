/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's whole state: its digest. The VM ran last (its swapped registers are in the machine) or never. */
#ifndef HV_INPUT_STATE_H
#define HV_INPUT_STATE_H

#include "journal.h"
#include "plan.h"
#include "session.h"
#include "types.h"

/* Clears the table of page hashes; the VMs' pages are those that their plans load. Null, or why it cannot. */
const char *state_begin(const struct plan *plan, const struct session *session);

/* Takes the digest. Memory counts by the pages that were ever written: the hash of each is renewed if its D bit is set,
 * which is then cleared. */
void state_digest(vm_id vm, struct digest *digest);

/* XOR of the hashes of all pages ever written, as of the last digest. */
u64 state_memory(vm_id vm);

/* The frames of pages that were found written since the last call, at most `max` of them, in order; returns how many. */
u32 state_changed(vm_id vm, u32 *gfn, u32 max);

struct states_page;

/* Gives pages from frame *from on (0 at first), at most `max`, with their hashes as of the last digest: all that were ever
 * written, or (state_pages) those found written since they were given last. Move *from on; return how many, 0 at the end. */
u32 state_written(vm_id vm, u64 *from, struct states_page *page, u32 max);
u32 state_pages(vm_id vm, u64 *from, struct states_page *page, u32 max);

/* The page was loaded and counts as written. Not while a guest's vector registers are live. */
void state_loaded(vm_id vm, u64 gfn);

/* The digest in 64 bits. */
u64 state_fold(const struct digest *digest);

#endif
