/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/journal.c and hv/session.c: what is written is read again, and nothing else is. */
#include <string.h>
#include "crc32c.h"
#include "journal.h"
#include "random.h"
#include "session.h"
#include "test.h"

#define EVENTS 400u

static u8 blocks[EVENTS][JOURNAL_BLOCK_BYTES];
static struct journal_event events[EVENTS];

/* A number with any count of significant bits. */
static u64 any(void)
{
	return random_u64() >> random_u64() % 64;
}

static void make_digest(struct digest *digest, const struct digest *last)
{
	*digest = *last;
	digest->exits += any() % 1000;
	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		digest->reg[i] = any();
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (any() % 2 == 0)
			digest->part[i] = (u32)any();
}

/* Writes EVENTS random events; returns the number of blocks. */
static u32 write_all(void)
{
	struct journal_cursor at = { .vm = 3, .recording = 0x1122334455667788 };
	struct digest last = { 0 };

	random_seed(7);
	memset(blocks, 0, sizeof(blocks));
	memset(events, 0, sizeof(events));
	journal_begin_block(blocks[0], &at);
	for (u32 i = 0; i < EVENTS; i++) {
		struct journal_event *event = &events[i];

		event->kind = JOURNAL_CONSOLE + (u32)(any() % 4);
		event->position = at.position + any() % (1ull << 40);
		event->time = at.time + any() % (1ull << 40);
		event->value = event->kind == JOURNAL_DIGEST ? 0 : 1 + any() % 255;
		if (event->kind == JOURNAL_END)
			event->code = (u32)(any() % 10);
		if (event->kind >= JOURNAL_DIGEST) {
			make_digest(&event->digest, &last);
			last = event->digest;
		}
		if (!journal_add(blocks[at.sequence], &at, event)) {
			journal_seal_block(blocks[at.sequence], &at);
			at.sequence++;
			journal_begin_block(blocks[at.sequence], &at);
			CU_ASSERT_TRUE(journal_add(blocks[at.sequence], &at, event));
		}
	}
	journal_seal_block(blocks[at.sequence], &at);
	return at.sequence + 1;
}

static void what_is_written_is_read_again(void)
{
	u32 count = write_all(), read = 0;
	struct journal_cursor at = { .vm = 3, .recording = 0x1122334455667788 };
	struct journal_event event;

	CU_ASSERT_TRUE(count > 10);
	for (u32 block = 0; block < count; block++) {
		at.sequence = block;
		CU_ASSERT_EQUAL(journal_open_block(blocks[block], &at), JOURNAL_OK);
		while (at.at < at.used) {
			memset(&event, 0, sizeof(event));
			CU_ASSERT_EQUAL(journal_next(blocks[block], &at, &event), JOURNAL_OK);
			CU_ASSERT_EQUAL(memcmp(&event, &events[read], sizeof(event)), 0);
			read++;
		}
	}
	CU_ASSERT_EQUAL(read, EVENTS);
	CU_ASSERT_EQUAL(journal_open_block(blocks[count], &at), JOURNAL_UNWRITTEN);
}

static enum journal_error opened(u32 block, u32 sequence, u32 vm, u64 recording, u64 position)
{
	struct journal_cursor at = { .sequence = sequence, .vm = vm, .recording = recording, .position = position };

	return journal_open_block(blocks[block], &at);
}

static void a_block_of_something_else_is_refused(void)
{
	(void)write_all();
	CU_ASSERT_EQUAL(opened(0, 0, 3, 0x1122334455667788, 0), JOURNAL_OK);
	CU_ASSERT_EQUAL(opened(0, 1, 3, 0x1122334455667788, 0), JOURNAL_BAD_SEQUENCE);
	CU_ASSERT_EQUAL(opened(0, 0, 2, 0x1122334455667788, 0), JOURNAL_BAD_VM);
	CU_ASSERT_EQUAL(opened(0, 0, 3, 0x1122334455667789, 0), JOURNAL_BAD_RECORDING);
	CU_ASSERT_EQUAL(opened(0, 0, 3, 0x1122334455667788, 1), JOURNAL_BAD_BASE);
}

static void every_flipped_bit_is_noticed(void)
{
	(void)write_all();
	for (u32 bit = 0; bit < JOURNAL_BLOCK_BYTES * 8; bit++) {
		blocks[0][bit / 8] ^= (u8)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(opened(0, 0, 3, 0x1122334455667788, 0), JOURNAL_OK);
		blocks[0][bit / 8] ^= (u8)(1u << bit % 8);
	}
}

static void seal_crc(u8 *block)
{
	u32 crc = crc32c(block, JOURNAL_CRC_AT);

	for (u32 i = 0; i < 4; i++)
		block[JOURNAL_CRC_AT + i] = (u8)(crc >> 8 * i);
}

