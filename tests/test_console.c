/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/console.c: bytes of the link and whose they are; hv/text.c and hv/bytes.c, which have no suite of their own. */
#include <string.h>
#include "bytes.h"
#include "console.h"
#include "test.h"
#include "text.h"

static void reset(void)
{
	memset(&console, 0, sizeof(console));
}

static void feed(const char *bytes, u32 count, bool framed)
{
	for (u32 i = 0; i < count; i++)
		console_feed((u8)bytes[i], framed);
}

static void plain(void)
{
	reset();
	CU_ASSERT_TRUE(console_is_idle());
	feed("ab", 2, true);
	CU_ASSERT_EQUAL(console.queue[0].count, 2);
	CU_ASSERT_FALSE(console_is_idle());
	CU_ASSERT_EQUAL(console_take(0), 'a');
	CU_ASSERT_EQUAL(console_take(0), 'b');
	CU_ASSERT_TRUE(console_is_idle());
}

static void select_vm(void)
{
	reset();
	feed("\xffS\x03x\xffS\x07y\xffS\x08z", 12, true);
	CU_ASSERT_EQUAL(console.queue[3].count, 1);
	CU_ASSERT_EQUAL(console_take(3), 'x');
	CU_ASSERT_EQUAL(console.queue[7].count, 1);
	CU_ASSERT_EQUAL(console_take(7), 'y');
	CU_ASSERT_EQUAL(console.vm, 0);	/* there is no VM 8 */
	CU_ASSERT_EQUAL(console_take(0), 'z');
}

static void escapes(void)
{
	reset();
	feed("\xff", 1, true);
	CU_ASSERT_FALSE(console_is_idle());
	feed("\xff", 1, true);
	CU_ASSERT_EQUAL(console.queue[0].count, 1);
	CU_ASSERT_EQUAL(console_take(0), 0xff);
	feed("\xffQ", 2, true);		/* no such sequence: lost */
	CU_ASSERT_TRUE(console_is_idle());
	feed("\xffS", 2, true);
	CU_ASSERT_FALSE(console_is_idle());
	reset();
	feed("\xffS\x01", 3, false);
	CU_ASSERT_EQUAL(console.queue[0].count, 3);
	CU_ASSERT_EQUAL(console_take(0), 0xff);
	CU_ASSERT_EQUAL(console_take(0), 'S');
	CU_ASSERT_EQUAL(console_take(0), 1);
}

static void full(void)
{
	reset();
	for (u32 i = 0; i < CONSOLE_BYTES; i++) {
		CU_ASSERT_TRUE(console_has_room());
		console_feed((u8)(i % 251u), false);
	}
	CU_ASSERT_FALSE(console_has_room());
	console_feed('!', false);
	CU_ASSERT_EQUAL(console.queue[0].count, CONSOLE_BYTES);
	CU_ASSERT_EQUAL(console_take(0), 0);
	console_feed('!', false);	/* goes round the ring's end */
	for (u32 i = 1; i < CONSOLE_BYTES; i++)
		CU_ASSERT_EQUAL(console_take(0), i % 251u);
	CU_ASSERT_EQUAL(console_take(0), '!');
	CU_ASSERT_TRUE(console_is_idle());
}

static void numbers(void)
{
	static const struct { u64 value; const char *decimal, *hex; } known[] = {
		{ 0, "0", "0H" }, { 9, "9", "9H" }, { 10, "10", "AH" }, { 0x1f0, "496", "1F0H" }, { 1000, "1000", "3E8H" },
		{ UINT64_MAX, "18446744073709551615", "FFFFFFFFFFFFFFFFH" },
		{ 10000000000000000000ull, "10000000000000000000", "8AC7230489E80000H" }
	};
	struct text text;

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		text_begin(&text);
		text_decimal(&text, known[i].value);
		CU_ASSERT_STRING_EQUAL(text_end(&text), known[i].decimal);
		text_begin(&text);
		text_hex(&text, known[i].value);
		CU_ASSERT_STRING_EQUAL(text_end(&text), known[i].hex);
	}
}

static void cut(void)
{
	struct text text;

	text_begin(&text);
	for (u32 i = 0; i < 24; i++)
		text_string(&text, "0123456789");
	CU_ASSERT_EQUAL(strlen(text_end(&text)), TEXT_BYTES - 1);
	text_decimal(&text, 5);
	CU_ASSERT_EQUAL(strlen(text_end(&text)), TEXT_BYTES - 1);
	CU_ASSERT_EQUAL(text.bytes[TEXT_BYTES - 2], '8');
}

static void little_endian(void)
{
	u8 bytes[10] = { 0 };
	static const u8 expect[10] = { 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0 };

	bytes_put64(bytes + 1, 0x1122334455667788);
	CU_ASSERT_EQUAL(memcmp(bytes, expect, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(bytes_get64(bytes + 1), 0x1122334455667788);
	CU_ASSERT_EQUAL(bytes_get32(bytes + 5), 0x11223344);
	CU_ASSERT_EQUAL(bytes_get16(bytes + 7), 0x1122);
	bytes_put16(bytes + 1, 0xfedc);
	bytes_put32(bytes + 3, 0xffffffff);
	CU_ASSERT_EQUAL(bytes_get64(bytes + 1), 0x1122fffffffffedc);
	bytes_zero(bytes + 2, 7);
	CU_ASSERT_EQUAL(bytes_get64(bytes + 1), 0xdc);
	bytes_copy(bytes, expect, 3);
	CU_ASSERT_EQUAL(bytes_get32(bytes), 0x00778800);
}

const struct test_case test_console_cases[] = {
	{ "bytes go to the first VM and come out in order", plain },
	{ "a selection sends what follows to another VM, one that is not there to the first", select_vm },
	{ "an escape doubles itself; unframed there is none", escapes },
	{ "a full queue loses what comes and goes on round its end", full },
	{ "numbers read in decimal and in the SDM's hexadecimal", numbers },
	{ "a line that is too long is cut and ends", cut },
	{ "numbers lie with their low byte first", little_endian },
	{ 0 }
};
