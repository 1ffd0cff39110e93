/* SPDX-License-Identifier: BSD-2-Clause */
/* replay/gdb_packet.c: the framing of the gdb remote protocol, whole, cut, wrong and hostile. */
#include <string.h>
#include "../replay/gdb_packet.h"
#include "random.h"
#include "test.h"

static struct gdb_reader reader;

/* Feeds text; returns the last event that was not GDB_NOTHING. */
static enum gdb_event feed(const char *text, size_t bytes)
{
	enum gdb_event last = GDB_NOTHING;

	for (size_t i = 0; i < bytes; i++) {
		enum gdb_event event = gdb_take(&reader, (u8)text[i]);

		if (event != GDB_NOTHING)
			last = event;
	}
	return last;
}

static enum gdb_event feed_text(const char *text)
{
	return feed(text, strlen(text));
}

static void a_packet_is_taken_and_a_wrong_sum_is_not(void)
{
	memset(&reader, 0, sizeof(reader));
	CU_ASSERT_EQUAL(feed_text("$m1000,4#8e"), GDB_PACKET);
	CU_ASSERT_STRING_EQUAL((char *)reader.data, "m1000,4");
	CU_ASSERT_EQUAL(feed_text("$m1000,4#8f"), GDB_BAD);
	CU_ASSERT_EQUAL(feed_text("$m1000,4#8z"), GDB_BAD);
	CU_ASSERT_EQUAL(feed_text("$m1000,4#z8"), GDB_BAD);
	CU_ASSERT_EQUAL(feed_text("$#00"), GDB_PACKET);
	CU_ASSERT_EQUAL(reader.bytes, 0);
}

static void acknowledgements_and_the_interrupt_stand_outside_packets(void)
{
	memset(&reader, 0, sizeof(reader));
	CU_ASSERT_EQUAL(feed_text("+"), GDB_ACK);
	CU_ASSERT_EQUAL(feed_text("-"), GDB_NACK);
	CU_ASSERT_EQUAL(feed_text("\003"), GDB_INTERRUPT);
	CU_ASSERT_EQUAL(feed_text("noise 12 #"), GDB_NOTHING);
	CU_ASSERT_EQUAL(feed_text("$a\003b#c6"), GDB_PACKET);	/* inside one it is data */
	CU_ASSERT_EQUAL(reader.bytes, 3);
}

static void a_cut_packet_does_not_spoil_the_next(void)
{
	memset(&reader, 0, sizeof(reader));
	CU_ASSERT_EQUAL(feed_text("$m10$g#67"), GDB_PACKET);
	CU_ASSERT_STRING_EQUAL((char *)reader.data, "g");
}

static void an_overlong_packet_is_refused_and_the_reader_goes_on(void)
{
	memset(&reader, 0, sizeof(reader));
	gdb_take(&reader, '$');
	for (u32 i = 0; i < GDB_PACKET_MAX + 5; i++)
		CU_ASSERT_EQUAL_FATAL(gdb_take(&reader, 0), GDB_NOTHING);
	CU_ASSERT_EQUAL(feed_text("#00"), GDB_BAD);
	CU_ASSERT_EQUAL(feed_text("$g#67"), GDB_PACKET);
}

static void every_byte_survives_framing(void)
{
	u8 data[512];
	char out[1200];
	size_t bytes;

	for (u32 i = 0; i < sizeof(data); i++)
		data[i] = (u8)i;
	bytes = gdb_frame(data, sizeof(data), out, sizeof(out));
	CU_ASSERT_FATAL(bytes > sizeof(data));
	memset(&reader, 0, sizeof(reader));
	CU_ASSERT_EQUAL(feed(out, bytes), GDB_PACKET);
	CU_ASSERT_EQUAL(reader.bytes, sizeof(data));
	CU_ASSERT_EQUAL(memcmp(reader.data, data, sizeof(data)), 0);
}

