/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/rtc.c: the MC146818's time, formats, alarm and interrupts. */
#include <string.h>
#include "dev/calendar.h"
#include "dev/rtc.h"
#include "random.h"
#include "test.h"

#define SECOND 1000000000ull
#define EVENING 1700000000u	/* 2023-11-14 22:13:20, a Tuesday */

static struct rtc rtc;

static u8 in(u8 index, u64 now)
{
	rtc_advance(&rtc, now);
	rtc_select(&rtc, index);
	return rtc_read(&rtc, now);
}

static void out(u8 index, u8 value, u64 now)
{
	rtc_advance(&rtc, now);
	rtc_select(&rtc, index);
	rtc_write(&rtc, value, now);
}

static void start(u64 seconds)
{
	memset(&rtc, 0xaa, sizeof(rtc));
	rtc_reset(&rtc, seconds);
}

/* Year, month, day, hour, minute, second in hexadecimal digits. */
static u64 date(u64 now)
{
	return (u64)in(0x09, now) << 40 | (u64)in(0x08, now) << 32 | (u64)in(0x07, now) << 24 | (u64)in(0x04, now) << 16 |
	       (u64)in(0x02, now) << 8 | in(0x00, now);
}

static bool line(u64 now)
{
	rtc_advance(&rtc, now);
	return rtc.line != 0;
}

static void power_on(void)
{
	start(EVENING);
	CU_ASSERT_EQUAL(in(0x0a, 0), 0x26);
	CU_ASSERT_EQUAL(in(0x0b, 0), 0x02);
	CU_ASSERT_EQUAL(in(0x0c, 0), 0x00);
	CU_ASSERT_EQUAL(in(0x0d, 0), 0x80);
	CU_ASSERT_FALSE(line(1000 * SECOND));
}

static void time_passes(void)
{
	start(EVENING);
	CU_ASSERT_EQUAL(date(0), 0x231114221320);
	CU_ASSERT_EQUAL(date(SECOND - 1), 0x231114221320);
	CU_ASSERT_EQUAL(date(SECOND), 0x231114221321);
	CU_ASSERT_EQUAL(date(7000 * SECOND), 0x231115001000);
	CU_ASSERT_EQUAL(in(0x06, 0), 3);
	CU_ASSERT_EQUAL(in(0x06, 7000 * SECOND), 4);
	CU_ASSERT_EQUAL(in(0x32, 0), 0x20);
}

static void formats(void)
{
	start(EVENING);
	out(0x0b, 0x06, 0);
	CU_ASSERT_EQUAL(date(0), 0x170b0e160d14);
	out(0x0b, 0x04, 0);
	CU_ASSERT_EQUAL(in(0x04, 0), 0x8a);
	out(0x0b, 0x00, 0);
	CU_ASSERT_EQUAL(in(0x04, 0), 0x90);
	CU_ASSERT_EQUAL(in(0x04, 7000 * SECOND), 0x12);		/* midnight */
	CU_ASSERT_EQUAL(in(0x04, (7000 + 43200) * SECOND), 0x92);	/* noon */
}

static void hours_both_ways(void)
{
	for (u32 format = 0; format < 8; format += 2)
		for (u32 hour = 0; hour < 24; hour++) {
			start(hour * 3600);
			out(0x0b, (u8)format, 0);
			out(0x04, in(0x04, 0), 0);
			out(0x0b, 0x06, 0);
			CU_ASSERT_EQUAL(in(0x04, 0), hour);
		}
}

static void no_update_in_progress(void)
{
	start(EVENING);
	out(0x0a, 0xff, 0);
	CU_ASSERT_EQUAL(in(0x0a, 0), 0x7f);
	out(0x0a, 0x26, 0);
	for (u64 now = 0; now < 2 * SECOND; now += 999983)
		CU_ASSERT_EQUAL(in(0x0a, now) & 0x80, 0);
}

/* mc146818_set_time of Linux: SET, divider reset, registers, SET off, divider on. */
static void set_time(void)
{
	u64 now = 10 * SECOND + 700000000;

	start(EVENING);
	out(0x0b, 0x82, now);
	CU_ASSERT_EQUAL(in(0x00, now + 5 * SECOND), 0x30);	/* stands still */
	out(0x0a, 0x76, now);
	out(0x09, 0x00, now);
	out(0x08, 0x02, now);
	out(0x07, 0x28, now);
	out(0x04, 0x23, now);
	out(0x02, 0x59, now);
	out(0x00, 0x58, now);
	out(0x06, 0x02, now);
	out(0x0b, 0x02, now);
	CU_ASSERT_EQUAL(date(now), 0x000228235958);
	out(0x0a, 0x26, now);
	CU_ASSERT_EQUAL(date(now + SECOND / 2 - 1), 0x000228235958);
	CU_ASSERT_EQUAL(date(now + SECOND / 2), 0x000228235959);
	CU_ASSERT_EQUAL(in(0x06, now), 2);
	CU_ASSERT_EQUAL(date(now + 3 * SECOND / 2), 0x000229000000);	/* 2000 was a leap year */
	CU_ASSERT_EQUAL(in(0x06, now + 3 * SECOND / 2), 3);
	out(0x32, 0x19, now);
	CU_ASSERT_EQUAL(date(now + 3 * SECOND / 2), 0x000301000000);	/* 1900 was not */
}

