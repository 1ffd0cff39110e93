/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of one VM: what came in from outside, keyed by position and virtual time, and digests of the VM's state to
 * check a replay by. A sequence of blocks of 512 bytes, each with its checksum; numbers are little-endian:
 *
 *    0  magic u32       "RPJB"
 *    4  version u16     JOURNAL_VERSION
 *    6  vm u16          the VM's index in its plan
 *    8  sequence u32    0, 1, 2 ...
 *   12  used u32        bytes of records, at most JOURNAL_RECORD_BYTES
 *   16  position u64    what the first record's position is counted from: the last one before this block
 *   24  time u64        the same for virtual time
 *   32  recording u64   a random number, the same in all blocks of a recording
 *   40  records         the rest is zero
 *  508  crc32c u32      of the 508 bytes before
 *
 * A record: its kind (one byte), then LEB128 numbers: the position and the virtual time, each as the difference from the
 * record before, and
 *
 *   CONSOLE   the byte                        it arrived when the VM stood there
 *   TIME      the difference                  the VM's virtual time moved on by that much, following the host
 *   DIGEST    exits, registers, hashes        exits as the difference, each register as the XOR with the one of the digest
 *                                             before; a mask of the parts whose hash has changed, and those (u32)
 *   END       code, value, then as DIGEST     the VM ended
 *
 * Records never cross a block. Every prefix of whole blocks can be replayed. Pure functions; nothing here is a door.
 */
#ifndef HV_JOURNAL_H
#define HV_JOURNAL_H

#include "bytes.h"
#include "types.h"

#define JOURNAL_MAGIC 0x424a5052u
#define JOURNAL_VERSION 1u
#define JOURNAL_BLOCK_BYTES 512u
#define JOURNAL_HEADER_BYTES 40u
#define JOURNAL_CRC_AT 508u
#define JOURNAL_RECORD_BYTES (JOURNAL_CRC_AT - JOURNAL_HEADER_BYTES)

enum journal_kind { JOURNAL_CONSOLE = 1, JOURNAL_TIME = 2, JOURNAL_DIGEST = 3, JOURNAL_END = 4 };

/* Registers whose values a digest holds: the general registers in the order of enum gpr (RSP included), then these. */
enum digest_register { DIGEST_RIP = 16, DIGEST_RFLAGS, DIGEST_CR3, DIGEST_REGISTERS };

/* Parts of the VM's state of which a digest holds a hash. */
enum digest_part {
	DIGEST_CONTROL,		/* CR0, CR4, EFER, DR7, PAT, SYSENTER ..., descriptor-table registers, pending events */
	DIGEST_SEGMENTS,
	DIGEST_SWAPPED,		/* CR2, DR0-3, DR6, XCR0, CR8, seven MSRs */
	DIGEST_XSAVE,
	DIGEST_PIT,
	DIGEST_RTC,
	DIGEST_UART,
	DIGEST_PIC,
	DIGEST_OTHERS,		/* PCI, keyboard controller */
	DIGEST_ENTROPY,
	DIGEST_MEMORY_LOW,	/* the two halves of the hash of memory */
	DIGEST_MEMORY_HIGH,
	DIGEST_PARTS
};

struct digest {
	u64 exits;
	u64 reg[DIGEST_REGISTERS];
	u32 part[DIGEST_PARTS];
};

struct journal_event {
	u32 kind;		/* enum journal_kind */
	u32 code;		/* END: enum link_end */
	u64 position, time;	/* where the VM stood */
	u64 value;		/* CONSOLE: the byte; TIME: ticks; END: the status */
	struct digest digest;	/* DIGEST, END */
};

/* Where a writer or a reader is in a VM's journal. `last` begins as all zero. */
struct journal_cursor {
	u32 sequence;		/* of the current block */
	u32 used;		/* bytes of its records: written so far, or in the block */
	u32 at;			/* reader: offset of the next record */
	u32 vm;
	u64 recording;
	u64 position, time;	/* of the last record */
	struct digest last;	/* the last digest */
};

enum journal_error {
	JOURNAL_OK,
	JOURNAL_UNWRITTEN,	/* all zero: the journal ends before this block */
	JOURNAL_BAD_MAGIC,
	JOURNAL_BAD_VERSION,
	JOURNAL_BAD_CHECKSUM,
	JOURNAL_BAD_SEQUENCE,
	JOURNAL_BAD_VM,
	JOURNAL_BAD_RECORDING,
	JOURNAL_BAD_BASE,	/* its first position does not continue the block before */
	JOURNAL_BAD_LENGTH,
	JOURNAL_BAD_KIND,
	JOURNAL_BAD_RECORD,	/* crosses the block's end, or a number that is out of range */
	JOURNAL_ERRORS
};

