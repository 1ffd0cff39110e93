/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session: what the tool asks of a hypervisor that records, replays or is seeded. It lies in sector 0 of the journal
 * disk (ata1-master); the rest of that disk belongs to it:
 *
 *   sector 0                                the session
 *   sector 1 + v * sectors                  VM v's journal (record, replay) or its script (seeded)
 *   sector states_sector + v * states_sectors   states of VM v (record; replay: where it differs; hv/input/states.h)
 *   sector restore_sector[v]                what VM v starts from, if that is a checkpoint (hv/input/checkpoint.h)
 *
 * Encoded as little-endian fields in the order of struct session behind a magic number and a version, with a CRC-32C in
 * the last four bytes of the sector.
 */
#ifndef HV_SESSION_H
#define HV_SESSION_H

#include "types.h"

#define SESSION_MAGIC 0x4e53455345525052ull	/* "RPRESESN" */
#define SESSION_VERSION 2u
#define SESSION_BYTES 512u
#define SESSION_DIGEST_MAX 10000000ull
#define SESSION_STATES_MAX (1ull << 24)	/* sectors for the states of a VM */

/* session.flags */
#define SESSION_CHECKPOINTS 0x1u	/* write checkpoints to the output disk */
#define SESSION_FLAGS_ALL 0x1u

struct session {
	u32 vm_count;
	u32 flags;
	u64 recording;		/* a random number that names the recording */
	u64 sectors;		/* for each VM's journal */
	u64 digest_ticks;	/* a digest at the first quantum boundary after each multiple of it */
	u64 table_hpa;		/* host memory for the hashes of guest pages: 8 bytes a page, VM after VM */
	u64 table_bytes;
	u64 until;		/* replay: stop where the position reaches this, TIME_NEVER: do not */
	u64 checkpoint_ticks;	/* between two checkpoints, a multiple of digest_ticks */
	u64 output_sectors;	/* of the output disk */
	u64 states_sector;	/* of the first VM */
	u64 states_sectors;	/* for each VM; 0: no states */
	u64 restore_sector[VM_MAX];	/* of its checkpoint; 0: it starts at the start */
	u32 index[VM_MAX];	/* of each VM in the recording */
	u64 seed;		/* of the generator of the seeded body */
	u32 script_bytes[VM_MAX];
};

void session_encode(const struct session *session, u8 out[SESSION_BYTES]);

/* Null, or what is wrong with the sector: one clause. */
const char *session_decode(const u8 in[SESSION_BYTES], struct session *session);

#endif
