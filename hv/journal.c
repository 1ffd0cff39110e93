/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of journal blocks. */
#include "journal.h"
#include "bytes.h"
#include "crc32c.h"

#define OFF_MAGIC 0u
#define OFF_VERSION 4u
#define OFF_VM 6u
#define OFF_SEQUENCE 8u
#define OFF_USED 12u
#define OFF_POSITION 16u
#define OFF_TIME 24u
#define OFF_RECORDING 32u
#define NUMBER_MAX 10u		/* bytes of the longest LEB128 number of 64 bits */
/* The longest record: kind, position, time, code, value, exits, registers, which hashes, those of 4 bytes. */
#define RECORD_MAX (1u + NUMBER_MAX * (6u + DIGEST_REGISTERS) + 4u * DIGEST_PARTS)
#define TIME_LIMIT 0x8000000000000000ull	/* positions and times lie below (dev/board.h: BOARD_TIME_MAX) */

_Static_assert(RECORD_MAX <= JOURNAL_RECORD_BYTES, "a record always fits into an empty block");

/* A record as it is built, before it is known to fit. */
struct draft {
	u32 length;
	u8 byte[RECORD_MAX];
};

/*@ requires valid: \valid(draft);
    requires room:  draft->length < RECORD_MAX;
    assigns  draft->length, draft->byte[draft->length];
    exits    never: \false;
    ensures  grown: draft->length == \old(draft->length) + 1;
    ensures  byte:  draft->byte[\old(draft->length)] == byte;
*/
static void draft_byte(struct draft *draft, u8 byte)
{
	draft->byte[draft->length] = byte;
	draft->length++;
}

/*@ requires valid: \valid(draft);
    requires room:  draft->length + NUMBER_MAX <= RECORD_MAX;
    assigns  draft->length, draft->byte[0 .. RECORD_MAX - 1];
    exits    never: \false;
    ensures  grown: \old(draft->length) < draft->length <= \old(draft->length) + NUMBER_MAX;
*/
static void draft_number(struct draft *draft, u64 value)
{
	/*@ loop invariant range: 1 <= i <= NUMBER_MAX;
	    loop invariant grown: draft->length == \at(draft->length, Pre) + i - 1;
	    loop assigns i, value, draft->length, draft->byte[0 .. RECORD_MAX - 1];
	    loop variant NUMBER_MAX - i;
	*/
	for (u32 i = 1; i < NUMBER_MAX && value > 0x7f; i++) {
		draft_byte(draft, (u8)(value % 0x80 + 0x80));
		value /= 0x80;
	}
	draft_byte(draft, (u8)value);
}

/* Bit i: part i is not as in the digest before. */
/*@ requires valid: \valid_read(last) && \valid_read(digest);
    assigns  \nothing;
    exits    never: \false;
*/
static u64 changed_parts(const struct digest *last, const struct digest *digest)
{
	u64 changed = 0;

	/*@ loop invariant range: 0 <= i <= DIGEST_PARTS;
	    loop assigns i, changed;
	    loop variant DIGEST_PARTS - i;
	*/
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (digest->part[i] != last->part[i])
			changed |= 1u << i;
	return changed;
}