static void framing_refuses_a_room_too_small(void)
{
	char out[16];

	CU_ASSERT_EQUAL(gdb_frame("abc", 3, out, 3), 0);
	CU_ASSERT_EQUAL(gdb_frame("$$$$$$", 6, out, 12), 0);
	CU_ASSERT_EQUAL(gdb_frame("abc", 3, out, sizeof(out)), 7);
	CU_ASSERT_EQUAL(memcmp(out, "$abc#26", 7), 0);
}

static void hexadecimal_goes_both_ways(void)
{
	char text[9];
	u8 back[4];

	gdb_hex("\x00\x7f\xa5\xff", 4, text);
	CU_ASSERT_STRING_EQUAL(text, "007fa5ff");
	CU_ASSERT_TRUE(gdb_unhex("007FA5ff", 4, back));
	CU_ASSERT_EQUAL(memcmp(back, "\x00\x7f\xa5\xff", 4), 0);
	CU_ASSERT_FALSE(gdb_unhex("007fa5f", 4, back));
	CU_ASSERT_FALSE(gdb_unhex("007fg5ff", 4, back));
}

static void numbers_end_where_they_end_and_do_not_overflow(void)
{
	const char *text = "ffffffffffffffff,4";
	u64 value;

	CU_ASSERT_TRUE(gdb_number(&text, &value));
	CU_ASSERT_EQUAL(value, ~0ull);
	CU_ASSERT_EQUAL(*text, ',');
	text = "10000000000000000";
	CU_ASSERT_FALSE(gdb_number(&text, &value));
	text = ",";
	CU_ASSERT_FALSE(gdb_number(&text, &value));
}

static void threads_have_three_forms(void)
{
	const char *text = "p1.2;";
	s64 thread;

	CU_ASSERT_TRUE(gdb_thread(&text, &thread) && thread == 2 && *text == ';');
	text = "-1";
	CU_ASSERT_TRUE(gdb_thread(&text, &thread) && thread == -1);
	text = "p1.-1";
	CU_ASSERT_TRUE(gdb_thread(&text, &thread) && thread == -1);
	text = "p-1";
	CU_ASSERT_TRUE(gdb_thread(&text, &thread) && thread == -1);
	text = "p1.";
	CU_ASSERT_FALSE(gdb_thread(&text, &thread));
	text = "ffffffffff";
	CU_ASSERT_FALSE(gdb_thread(&text, &thread));
}

static void random_bytes_never_leave_the_buffer(void)
{
	memset(&reader, 0, sizeof(reader));
	for (u32 i = 0; i < 2000000; i++) {
		u64 x = random_u64();

		gdb_take(&reader, (x & 0x700) == 0 ? (u8)"$#}\003+-"[(x >> 12) % 6] : (u8)x);
		CU_ASSERT_FATAL(reader.bytes <= GDB_PACKET_MAX);
	}
}

const struct test_case test_gdb_packet_cases[] = {
	{ "a_packet_is_taken_and_a_wrong_sum_is_not", a_packet_is_taken_and_a_wrong_sum_is_not },
	{ "acknowledgements_and_the_interrupt_stand_outside_packets",
	  acknowledgements_and_the_interrupt_stand_outside_packets },
	{ "a_cut_packet_does_not_spoil_the_next", a_cut_packet_does_not_spoil_the_next },
	{ "an_overlong_packet_is_refused_and_the_reader_goes_on", an_overlong_packet_is_refused_and_the_reader_goes_on },
	{ "every_byte_survives_framing", every_byte_survives_framing },
	{ "framing_refuses_a_room_too_small", framing_refuses_a_room_too_small },
	{ "hexadecimal_goes_both_ways", hexadecimal_goes_both_ways },
	{ "numbers_end_where_they_end_and_do_not_overflow", numbers_end_where_they_end_and_do_not_overflow },
	{ "threads_have_three_forms", threads_have_three_forms },
	{ "random_bytes_never_leave_the_buffer", random_bytes_never_leave_the_buffer },
	{ NULL, NULL },
};