/* A date that does not exist is the last day of its month. */
static void no_such_date(void)
{
	start(EVENING);
	out(0x08, 0x10, 0);
	out(0x07, 0x31, 0);
	CU_ASSERT_EQUAL(date(0), 0x231031221320);
	out(0x08, 0x02, 0);
	CU_ASSERT_EQUAL(date(0), 0x230228221320);
	out(0x08, 0x10, 0);
	CU_ASSERT_EQUAL(date(0), 0x231028221320);
}

static void set_bit_keeps_the_phase(void)
{
	start(EVENING);
	out(0x0b, 0x82, SECOND / 4);
	out(0x0b, 0x02, 5 * SECOND + SECOND / 2);
	CU_ASSERT_EQUAL(in(0x00, 6 * SECOND - 1), 0x20);
	CU_ASSERT_EQUAL(in(0x00, 6 * SECOND), 0x21);
}

static void running_write(void)
{
	start(EVENING);
	out(0x00, 0x45, SECOND / 3);
	CU_ASSERT_EQUAL(date(SECOND - 1), 0x231114221345);
	CU_ASSERT_EQUAL(date(SECOND), 0x231114221346);
}

static void ram(void)
{
	start(EVENING);
	for (u32 i = 0x0e; i < 0x80; i++)
		if (i != 0x32)
			out((u8)i, (u8)(i * 3), 0);
	for (u32 i = 0x0e; i < 0x80; i++)
		if (i != 0x32)
			CU_ASSERT_EQUAL(in((u8)i, SECOND), (u8)(i * 3));
	out(0x0c, 0xff, 0);
	out(0x0d, 0x00, 0);
	CU_ASSERT_EQUAL(in(0x0d, 0), 0x80);
	rtc_select(&rtc, 0x8d);
	CU_ASSERT_EQUAL(rtc_read(&rtc, 0), 0x80);	/* bit 7 of 70H masks NMI */
	CU_ASSERT_EQUAL(rtc.nmi_masked, 1);
}

/* Every rate: the k-th flag comes with clock k * period of 32768 Hz, to the tick. */
static void periodic(void)
{
	static const u32 hertz[16] = { 0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2 };

	for (u32 rate = 1; rate < 16; rate++) {
		start(EVENING);
		out(0x0a, (u8)(0x20 | rate), 0);
		out(0x0b, 0x42, 0);
		for (u64 k = 1; k <= 100; k++) {
			u64 moment = (k * SECOND + hertz[rate] - 1) / hertz[rate];

			CU_ASSERT_EQUAL(rtc.event, moment);
			CU_ASSERT_FALSE(line(moment - 1));
			CU_ASSERT_TRUE(line(moment));
			CU_ASSERT_EQUAL(rtc.event, TIME_NEVER);	/* until it is read */
			CU_ASSERT_EQUAL(in(0x0c, moment) & 0xc0, 0xc0);
			CU_ASSERT_FALSE(line(moment));
		}
	}
}

static void polled_flag(void)
{
	start(EVENING);
	CU_ASSERT_EQUAL(in(0x0c, 976562) & 0x40, 0x00);
	CU_ASSERT_EQUAL(in(0x0c, 976563) & 0xc0, 0x40);	/* the flag without the interrupt */
	CU_ASSERT_EQUAL(in(0x0c, 976563), 0x00);
}

static void enabling_a_flag_that_is_set(void)
{
	start(EVENING);
	CU_ASSERT_FALSE(line(SECOND / 2));
	out(0x0b, 0x42, SECOND / 2);
	CU_ASSERT_TRUE(line(SECOND / 2));
	out(0x0b, 0x02, SECOND / 2);
	CU_ASSERT_FALSE(line(SECOND / 2));
}

static void update_interrupt(void)
{
	start(EVENING);
	(void)in(0x0c, 0);
	out(0x0b, 0x12, SECOND / 2);
	CU_ASSERT_EQUAL(rtc.event, SECOND);
	CU_ASSERT_TRUE(line(SECOND));
	CU_ASSERT_EQUAL(in(0x0c, SECOND) & 0x90, 0x90);
	CU_ASSERT_EQUAL(rtc.event, 2 * SECOND);
	out(0x0b, 0x92, SECOND);		/* SET clears UIE */
	CU_ASSERT_EQUAL(in(0x0b, SECOND), 0x82);
	CU_ASSERT_EQUAL(rtc.event, TIME_NEVER);
}

static void alarm(u8 hour, u8 minute, u8 second, u64 moment)
{
	start(EVENING);
	out(0x05, hour, 0);
	out(0x03, minute, 0);
	out(0x01, second, 0);
	out(0x0b, 0x22, SECOND / 2);
	CU_ASSERT_EQUAL(rtc.event, moment);
	if (moment == TIME_NEVER)
		return;
	CU_ASSERT_FALSE(line(moment - 1));
	CU_ASSERT_TRUE(line(moment));
	CU_ASSERT_EQUAL(in(0x0c, moment) & 0xa0, 0xa0);
}