/* Sealed noise: no record may reach beyond its block or have a number out of range. */
static void records_of_noise_stay_within_their_bounds(void)
{
	u32 good = 0, bad = 0;

	random_seed(8);
	for (u32 round = 0; round < 20000; round++) {
		struct journal_cursor at = { .vm = 3, .recording = 5 };
		struct journal_event event;
		enum journal_error error;

		journal_begin_block(blocks[0], &at);
		at.used = JOURNAL_RECORD_BYTES;
		for (u32 i = 0; i < JOURNAL_RECORD_BYTES; i++)
			blocks[0][JOURNAL_HEADER_BYTES + i] = (u8)(any() % 3 == 0 ? 1 + any() % 4 : any());
		journal_seal_block(blocks[0], &at);
		error = journal_open_block(blocks[0], &at);
		CU_ASSERT_EQUAL(error, JOURNAL_OK);
		while (error == JOURNAL_OK && at.at < at.used) {
			u32 before = at.at;

			error = journal_next(blocks[0], &at, &event);
			if (error != JOURNAL_OK)
				break;
			good++;
			CU_ASSERT_TRUE(at.at > before && at.at <= at.used);
			CU_ASSERT_TRUE(event.position < 1ull << 63 && event.time < 1ull << 63);
		}
		bad += error != JOURNAL_OK;
	}
	CU_ASSERT_TRUE(good > 1000 && bad > 1000);
}

static void a_length_beyond_the_block_is_refused(void)
{
	(void)write_all();
	blocks[0][12] = 0xd5;	/* 469 */
	blocks[0][13] = 1;
	seal_crc(blocks[0]);
	CU_ASSERT_EQUAL(opened(0, 0, 3, 0x1122334455667788, 0), JOURNAL_BAD_LENGTH);
}

static void numbers_have_one_form_only(void)
{
	struct journal_cursor at = { .vm = 3, .recording = 5 };
	static const u8 record[] = { JOURNAL_CONSOLE, 0x80, 0x00, 0x00, 0x41 };	/* position 0 in two bytes */
	struct journal_event event;

	journal_begin_block(blocks[0], &at);
	memcpy(blocks[0] + JOURNAL_HEADER_BYTES, record, sizeof(record));
	at.used = sizeof(record);
	journal_seal_block(blocks[0], &at);
	CU_ASSERT_EQUAL(journal_open_block(blocks[0], &at), JOURNAL_OK);
	CU_ASSERT_EQUAL(journal_next(blocks[0], &at, &event), JOURNAL_BAD_RECORD);
}

static void every_error_has_a_text(void)
{
	for (u32 error = JOURNAL_OK; error < JOURNAL_ERRORS; error++)
		CU_ASSERT_STRING_NOT_EQUAL(journal_error_text(error), journal_error_text(JOURNAL_ERRORS));
}

static struct session good_session(void)
{
	struct session session = { .vm_count = 2, .flags = SESSION_CHECKPOINTS, .recording = 9, .sectors = 100,
				   .digest_ticks = 10000000, .table_hpa = 0x8000000, .table_bytes = 0x10000,
				   .until = TIME_NEVER, .checkpoint_ticks = 50000000, .output_sectors = 1u << 20, .seed = 3 };

	session.index[1] = 1;
	session.script_bytes[0] = 77;
	return session;
}

static void a_session_is_read_as_it_was_written(void)
{
	struct session session = good_session(), read = { 0 };
	u8 sector[SESSION_BYTES];

	session_encode(&session, sector);
	CU_ASSERT_PTR_NULL(session_decode(sector, &read));
	CU_ASSERT_EQUAL(memcmp(&session, &read, sizeof(session)), 0);
	for (u32 bit = 0; bit < SESSION_BYTES * 8; bit++) {
		sector[bit / 8] ^= (u8)(1u << bit % 8);
		CU_ASSERT_PTR_NOT_NULL(session_decode(sector, &read));
		sector[bit / 8] ^= (u8)(1u << bit % 8);
	}
}

static bool refused(const struct session *session)
{
	struct session read;
	u8 sector[SESSION_BYTES];

	session_encode(session, sector);
	return session_decode(sector, &read) != NULL;
}

static void impossible_sessions_are_refused(void)
{
	struct session session = good_session();

	CU_ASSERT_FALSE(refused(&session));
	session.vm_count = VM_MAX + 1;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.vm_count = 0;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.flags = 0x80;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.sectors = 1;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.digest_ticks = SESSION_DIGEST_MAX + 1;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.checkpoint_ticks = 1;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.index[1] = VM_MAX;
	CU_ASSERT_TRUE(refused(&session));
	session = good_session(), session.script_bytes[0] = 100 * 512 + 1;
	CU_ASSERT_TRUE(refused(&session));
}

const struct test_case test_journal_cases[] = {
	{ "what is written is read again", what_is_written_is_read_again },
	{ "a block of something else is refused", a_block_of_something_else_is_refused },
	{ "every flipped bit is noticed", every_flipped_bit_is_noticed },
	{ "records of noise stay within their bounds", records_of_noise_stay_within_their_bounds },
	{ "a length beyond the block is refused", a_length_beyond_the_block_is_refused },
	{ "numbers have one form only", numbers_have_one_form_only },
	{ "every error has a text", every_error_has_a_text },
	{ "a session is read as it was written", a_session_is_read_as_it_was_written },
	{ "impossible sessions are refused", impossible_sessions_are_refused },
	{ NULL, NULL },
};
