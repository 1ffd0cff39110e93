/* SPDX-License-Identifier: BSD-2-Clause */
/* The Gregorian calendar. */
#include "calendar.h"

/* Year 0 is a leap year, as 400 and 2000 are. */
/*@ assigns \nothing;
    exits   never: \false;
*/
static bool leap(u32 year)
{
	return year % 4u == 0 && (year % 100u != 0 || year % 400u == 0);
}

/* Days of the years before `year`. */
/*@ requires range: year <= 10000;
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
*/
static u32 days_before(u32 year)
{
	return 365u * year + (year + 3u) / 4u - (year + 99u) / 100u + (year + 399u) / 400u;
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures range: 28 <= \result <= 31;
*/
static u32 month_days(u32 year, u32 month)
{
	if (month == 2)
		return leap(year) ? 29u : 28u;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30u : 31u;
}

/*@ requires order: low <= high;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: low <= \result <= high;
    ensures  same:  low <= value <= high ==> \result == value;
*/
static u32 clamp(u32 value, u32 low, u32 high)
{
	return value < low ? low : value > high ? high : value;
}

void calendar_from_seconds(u64 seconds, struct calendar *c)
{
	u32 days = (u32)(seconds % CALENDAR_SECONDS / CALENDAR_DAY_SECONDS);
	u32 second = (u32)(seconds % CALENDAR_DAY_SECONDS);
	u32 year = days / 366u;
	u32 month = 1;

	c->weekday = (days + 6u) % 7u + 1u;	/* 0000-01-01 was a Saturday */
	/* days / 366 is at most 27 years early. */
	/*@ loop invariant range: year <= 9999;
	    loop assigns year;
	    loop variant 9999 - year;
	*/
	while (year < 9999u && days_before(year + 1u) <= days)
		year++;
	days -= clamp(days_before(year), 0, days);
	/*@ loop invariant range: 1 <= month <= 12;
	    loop assigns month, days;
	    loop variant 12 - month;
	*/
	while (month < 12u && days >= month_days(year, month)) {
		days -= month_days(year, month);
		month++;
	}
	c->year = year;
	c->month = month;
	c->day = clamp(days, 0, 30) + 1u;
	c->hour = second / 3600u;
	c->minute = second / 60u % 60u;
	c->second = second % 60u;
}

u64 calendar_to_seconds(const struct calendar *c)
{
	u32 year = clamp(c->year, 0, 9999);
	u32 month = clamp(c->month, 1, 12);
	u32 days = days_before(year) + clamp(c->day, 1, month_days(year, month)) - 1u;

	/*@ loop invariant range: 1 <= m <= month <= 12;
	    loop invariant days:  days <= 3652425 + 31 * (m - 1);
	    loop assigns m, days;
	    loop variant month - m;
	*/
	for (u32 m = 1; m < month; m++)
		days += month_days(year, m);
	return (days % 3652425u) * CALENDAR_DAY_SECONDS + clamp(c->hour, 0, 23) * 3600u + clamp(c->minute, 0, 59) * 60u +
	       clamp(c->second, 0, 59);
}