/*@ requires valid: \valid(draft) && \valid_read(last) && \valid_read(digest);
    requires apart: \separated(draft, last, digest);
    requires room:  draft->length + NUMBER_MAX * (2 + DIGEST_REGISTERS) + 4 * DIGEST_PARTS <= RECORD_MAX;
    assigns  draft->length, draft->byte[0 .. RECORD_MAX - 1];
    exits    never: \false;
    ensures  grown: \old(draft->length) < draft->length <= RECORD_MAX;
*/
static void draft_digest(struct draft *draft, const struct digest *last, const struct digest *digest)
{
	draft_number(draft, digest->exits - last->exits);
	/*@ loop invariant range: 0 <= i <= DIGEST_REGISTERS;
	    loop invariant grown: \at(draft->length, Pre) < draft->length <= \at(draft->length, Pre) + NUMBER_MAX * (1 + i);
	    loop assigns i, draft->length, draft->byte[0 .. RECORD_MAX - 1];
	    loop variant DIGEST_REGISTERS - i;
	*/
	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		draft_number(draft, digest->reg[i] ^ last->reg[i]);
	draft_number(draft, changed_parts(last, digest));
	/*@ loop invariant range: 0 <= i <= DIGEST_PARTS;
	    loop invariant grown: \at(draft->length, Pre) < draft->length <=
	                          \at(draft->length, Pre) + NUMBER_MAX * (2 + DIGEST_REGISTERS) + 4 * i;
	    loop assigns i, draft->length, draft->byte[0 .. RECORD_MAX - 1];
	    loop variant DIGEST_PARTS - i;
	*/
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (digest->part[i] != last->part[i]) {
			bytes_put32(&draft->byte[draft->length], digest->part[i]);
			draft->length += 4;
		}
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures kind:  \result <==> kind == JOURNAL_DIGEST || kind == JOURNAL_END;
*/
static bool has_digest(u32 kind)
{
	return kind == JOURNAL_DIGEST || kind == JOURNAL_END;
}

void journal_begin_block(u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at)
{
	bytes_zero(block, JOURNAL_BLOCK_BYTES);
	bytes_put32(block + OFF_MAGIC, JOURNAL_MAGIC);
	bytes_put16(block + OFF_VERSION, JOURNAL_VERSION);
	bytes_put16(block + OFF_VM, at->vm % 0x10000u);
	bytes_put32(block + OFF_SEQUENCE, at->sequence);
	bytes_put64(block + OFF_POSITION, at->position);
	bytes_put64(block + OFF_TIME, at->time);
	bytes_put64(block + OFF_RECORDING, at->recording);
	at->used = 0;
}

bool journal_add(u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at, const struct journal_event *event)
{
	struct draft draft;

	draft.length = 0;
	draft_byte(&draft, (u8)event->kind);
	draft_number(&draft, event->position - at->position);
	draft_number(&draft, event->time - at->time);
	if (event->kind == JOURNAL_END)
		draft_number(&draft, event->code);
	if (event->kind != JOURNAL_DIGEST)
		draft_number(&draft, event->value);
	if (has_digest(event->kind))
		draft_digest(&draft, &at->last, &event->digest);
	if (draft.length > JOURNAL_RECORD_BYTES - at->used)
		return false;
	bytes_copy(block + JOURNAL_HEADER_BYTES + at->used, draft.byte, draft.length);
	at->used += draft.length;
	at->position = event->position;
	at->time = event->time;
	if (has_digest(event->kind))
		at->last = event->digest;
	return true;
}

void journal_seal_block(u8 block[JOURNAL_BLOCK_BYTES], const struct journal_cursor *at)
{
	bytes_put32(block + OFF_USED, at->used);
	bytes_put32(block + JOURNAL_CRC_AT, crc32c(block, JOURNAL_CRC_AT));
}

/*@ requires block: \valid_read(block + (0 .. JOURNAL_BLOCK_BYTES - 1));
    assigns  \nothing;
    exits    never: \false;
    ensures  zero:  \result <==> \forall integer k; 0 <= k < JOURNAL_BLOCK_BYTES ==> block[k] == 0;
*/
static bool unwritten(const u8 *block)
{
	/*@ loop invariant range: 0 <= i <= JOURNAL_BLOCK_BYTES;
	    loop invariant zero:  \forall integer k; 0 <= k < i ==> block[k] == 0;
	    loop assigns i;
	    loop variant JOURNAL_BLOCK_BYTES - i;
	*/
	for (u32 i = 0; i < JOURNAL_BLOCK_BYTES; i++)
		if (block[i] != 0)
			return false;
	return true;
}

enum journal_error journal_open_block(const u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at)
{
	if (unwritten(block))
		return JOURNAL_UNWRITTEN;
	if (bytes_get32(block + OFF_MAGIC) != JOURNAL_MAGIC)
		return JOURNAL_BAD_MAGIC;
	if (bytes_get16(block + OFF_VERSION) != JOURNAL_VERSION)
		return JOURNAL_BAD_VERSION;
	if (bytes_get32(block + JOURNAL_CRC_AT) != crc32c(block, JOURNAL_CRC_AT))
		return JOURNAL_BAD_CHECKSUM;
	if (bytes_get32(block + OFF_SEQUENCE) != at->sequence)
		return JOURNAL_BAD_SEQUENCE;
	if (bytes_get16(block + OFF_VM) != at->vm)
		return JOURNAL_BAD_VM;
	if (bytes_get64(block + OFF_RECORDING) != at->recording)
		return JOURNAL_BAD_RECORDING;
	if (bytes_get64(block + OFF_POSITION) != at->position || bytes_get64(block + OFF_TIME) != at->time)
		return JOURNAL_BAD_BASE;
	if (bytes_get32(block + OFF_USED) > JOURNAL_RECORD_BYTES)
		return JOURNAL_BAD_LENGTH;
	at->used = bytes_get32(block + OFF_USED);
	at->at = 0;
	return JOURNAL_OK;
}

/* Reads a LEB128 number at `offset` of `used` bytes of records, the shortest form only. Returns the offset after it, 0 if
 * it is not one. */
/*@ requires block: \valid_read(block + (0 .. JOURNAL_BLOCK_BYTES - 1)) && \valid(value);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), value);
    requires used:  used <= JOURNAL_RECORD_BYTES;
    assigns  *value;
    exits    never: \false;
    ensures  moved: \result == 0 || offset < \result <= used;
*/
static u32 read_number(const u8 *block, u32 offset, u32 used, u64 *value)
{
	u64 result = 0;

	/*@ loop invariant range: 0 <= i <= NUMBER_MAX;
	    loop invariant moved: offset == \at(offset, Pre) + i && (i > 0 ==> offset <= used);
	    loop assigns i, offset, result, *value;
	    loop variant NUMBER_MAX - i;
	*/
	for (u32 i = 0; i < NUMBER_MAX && offset < used; i++) {
		u64 byte = block[JOURNAL_HEADER_BYTES + offset];

		offset++;
		if (i == NUMBER_MAX - 1 && byte > 1)
			return 0;
		result |= (byte & 0x7f) << (7 * i);
		if (byte <= 0x7f) {
			*value = result;
			return i > 0 && byte == 0 ? 0 : offset;
		}
	}
	return 0;
}

/*@ requires block: \valid_read(block + (0 .. JOURNAL_BLOCK_BYTES - 1)) && \valid_read(last) && \valid(digest);
    requires apart: \separated(block + (0 .. JOURNAL_BLOCK_BYTES - 1), last, digest);
    requires used:  offset <= used <= JOURNAL_RECORD_BYTES;
    assigns  *digest;
    exits    never: \false;
    ensures  moved: \result == 0 || offset < \result <= used;
*/
static u32 read_digest(const u8 *block, u32 offset, u32 used, const struct digest *last, struct digest *digest)
{
	u64 number = 0;

	offset = read_number(block, offset, used, &number);
	digest->exits = last->exits + number;
	/*@ loop invariant range: 0 <= i <= DIGEST_REGISTERS;
	    loop invariant moved: offset == 0 || \at(offset, Pre) < offset <= used;
	    loop assigns i, offset, number, digest->reg[0 .. DIGEST_REGISTERS - 1];
	    loop variant DIGEST_REGISTERS - i;
	*/
	for (u32 i = 0; i < DIGEST_REGISTERS && offset != 0; i++) {
		offset = read_number(block, offset, used, &number);
		digest->reg[i] = last->reg[i] ^ number;
	}
	if (offset != 0)
		offset = read_number(block, offset, used, &number);
	if (offset == 0 || number >= 1u << DIGEST_PARTS)
		return 0;
	/*@ loop invariant range: 0 <= i <= DIGEST_PARTS;
	    loop invariant moved: \at(offset, Pre) < offset <= used;
	    loop assigns i, offset, digest->part[0 .. DIGEST_PARTS - 1];
	    loop variant DIGEST_PARTS - i;
	*/
	for (u32 i = 0; i < DIGEST_PARTS; i++) {
		digest->part[i] = last->part[i];
		if ((number >> i & 1u) == 0)
			continue;
		if (used - offset < 4)
			return 0;
		digest->part[i] = bytes_get32(block + JOURNAL_HEADER_BYTES + offset);
		offset += 4;
	}
	return offset;
}

/* Whether the value of a CONSOLE, TIME or END record is possible. */
/*@ requires valid: \valid_read(event);
    assigns  \nothing;
    exits    never: \false;
    ensures  good:  event->time < TIME_LIMIT ==> (\result <==> journal_value_ok(event));
*/
static bool value_good(const struct journal_event *event)
{
	switch (event->kind) {
	case JOURNAL_CONSOLE:
		return event->value <= 0xff;
	case JOURNAL_TIME:
		return event->value > 0 && event->value < TIME_LIMIT - event->time;
	default:
		return event->value <= 0xffffffff;
	}
}

enum journal_error journal_next(const u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at,
				struct journal_event *event)
{
	u32 offset = at->at + 1;
	u64 number = 0;

	event->kind = block[JOURNAL_HEADER_BYTES + at->at];
	event->code = 0;
	event->value = 0;
	if (event->kind < JOURNAL_CONSOLE || event->kind > JOURNAL_END)
		return JOURNAL_BAD_KIND;
	offset = read_number(block, offset, at->used, &number);
	if (offset == 0 || at->position >= TIME_LIMIT || number >= TIME_LIMIT - at->position)
		return JOURNAL_BAD_RECORD;
	event->position = at->position + number;
	offset = read_number(block, offset, at->used, &number);
	if (offset == 0 || at->time >= TIME_LIMIT || number >= TIME_LIMIT - at->time)
		return JOURNAL_BAD_RECORD;
	event->time = at->time + number;
	if (event->kind == JOURNAL_END) {
		offset = read_number(block, offset, at->used, &number);
		if (offset == 0 || number > 0xffff)
			return JOURNAL_BAD_RECORD;
		event->code = (u32)number;
	}
	if (event->kind != JOURNAL_DIGEST) {
		offset = read_number(block, offset, at->used, &event->value);
		if (offset == 0 || !value_good(event))
			return JOURNAL_BAD_RECORD;
	}
	if (has_digest(event->kind)) {
		offset = read_digest(block, offset, at->used, &at->last, &event->digest);
		if (offset == 0)
			return JOURNAL_BAD_RECORD;
		at->last = event->digest;
	}
	at->at = offset;
	at->position = event->position;
	at->time = event->time;
	return JOURNAL_OK;
}

const char *journal_error_text(enum journal_error error)
{
	switch (error) {
	case JOURNAL_OK: return "it is whole";
	case JOURNAL_UNWRITTEN: return "it was never written";
	case JOURNAL_BAD_MAGIC: return "it does not begin as a journal block does";
	case JOURNAL_BAD_VERSION: return "it is of another version of the journal";
	case JOURNAL_BAD_CHECKSUM: return "its checksum does not match";
	case JOURNAL_BAD_SEQUENCE: return "its sequence number is wrong";
	case JOURNAL_BAD_VM: return "it belongs to another VM";
	case JOURNAL_BAD_RECORDING: return "it belongs to another recording";
	case JOURNAL_BAD_BASE: return "its first position does not continue the block before";
	case JOURNAL_BAD_LENGTH: return "its length is impossible";
	case JOURNAL_BAD_KIND: return "it holds a record of an unknown kind";
	case JOURNAL_BAD_RECORD: return "it holds a record with an impossible value";
	default: return "unknown journal error";
	}
}
