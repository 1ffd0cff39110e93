/* SPDX-License-Identifier: BSD-2-Clause */
/* The Gregorian calendar, extended to the years 0..9999: seconds since 0000-01-01 00:00:00 and back. */
#ifndef HV_DEV_CALENDAR_H
#define HV_DEV_CALENDAR_H

#include "types.h"

#define CALENDAR_DAY_SECONDS 86400ull
#define CALENDAR_CYCLE_DAYS 146097ull			/* 400 years */
#define CALENDAR_SECONDS (25ull * CALENDAR_CYCLE_DAYS * CALENDAR_DAY_SECONDS)	/* 10,000 years */
#define CALENDAR_1970_SECONDS (719528ull * CALENDAR_DAY_SECONDS)

struct calendar {
	u32 year;		/* 0..9999 */
	u32 month;		/* 1..12 */
	u32 day;		/* 1..31 */
	u32 hour;		/* 0..23 */
	u32 minute;		/* 0..59 */
	u32 second;		/* 0..59 */
	u32 weekday;		/* 1..7, Sunday first */
};

/*@ predicate calendar_ok(struct calendar *c) =
      c->year <= 9999 && 1 <= c->month <= 12 && 1 <= c->day <= 31 && c->hour <= 23 && c->minute <= 59 &&
      c->second <= 59 && 1 <= c->weekday <= 7;
*/

/* The date and time of day at `seconds`, modulo 10,000 years. */
/*@ requires valid: \valid(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    calendar_ok(c);
    ensures  time:  c->hour * 3600 + c->minute * 60 + c->second == seconds % 86400;
*/
void calendar_from_seconds(u64 seconds, struct calendar *c);

/* The seconds of a date and time; fields out of range count as the nearest that exists. The weekday is not looked at. */
/*@ requires valid: \valid_read(c);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result < CALENDAR_SECONDS;
*/
u64 calendar_to_seconds(const struct calendar *c);

#endif
