/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers and interrupts of the MC146818. */
#include "rtc.h"
#include "calendar.h"

_Static_assert(sizeof(struct rtc) == 168, "struct rtc has no implicit padding");

#define SECONDS 0x00u
#define SECONDS_ALARM 0x01u
#define MINUTES 0x02u
#define MINUTES_ALARM 0x03u
#define HOURS 0x04u
#define HOURS_ALARM 0x05u
#define WEEKDAY 0x06u
#define DAY 0x07u
#define MONTH 0x08u
#define YEAR 0x09u
#define STATUS_A 0x0au
#define STATUS_B 0x0bu
#define STATUS_C 0x0cu
#define STATUS_D 0x0du
#define CENTURY 0x32u

#define A_DIVIDER 0x70u
#define A_DIVIDER_32K 0x20u
#define A_RATE 0x0fu
#define A_KEPT 0x7fu
#define B_24H 0x02u
#define B_BINARY 0x04u
#define B_UPDATE 0x10u		/* bits 6:4 of B enable the flags in bits 6:4 of C */
#define B_SET 0x80u
#define C_UPDATE 0x10u
#define C_ALARM 0x20u
#define C_PERIODIC 0x40u
#define C_FLAGS 0x70u
#define C_IRQ 0x80u
#define D_VALID 0x80u
#define HOUR_PM 0x80u
#define ALARM_ANY 0xc0u		/* from here on an alarm byte matches everything */

/* 32768 Hz : 10^9 Hz = 64 : 1953125 */
#define CLOCKS_PER_SECOND 32768u
#define CLOCK_NUMERATOR 64u
#define CLOCK_DENOMINATOR 1953125u

/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
*/
static bool divider_runs(const struct rtc *r)
{
	return (r->cmos[STATUS_A] & A_DIVIDER) == A_DIVIDER_32K;
}

/* Whether the time registers count. */
/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
*/
static bool counts(const struct rtc *r)
{
	return divider_runs(r) && (r->cmos[STATUS_B] & B_SET) == 0;
}

/* Periods of the periodic flag in 1/32768 s by rate select; 0: none. */
/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 16384;
*/
static u32 period(const struct rtc *r)
{
	static const u16 clocks[16] = { 0, 128, 256, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384 };

	return divider_runs(r) ? clocks[r->cmos[STATUS_A] & A_RATE] : 0u;
}

/* Divider clocks up to divider time `time`. */
/*@ requires time: time < RTC_TIME_MAX + TICKS_PER_SECOND;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result < 0x4000000000000;
*/
static u64 clocks_at(u64 time)
{
	return time / TICKS_PER_SECOND * CLOCKS_PER_SECOND + time % TICKS_PER_SECOND * CLOCK_NUMERATOR / CLOCK_DENOMINATOR;
}

/* The first divider time with that many clocks. */
/*@ requires range: clocks < 0x4000000008000;
    assigns  \nothing;
    exits    never: \false;
*/
static u64 time_of(u64 clocks)
{
	return clocks / CLOCKS_PER_SECOND * TICKS_PER_SECOND +
	       (clocks % CLOCKS_PER_SECOND * CLOCK_DENOMINATOR + CLOCK_NUMERATOR - 1u) / CLOCK_NUMERATOR;
}

/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 255;
*/
static u32 encode(const struct rtc *r, u32 value)
{
	u32 two = value % 100u;

	return (r->cmos[STATUS_B] & B_BINARY) != 0 ? two : two / 10u * 16u + two % 10u;
}

/*@ requires valid: \valid_read(r);
    requires range: raw <= 255;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 255;
*/
static u32 decode(const struct rtc *r, u32 raw)
{
	return (r->cmos[STATUS_B] & B_BINARY) != 0 ? raw : raw / 16u * 10u + raw % 16u;
}

/*@ requires valid: \valid_read(r);
    requires range: hour <= 23;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 255;
*/
static u32 encode_hour(const struct rtc *r, u32 hour)
{
	u32 twelve;

	if ((r->cmos[STATUS_B] & B_24H) != 0)
		return encode(r, hour);
	twelve = encode(r, hour % 12u == 0 ? 12u : hour % 12u);
	return hour >= 12u ? (twelve | HOUR_PM) & 0xffu : twelve;
}

/*@ requires valid: \valid_read(r);
    requires range: raw <= 255;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 267;
*/
static u32 decode_hour(const struct rtc *r, u32 raw)
{
	if ((r->cmos[STATUS_B] & B_24H) != 0)
		return decode(r, raw);
	return decode(r, raw % HOUR_PM) % 12u + (raw >= HOUR_PM ? 12u : 0u);
}

/* Seconds since year 0 while the clock counts. */
/*@ requires valid: \valid_read(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
*/
static u64 seconds_at(const struct rtc *r, u64 now)
{
	return r->base + (now + r->shift) / TICKS_PER_SECOND;
}

