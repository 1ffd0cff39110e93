/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/calendar.c against the C library. */
#include <string.h>
#include <time.h>
#include "dev/calendar.h"
#include "random.h"
#include "test.h"

static bool same(const struct calendar *c, const struct tm *tm)
{
	return c->year == (u32)tm->tm_year + 1900 && c->month == (u32)tm->tm_mon + 1 && c->day == (u32)tm->tm_mday &&
	       c->hour == (u32)tm->tm_hour && c->minute == (u32)tm->tm_min && c->second == (u32)tm->tm_sec &&
	       c->weekday == (u32)tm->tm_wday + 1;
}

static bool check(u64 seconds)
{
	time_t t = (time_t)(seconds - CALENDAR_1970_SECONDS);
	struct calendar c;
	struct tm tm;

	gmtime_r(&t, &tm);
	calendar_from_seconds(seconds, &c);
	return same(&c, &tm) && calendar_to_seconds(&c) == seconds;
}

static void every_day(void)
{
	for (u64 day = 0; day < CALENDAR_SECONDS / CALENDAR_DAY_SECONDS; day++)
		if (!check(day * CALENDAR_DAY_SECONDS + day % CALENDAR_DAY_SECONDS))
			CU_FAIL_FATAL("a day is wrong");
	CU_PASS("3652425 days");
}

static void every_second(void)
{
	for (u64 second = 0; second < 2 * CALENDAR_DAY_SECONDS; second++)
		if (!check(CALENDAR_1970_SECONDS + 951782400 - CALENDAR_DAY_SECONDS + second))	/* 2000-02-28 */
			CU_FAIL_FATAL("a second is wrong");
	CU_PASS("two days");
}

static void wraps(void)
{
	struct calendar a, b;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	calendar_from_seconds(12345, &a);
	calendar_from_seconds(12345 + CALENDAR_SECONDS, &b);
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	calendar_from_seconds(UINT64_MAX, &a);
	CU_ASSERT_TRUE(a.year <= 9999);
}

static void clamps(void)
{
	struct calendar c = { .year = 2023, .month = 2, .day = 31, .hour = 99, .minute = 99, .second = 99 };
	struct calendar d;

	calendar_from_seconds(calendar_to_seconds(&c), &d);
	CU_ASSERT_EQUAL(d.day, 28);
	CU_ASSERT_EQUAL(d.month, 2);
	CU_ASSERT_EQUAL(d.hour * 10000 + d.minute * 100 + d.second, 235959);
	c = (struct calendar){ .year = 12345, .month = 0, .day = 0 };
	calendar_from_seconds(calendar_to_seconds(&c), &d);
	CU_ASSERT_EQUAL(d.year, 9999);
	CU_ASSERT_EQUAL(d.month * 100 + d.day, 101);
	c.month = 200;
	c.day = 200;
	calendar_from_seconds(calendar_to_seconds(&c), &d);
	CU_ASSERT_EQUAL(d.month * 100 + d.day, 1231);
}

const struct test_case test_calendar_cases[] = {
	{ "every day of 10,000 years is right both ways", every_day },
	{ "every second around a leap day is right both ways", every_second },
	{ "10,000 years later it is the same date", wraps },
	{ "fields out of range count as the nearest", clamps },
	{ 0 }
};
