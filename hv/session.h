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

#include "bytes.h"
#include "types.h"

#define SESSION_MAGIC 0x4e53455345525052ull	/* "RPRESESN" */
#define SESSION_VERSION 2u
#define SESSION_BYTES 512u
#define SESSION_DIGEST_MAX 10000000ull
#define SESSION_SECTORS_MAX 0x1000000ull	/* sectors for the journal of a VM */
#define SESSION_STATES_MAX 0x1000000ull	/* sectors for the states of a VM */

#define SESSION_DISK_MAX 0x100000000ull	/* sectors of a disk */

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

/*@ // What each VM's entry in a session must be, and all of it.
    predicate session_vm_ok{L}(struct session *s, integer i) =
      s->index[i] < VM_MAX && s->script_bytes[i] <= s->sectors * 512;
    predicate session_ok{L}(struct session *s) =
      1 <= s->vm_count <= VM_MAX && s->flags <= SESSION_FLAGS_ALL && 2 <= s->sectors <= SESSION_SECTORS_MAX &&
      s->states_sectors <= SESSION_STATES_MAX && s->states_sector <= SESSION_DISK_MAX &&
      1 <= s->digest_ticks <= SESSION_DIGEST_MAX &&
      ((s->flags & SESSION_CHECKPOINTS) != 0 ==> s->checkpoint_ticks >= s->digest_ticks) &&
      (\forall integer i; 0 <= i < VM_MAX ==> session_vm_ok(s, i));

    // The bytes at `b` are the session's encoding. Two sessions with the same are equal field by field.
    predicate session_words{L}(u8 *b, u32 *word) = \forall integer k; 0 <= k < 8 ==> le32(b + 4 * k) == word[k];
    predicate session_longs{L}(u8 *b, u64 *value) = \forall integer k; 0 <= k < 8 ==> le64(b + 8 * k) == value[k];
    predicate session_head_coded{L}(u8 *b, struct session *s) =
      le32(b + 12) == s->vm_count && le32(b + 16) == s->flags && le64(b + 20) == s->recording &&
      le64(b + 28) == s->sectors && le64(b + 36) == s->digest_ticks && le64(b + 44) == s->table_hpa &&
      le64(b + 52) == s->table_bytes;
    predicate session_limits_coded{L}(u8 *b, struct session *s) =
      le64(b + 60) == s->until && le64(b + 68) == s->checkpoint_ticks && le64(b + 76) == s->output_sectors &&
      le64(b + 84) == s->states_sector && le64(b + 92) == s->states_sectors;
    predicate session_coded{L}(u8 *b, struct session *s) =
      session_head_coded(b, s) && session_limits_coded(b, s) &&
      session_longs(b + 100, &s->restore_sector[0]) && session_words(b + 164, &s->index[0]) &&
      le64(b + 196) == s->seed && session_words(b + 204, &s->script_bytes[0]);
*/

/*@ requires out:   \valid(out + (0 .. SESSION_BYTES - 1)) && \valid_read(session);
    requires apart: \separated(out + (0 .. SESSION_BYTES - 1), session);
    assigns  out[0 .. SESSION_BYTES - 1];
    exits    never: \false;
    ensures  coded: session_coded(out, session);
    ensures  head:  le64(out) == SESSION_MAGIC && le32(out + 8) == SESSION_VERSION;
*/
void session_encode(const struct session *session, u8 out[SESSION_BYTES]);

/* Null, or what is wrong with the sector: one clause. */
/*@ requires in:    \valid_read(in + (0 .. SESSION_BYTES - 1)) && \valid(session);
    requires apart: \separated(in + (0 .. SESSION_BYTES - 1), session);
    assigns  \result \from in[0 .. SESSION_BYTES - 1];
    assigns  *session;
    exits    never: \false;
    ensures  good:  \result == \null ==> session_ok(session) && session_coded(in, session) &&
                    le64(in) == SESSION_MAGIC && le32(in + 8) == SESSION_VERSION;
    ensures  text:  \result != \null ==> \valid_read(\result);
*/
const char *session_decode(const u8 in[SESSION_BYTES], struct session *session);

#endif
