/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States: what each digest of a recording was taken of, so that a replay that differs can tell both values. They are not
 * needed to replay. Of each VM they lie in a part of the journal disk of its own (session.states_sector), one after another:
 *
 *   header     one sector, struct states_header; written last: an entry without it is not there
 *   snapshot   SNAPSHOT_SECTORS, struct snapshot
 *   pages      struct states_page of each page that was written since the VM's entry before; whole sectors
 *
 * A replay that differs at a digest writes one such entry with every page that was ever written.
 */
#ifndef HV_INPUT_STATES_H
#define HV_INPUT_STATES_H

#include "session.h"
#include "snapshot.h"

#define STATES_MAGIC 0x5345544154535052ull	/* "RPSTATES" */
#define STATES_SECTOR_BYTES 512u

struct states_header {
	u64 magic;
	u64 recording;
	u64 vm;			/* in the recording */
	u64 position, time;	/* of the digest */
	u64 pages;
	u64 check;		/* states_check of the other sectors, from STATES_MAGIC on */
	u64 reserved[56];
	u64 header_check;	/* states_check of the 63 words before */
};

struct states_page {
	u32 gfn;
	u32 hash;		/* of its contents and number, low half */
};

_Static_assert(sizeof(struct states_header) == STATES_SECTOR_BYTES, "a header is one sector");

/* Continues a checksum over `count` words. */
static inline u64 states_check(u64 check, const u64 *word, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		check = (check ^ word[i]) * 0x9e3779b97f4a7c15ull;
		check ^= check >> 32;
	}
	return check;
}

/* The session may ask for none (states_sectors = 0). */
void states_begin(const struct session *session);

/* Adds an entry of a VM whose digest was just taken. `all`: with every page that was ever written, as a replay does. False:
 * there is no room, or it could not be written; there will be none from then on. */
bool states_write(vm_id vm, bool all);

#endif