/*@ // What the value of a CONSOLE, TIME or END record may be.
    predicate journal_value_ok{L}(struct journal_event *e) =
      e->kind == JOURNAL_CONSOLE ? e->value <= 0xff :
      e->kind == JOURNAL_TIME ? 0 < e->value < 0x8000000000000000 - e->time : e->value <= 0xffffffff;
*/

/* Begins an empty block in which records follow at->position and at->time. */
/*@ requires block: \valid(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    requires at:    \valid(at);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), at);
    assigns  block[0 .. JOURNAL_BLOCK_BYTES - 1], at->used;
    exits    never: \false;
    ensures  empty: at->used == 0;
    ensures  head:  le32(block) == JOURNAL_MAGIC && le16(block + 4) == JOURNAL_VERSION && le16(block + 6) == at->vm % 0x10000 &&
                    le32(block + 8) == at->sequence && le64(block + 16) == at->position && le64(block + 24) == at->time &&
                    le64(block + 32) == at->recording;
*/
void journal_begin_block(u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at);

/* Adds a record. False: it does not fit (a record always fits into an empty block); nothing has changed then. */
/*@ requires block: \valid(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    requires at:    \valid(at) && \valid_read(event);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), at, event);
    requires used:  at->used <= JOURNAL_RECORD_BYTES;
    assigns  block[0 .. JOURNAL_BLOCK_BYTES - 1], at->used, at->position, at->time, at->last;
    exits    never: \false;
    ensures  used:  at->used <= JOURNAL_RECORD_BYTES;
    ensures  grows: \result ==> at->used > \old(at->used);
    ensures  full:  !\result ==> at->used == \old(at->used) && at->position == \old(at->position) &&
                    at->time == \old(at->time);
    ensures  moved: \result ==> at->position == event->position && at->time == event->time;
*/
bool journal_add(u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at, const struct journal_event *event);

/* Completes the header and the checksum; the block can be written (and added to, and sealed again). */
/*@ requires block: \valid(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    requires at:    \valid_read(at);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), at);
    assigns  block[0 .. JOURNAL_BLOCK_BYTES - 1];
    exits    never: \false;
    ensures  used:  le32(block + 12) == at->used;
    ensures  kept:  \forall integer k; 0 <= k < 508 && !(12 <= k < 16) ==> block[k] == \old(block[k]);
*/
void journal_seal_block(u8 block[JOURNAL_BLOCK_BYTES], const struct journal_cursor *at);

/* Checks a block that was read, at->sequence of VM at->vm of recording at->recording, and goes to its first record. */
/*@ requires block: \valid_read(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    requires at:    \valid(at);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), at);
    assigns  at->used, at->at;
    exits    never: \false;
    ensures  error: \result < JOURNAL_ERRORS;
    ensures  used:  \result == JOURNAL_OK ==> at->used <= JOURNAL_RECORD_BYTES && at->at == 0;
    ensures  head:  \result == JOURNAL_OK ==>
                    le32(block) == JOURNAL_MAGIC && le16(block + 4) == JOURNAL_VERSION && le16(block + 6) == at->vm &&
                    le32(block + 8) == at->sequence && le32(block + 12) == at->used && le64(block + 16) == at->position &&
                    le64(block + 24) == at->time && le64(block + 32) == at->recording;
    ensures  kept:  \result != JOURNAL_OK ==> at->used == \old(at->used) && at->at == \old(at->at);
*/
enum journal_error journal_open_block(const u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at);

/* Takes the next record of an opened block that has one (at->at < at->used). */
/*@ requires block: \valid_read(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    requires at:    \valid(at) && \valid(event);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), at, event);
    requires used:  at->at < at->used && at->used <= JOURNAL_RECORD_BYTES;
    assigns  *event, at->at, at->position, at->time, at->last;
    exits    never: \false;
    ensures  error: \result < JOURNAL_ERRORS;
    ensures  moved: \result == JOURNAL_OK ==> \old(at->at) < at->at && at->at <= at->used;
    ensures  event: \result == JOURNAL_OK ==>
                    JOURNAL_CONSOLE <= event->kind <= JOURNAL_END && event->code <= 0xffff && journal_value_ok(event) &&
                    event->position == at->position && event->time == at->time;
    ensures  later: \result == JOURNAL_OK ==>
                    \old(at->position) <= at->position < 0x8000000000000000 && \old(at->time) <= at->time < 0x8000000000000000;
*/
enum journal_error journal_next(const u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at,
				struct journal_event *event);

/* One clause in English: "its checksum does not match". */
/*@ assigns \result \from error;
    exits   never: \false;
    ensures text: \valid_read(\result);
*/
const char *journal_error_text(enum journal_error error);

#endif
