/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of journal blocks. */
#include "journal.h"
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

static void put(u8 *block, u32 at, u32 width, u64 value)
{
	for (u32 i = 0; i < width; i++)
		block[at + i] = (u8)(value >> (8 * i));
}

static u64 get(const u8 *block, u32 at, u32 width)
{
	u64 value = 0;

	for (u32 i = 0; i < width; i++)
		value |= (u64)block[at + i] << (8 * i);
	return value;
}

/* A record as it is built, before it is known to fit. */
struct draft {
	u32 length;
	u8 byte[RECORD_MAX];
};

static void draft_byte(struct draft *draft, u8 byte)
{
	draft->byte[draft->length] = byte;
	draft->length++;
}

static void draft_number(struct draft *draft, u64 value)
{
	for (u32 i = 1; i < NUMBER_MAX && value > 0x7f; i++) {
		draft_byte(draft, (u8)(value % 0x80 + 0x80));
		value /= 0x80;
	}
	draft_byte(draft, (u8)value);
}

/* Bit i: part i is not as in the digest before. */
static u64 changed_parts(const struct digest *last, const struct digest *digest)
{
	u64 changed = 0;

	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (digest->part[i] != last->part[i])
			changed |= 1u << i;
	return changed;
}

static void draft_digest(struct draft *draft, const struct digest *last, const struct digest *digest)
{
	draft_number(draft, digest->exits - last->exits);
	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		draft_number(draft, digest->reg[i] ^ last->reg[i]);
	draft_number(draft, changed_parts(last, digest));
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (digest->part[i] != last->part[i])
			for (u32 k = 0; k < 4; k++)
				draft_byte(draft, (u8)(digest->part[i] >> (8 * k)));
}

static bool has_digest(u32 kind)
{
	return kind == JOURNAL_DIGEST || kind == JOURNAL_END;
}

void journal_begin_block(u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at)
{
	for (u32 i = 0; i < JOURNAL_BLOCK_BYTES; i++)
		block[i] = 0;
	put(block, OFF_MAGIC, 4, JOURNAL_MAGIC);
	put(block, OFF_VERSION, 2, JOURNAL_VERSION);
	put(block, OFF_VM, 2, at->vm);
	put(block, OFF_SEQUENCE, 4, at->sequence);
	put(block, OFF_POSITION, 8, at->position);
	put(block, OFF_TIME, 8, at->time);
	put(block, OFF_RECORDING, 8, at->recording);
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
	for (u32 i = 0; i < draft.length; i++)
		block[JOURNAL_HEADER_BYTES + at->used + i] = draft.byte[i];
	at->used += draft.length;
	at->position = event->position;
	at->time = event->time;
	if (has_digest(event->kind))
		at->last = event->digest;
	return true;
}

void journal_seal_block(u8 block[JOURNAL_BLOCK_BYTES], const struct journal_cursor *at)
{
	put(block, OFF_USED, 4, at->used);
	put(block, JOURNAL_CRC_AT, 4, crc32c(block, JOURNAL_CRC_AT));
}

static bool unwritten(const u8 *block)
{
	for (u32 i = 0; i < JOURNAL_BLOCK_BYTES; i++)
		if (block[i] != 0)
			return false;
	return true;
}

enum journal_error journal_open_block(const u8 block[JOURNAL_BLOCK_BYTES], struct journal_cursor *at)
{
	if (unwritten(block))
		return JOURNAL_UNWRITTEN;
	if (get(block, OFF_MAGIC, 4) != JOURNAL_MAGIC)
		return JOURNAL_BAD_MAGIC;
	if (get(block, OFF_VERSION, 2) != JOURNAL_VERSION)
		return JOURNAL_BAD_VERSION;
	if (get(block, JOURNAL_CRC_AT, 4) != crc32c(block, JOURNAL_CRC_AT))
		return JOURNAL_BAD_CHECKSUM;
	if (get(block, OFF_SEQUENCE, 4) != at->sequence)
		return JOURNAL_BAD_SEQUENCE;
	if (get(block, OFF_VM, 2) != at->vm)
		return JOURNAL_BAD_VM;
	if (get(block, OFF_RECORDING, 8) != at->recording)
		return JOURNAL_BAD_RECORDING;
	if (get(block, OFF_POSITION, 8) != at->position || get(block, OFF_TIME, 8) != at->time)
		return JOURNAL_BAD_BASE;
	if (get(block, OFF_USED, 4) > JOURNAL_RECORD_BYTES)
		return JOURNAL_BAD_LENGTH;
	at->used = (u32)get(block, OFF_USED, 4);
	at->at = 0;
	return JOURNAL_OK;
}

/* Reads a LEB128 number at `offset` of `used` bytes of records, the shortest form only. Returns the offset after it, 0 if
 * it is not one. */
static u32 read_number(const u8 *block, u32 offset, u32 used, u64 *value)
{
	u64 result = 0;

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

static u32 read_digest(const u8 *block, u32 offset, u32 used, const struct digest *last, struct digest *digest)
{
	u64 number = 0;

	offset = read_number(block, offset, used, &number);
	digest->exits = last->exits + number;
	for (u32 i = 0; i < DIGEST_REGISTERS && offset != 0; i++) {
		offset = read_number(block, offset, used, &number);
		digest->reg[i] = last->reg[i] ^ number;
	}
	if (offset != 0)
		offset = read_number(block, offset, used, &number);
	if (offset == 0 || number >= 1u << DIGEST_PARTS)
		return 0;
	for (u32 i = 0; i < DIGEST_PARTS; i++) {
		digest->part[i] = last->part[i];
		if ((number >> i & 1u) == 0)
			continue;
		if (used - offset < 4)
			return 0;
		digest->part[i] = (u32)get(block, JOURNAL_HEADER_BYTES + offset, 4);
		offset += 4;
	}
	return offset;
}

/* Whether the value of a CONSOLE, TIME or END record is possible. */
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