static void alarms(void)
{
	alarm(0x22, 0x13, 0x21, SECOND);
	alarm(0x22, 0x13, 0x20, 86400 * SECOND);
	alarm(0x22, 0x14, 0x00, 40 * SECOND);
	alarm(0x00, 0x00, 0x00, 6400 * SECOND);
	alarm(0xff, 0xff, 0xff, SECOND);
	alarm(0xc0, 0x13, 0x05, 3585 * SECOND);
	alarm(0xff, 0xff, 0x05, 45 * SECOND);
	alarm(0x21, 0xff, 0xff, (86400 - 4400) * SECOND);
	alarm(0x24, 0x00, 0x00, TIME_NEVER);
	alarm(0xff, 0x60, 0x00, TIME_NEVER);
	alarm(0xff, 0xff, 0x60, TIME_NEVER);
}

/* Whether the alarm bytes match a second of the day, 24 h BCD. */
static bool matches(const u8 *bytes, u32 second)
{
	u32 fields[3] = { second / 3600, second / 60 % 60, second % 60 };

	for (u32 i = 0; i < 3; i++)
		if (bytes[i] < 0xc0 && bytes[i] != fields[i] / 10 * 16 + fields[i] % 10)
			return false;
	return true;
}

static void random_alarms(void)
{
	random_seed(3);
	for (u32 i = 0; i < 300; i++) {
		u32 second = random_below(86400), distance = 1;
		u8 bytes[3];

		for (u32 k = 0; k < 3; k++)
			bytes[k] = random_below(2) ? 0xff : (u8)(random_below(6) * 16 + random_below(10));
		while (distance <= 86400 && !matches(bytes, (second + distance) % 86400))
			distance++;
		start(second);
		out(0x05, bytes[0], 0);
		out(0x03, bytes[1], 0);
		out(0x01, bytes[2], 0);
		(void)in(0x0c, 0);
		out(0x0b, 0x22, 0);
		CU_ASSERT_EQUAL(rtc.event, distance <= 86400 ? distance * SECOND : TIME_NEVER);
	}
}

static void stopped_divider(void)
{
	start(EVENING);
	out(0x0b, 0x72, 0);
	out(0x0a, 0x66, SECOND / 2);
	(void)in(0x0c, SECOND / 2);
	CU_ASSERT_EQUAL(rtc.event, TIME_NEVER);
	CU_ASSERT_EQUAL(in(0x00, 100 * SECOND), 0x20);
	CU_ASSERT_EQUAL(in(0x0c, 100 * SECOND), 0);
}

/* The same accesses at the same times, advanced in one step or in many between them. */
static void history(u64 seed, u32 steps)
{
	static const u8 registers[8] = { 0x00, 0x01, 0x03, 0x05, 0x0a, 0x0b, 0x0c, 0x32 };
	u64 now = 0;

	start(EVENING);
	random_seed(seed);
	for (u32 i = 0; i < 40; i++) {
		u64 next = now + random_below(4000) * 1000ull * random_below(1000);
		u8 index = registers[random_below(8)];
		u8 value = (u8)(random_below(2) ? random_below(256) : 0x26 | random_below(64));

		for (u32 s = 0; s < steps; s++)
			rtc_advance(&rtc, now + (next - now) / steps * s);
		rtc_advance(&rtc, next);
		now = next;
		if (random_below(2))
			out(index, value, now);
		else
			(void)in(index, now);
	}
}

static void steps_do_not_matter(void)
{
	static struct rtc once;

	for (u64 seed = 0; seed < 1000; seed++) {
		history(seed, 1);
		once = rtc;
		history(seed, 50);
		if (memcmp(&once, &rtc, sizeof(rtc)) != 0)
			CU_FAIL_FATAL("50 steps are not one");
	}
	CU_PASS("1000 histories");
}

const struct test_case test_rtc_cases[] = {
	{ "it runs at power-on, in 24 h and BCD", power_on },
	{ "time is the plan's seconds and virtual time", time_passes },
	{ "status B says how time is shown", formats },
	{ "every hour reads and writes in every format", hours_both_ways },
	{ "no update is ever in progress", no_update_in_progress },
	{ "Linux sets the time", set_time },
	{ "a date that does not exist is the last day of its month", no_such_date },
	{ "SET holds the registers and keeps the phase", set_bit_keeps_the_phase },
	{ "a register can be written while it runs", running_write },
	{ "the other bytes are RAM, C and D are read-only", ram },
	{ "every periodic rate is exact to a tick", periodic },
	{ "flags can be polled", polled_flag },
	{ "enabling a flag that is set interrupts", enabling_a_flag_that_is_set },
	{ "the update interrupt comes every second", update_interrupt },
	{ "the alarm matches, or does not care", alarms },
	{ "random alarms come at the first second that matches", random_alarms },
	{ "a stopped divider stops everything", stopped_divider },
	{ "how often it is advanced changes nothing", steps_do_not_matter },
	{ 0 }
};