/* What a time register reads while the clock counts. */
/*@ requires valid: \valid_read(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
*/
static u8 read_time(const struct rtc *r, u32 index, u64 now)
{
	struct calendar c;

	calendar_from_seconds(seconds_at(r, now), &c);
	switch (index) {
	case SECONDS:
		return (u8)encode(r, c.second);
	case MINUTES:
		return (u8)encode(r, c.minute);
	case HOURS:
		return (u8)encode_hour(r, c.hour);
	case WEEKDAY:
		return (u8)((c.weekday - 1u + r->weekday_shift) % 7u + 1u);
	case DAY:
		return (u8)encode(r, c.day);
	case MONTH:
		return (u8)encode(r, c.month);
	case YEAR:
		return (u8)encode(r, c.year);
	default:
		return (u8)encode(r, c.year / 100u);
	}
}

/* Whether an index names a time register. */
/*@ assigns \nothing;
    exits   never: \false;
*/
static bool is_time(u32 index)
{
	return index == SECONDS || index == MINUTES || (index >= HOURS && index <= YEAR && index != HOURS_ALARM) ||
	       index == CENTURY;
}

/* The clock stops: its registers take over. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  r->cmos[0 .. 127];
    exits    never: \false;
*/
static void stop(struct rtc *r, u64 now)
{
	r->cmos[SECONDS] = read_time(r, SECONDS, now);
	r->cmos[MINUTES] = read_time(r, MINUTES, now);
	r->cmos[HOURS] = read_time(r, HOURS, now);
	r->cmos[WEEKDAY] = read_time(r, WEEKDAY, now);
	r->cmos[DAY] = read_time(r, DAY, now);
	r->cmos[MONTH] = read_time(r, MONTH, now);
	r->cmos[YEAR] = read_time(r, YEAR, now);
	r->cmos[CENTURY] = read_time(r, CENTURY, now);
}

/* The clock starts from its registers. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  r->base, r->weekday_shift;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
*/
static void start(struct rtc *r, u64 now)
{
	struct calendar c;
	u64 seconds;

	c.second = decode(r, r->cmos[SECONDS]);
	c.minute = decode(r, r->cmos[MINUTES]);
	c.hour = decode_hour(r, r->cmos[HOURS]);
	c.day = decode(r, r->cmos[DAY]);
	c.month = decode(r, r->cmos[MONTH]);
	c.year = decode(r, r->cmos[CENTURY]) % 100u * 100u + decode(r, r->cmos[YEAR]) % 100u;
	c.weekday = 1;
	seconds = calendar_to_seconds(&c);
	calendar_from_seconds(seconds, &c);
	r->weekday_shift = (u8)((r->cmos[WEEKDAY] + 7u - c.weekday) % 7u);
	r->base = seconds - (now + r->shift) / TICKS_PER_SECOND;
}

/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
*/
static bool alarm_hour(const struct rtc *r, u32 hour)
{
	u8 raw = r->cmos[HOURS_ALARM];

	return raw >= ALARM_ANY || decode_hour(r, raw) == hour;
}

/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
*/
static bool alarm_minute(const struct rtc *r, u32 minute)
{
	u8 raw = r->cmos[MINUTES_ALARM];

	return raw >= ALARM_ANY || decode(r, raw) == minute;
}

/* The first second >= `from` that the alarm matches, 60 if none. */
/*@ requires valid: \valid_read(r);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: from <= 60 ==> from <= \result <= 60;
*/
static u32 alarm_second(const struct rtc *r, u32 from)
{
	u8 raw = r->cmos[SECONDS_ALARM];
	u32 second = raw >= ALARM_ANY ? from : decode(r, raw);

	return second < from || second > 59u ? 60u : second;
}

/* The seconds from `second` of the day to the first later one that the alarm matches, 1..86400; 0 if there is none. */
/*@ requires valid: \valid_read(r);
    requires range: second < 86400;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 86400;
*/
static u32 alarm_distance(const struct rtc *r, u32 second)
{
	u32 first = second / 60u;	/* minute of the day */

	if (alarm_second(r, 0) > 59u)
		return 0;
	/*@ loop invariant range: 0 <= hours <= 25;
	    loop assigns hours;
	    loop variant 25 - hours;
	*/
	for (u32 hours = 0; hours <= 24u; hours++) {
		u32 hour = (first / 60u + hours) % 24u;

		if (!alarm_hour(r, hour))
			continue;
		/*@ loop invariant range: 0 <= minute <= 60;
		    loop assigns minute;
		    loop variant 60 - minute;
		*/
		for (u32 minute = 0; minute < 60u; minute++) {
			u32 ahead = hours * 60u + minute;	/* of the hour in which `first` lies */
			u32 match;

			if (ahead < first % 60u || !alarm_minute(r, minute))
				continue;
			match = alarm_second(r, ahead == first % 60u ? second % 60u + 1u : 0u);
			if (match <= 59u)
				return (ahead - first % 60u) * 60u + match - second % 60u;
		}
	}
	return 0;
}

/* The first update after `now` at which the alarm matches; TIME_NEVER if none. */
/*@ requires valid: \valid_read(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > now;
*/
static u64 next_alarm(const struct rtc *r, u64 now)
{
	u32 distance;

	if (!counts(r))
		return TIME_NEVER;
	distance = alarm_distance(r, (u32)(seconds_at(r, now) % CALENDAR_DAY_SECONDS));
	if (distance == 0)
		return TIME_NEVER;
	return ((now + r->shift) / TICKS_PER_SECOND + distance) * TICKS_PER_SECOND - r->shift;
}

