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

/* The digest in 64 bits. */
u64 state_fold(const struct digest *digest);

#endif