/*@ requires valid: \valid_read(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > now;
*/
static u64 next_update(const struct rtc *r, u64 now)
{
	return counts(r) ? ((now + r->shift) / TICKS_PER_SECOND + 1u) * TICKS_PER_SECOND - r->shift : TIME_NEVER;
}

/*@ requires valid: \valid_read(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > now;
*/
static u64 next_period(const struct rtc *r, u64 now)
{
	u32 clocks = period(r);

	if (clocks == 0)
		return TIME_NEVER;
	return time_of((clocks_at(now + r->shift) / clocks + 1u) * clocks) - r->shift;
}

/* Brings the flags up to date. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  r->flags, r->since;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
*/
static void settle(struct rtc *r, u64 now)
{
	u32 flags = r->flags;

	if (next_update(r, r->since) <= now)
		flags |= C_UPDATE;
	if (next_alarm(r, r->since) <= now)
		flags |= C_ALARM;
	if (next_period(r, r->since) <= now)
		flags |= C_PERIODIC;
	r->flags = (u8)(flags & C_FLAGS);
	r->since = now;
}

/* Sets the line, and when it will rise, from flags that are up to date. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  r->line, r->event;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
    ensures  later: r->event > now;
*/
static void schedule(struct rtc *r, u64 now)
{
	u32 enabled = r->cmos[STATUS_B] & C_FLAGS;
	u64 next;

	r->event = TIME_NEVER;
	r->line = (r->flags & enabled) != 0 ? 1 : 0;
	if (r->line != 0)
		return;
	if ((enabled & C_UPDATE) != 0)
		r->event = next_update(r, now);
	if ((enabled & C_ALARM) != 0) {
		next = next_alarm(r, now);
		r->event = next < r->event ? next : r->event;
	}
	if ((enabled & C_PERIODIC) != 0) {
		next = next_period(r, now);
		r->event = next < r->event ? next : r->event;
	}
}

void rtc_reset(struct rtc *r, u64 seconds)
{
	static const struct rtc zero;

	*r = zero;
	r->base = CALENDAR_1970_SECONDS + seconds % CALENDAR_SECONDS;
	r->event = TIME_NEVER;
	r->cmos[STATUS_A] = A_DIVIDER_32K | 6u;	/* 1024 Hz */
	r->cmos[STATUS_B] = B_24H;
	r->cmos[STATUS_D] = D_VALID;
}

void rtc_select(struct rtc *r, u8 value)
{
	r->index = value % RTC_BYTES;
	r->nmi_masked = value / RTC_BYTES;
}

u8 rtc_read(struct rtc *r, u64 now)
{
	u32 value;

	if (r->index == STATUS_C) {
		settle(r, now);
		value = r->flags;
		if ((r->flags & r->cmos[STATUS_B] & C_FLAGS) != 0)
			value |= C_IRQ;
		r->flags = 0;
		schedule(r, now);
		return (u8)value;
	}
	if (is_time(r->index) && counts(r))
		return read_time(r, r->index, now);
	return r->cmos[r->index];
}

/* Writes status A or B: the clock may stop or start, the divider too. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    requires index: index == 10 || index == 11;
    assigns  r->cmos[0 .. 127], r->base, r->shift, r->weekday_shift;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
*/
static void write_status(struct rtc *r, u32 index, u8 value, u64 now)
{
	bool counted = counts(r);
	bool divided = divider_runs(r);
	u8 status = value;

	if (index == STATUS_A)
		status = value & A_KEPT;
	else if ((value & B_SET) != 0)
		status = value & (0xffu - B_UPDATE);	/* SET clears UIE */
	if (counted) {
		u8 kept = r->cmos[index];

		if (index == STATUS_B)
			r->cmos[index] = status;	/* the registers are in the new format */
		stop(r, now);
		r->cmos[index] = kept;
	}
	r->cmos[index] = status;
	if (!divided && divider_runs(r))	/* the first update comes half a second later */
		r->shift = (TICKS_PER_SECOND + TICKS_PER_SECOND / 2u - now % TICKS_PER_SECOND) % TICKS_PER_SECOND;
	if (counts(r))
		start(r, now);
}

void rtc_write(struct rtc *r, u8 value, u64 now)
{
	u32 index = r->index;

	if (index == STATUS_C || index == STATUS_D)
		return;
	if (index > STATUS_B && index != CENTURY) {
		r->cmos[index] = value;
		return;
	}
	settle(r, now);
	if (index == STATUS_A || index == STATUS_B) {
		write_status(r, index, value, now);
	} else if (is_time(index) && counts(r)) {
		stop(r, now);
		r->cmos[index] = value;
		start(r, now);
	} else {
		r->cmos[index] = value;
	}
	schedule(r, now);
}

void rtc_advance(struct rtc *r, u64 now)
{
	if (r->event > now)
		return;
	r->line = 1;
	r->event = TIME_NEVER;
}
