/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference MC146818: seven counters that a second moves on. */
#include <string.h>
#include "models.h"

#define SECOND 1000000000ull

static bool leap(u32 year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static u32 days(u32 year, u32 month)
{
	return month == 2 ? (leap(year) ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void tick_day(struct model_rtc *r)
{
	r->weekday = r->weekday % 7 + 1;
	if (++r->day <= days(r->year, r->month))
		return;
	r->day = 1;
	if (++r->month <= 12)
		return;
	r->month = 1;
	r->year = (r->year + 1) % 10000;
}

void model_rtc_reset(struct model_rtc *r, u64 seconds)
{
	memset(r, 0, sizeof(*r));
	r->year = 1970;
	r->month = r->day = 1;
	r->weekday = 5;	/* a Thursday */
	for (u64 d = seconds / 86400; d > 0; d--)
		tick_day(r);
	r->hour = seconds / 3600 % 24;
	r->minute = seconds / 60 % 60;
	r->second = seconds % 60;
	r->ram[10] = 0x26;
	r->ram[11] = 2;
	r->ram[13] = 0x80;
}

static bool divider(const struct model_rtc *r)
{
	return (r->ram[10] & 0x70) == 0x20;
}

bool model_rtc_counts(const struct model_rtc *r)
{
	return divider(r) && (r->ram[11] & 0x80) == 0;
}

static u32 plain(const struct model_rtc *r, u8 raw)
{
	return (r->ram[11] & 4) != 0 ? raw : raw / 16u * 10 + raw % 16u;
}

static u8 coded(const struct model_rtc *r, u32 value)
{
	return (u8)((r->ram[11] & 4) != 0 ? value : value / 10 * 16 + value % 10);
}

static u32 plain_hour(const struct model_rtc *r, u8 raw)
{
	if ((r->ram[11] & 2) != 0)
		return plain(r, raw);
	return plain(r, raw & 0x7f) % 12 + (raw >= 0x80 ? 12 : 0);
}

static u8 coded_hour(const struct model_rtc *r, u32 hour)
{
	if ((r->ram[11] & 2) != 0)
		return coded(r, hour);
	return (u8)(coded(r, hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0));
}

static bool alarm(const struct model_rtc *r)
{
	return (r->ram[1] >= 0xc0 || plain(r, r->ram[1]) == r->second) && (r->ram[3] >= 0xc0 || plain(r, r->ram[3]) == r->minute) &&
	       (r->ram[5] >= 0xc0 || plain_hour(r, r->ram[5]) == r->hour);
}

static void tick_second(struct model_rtc *r)
{
	if (++r->second == 60) {
		r->second = 0;
		if (++r->minute == 60) {
			r->minute = 0;
			if (++r->hour == 24) {
				r->hour = 0;
				tick_day(r);
			}
		}
	}
	r->flags |= 0x10;
	if (alarm(r))
		r->flags |= 0x20;
}

/* Clocks of the 32768 Hz divider up to a divider time. */
static u64 clocks(u64 time)
{
	return (u64)((__uint128_t)time * 32768 / SECOND);
}

void model_rtc_advance(struct model_rtc *r, u64 now)
{
	u64 from = r->now + r->phase, to = now + r->phase;
	u32 rate = r->ram[10] & 15, period = rate == 0 ? 0 : rate < 3 ? 1u << (rate + 6) : 1u << (rate - 1);

	r->now = now;
	if (!divider(r))
		return;
	if (period != 0 && clocks(from) / period != clocks(to) / period)
		r->flags |= 0x40;
	if (model_rtc_counts(r))
		for (u64 s = from / SECOND; s < to / SECOND; s++)
			tick_second(r);
}

bool model_rtc_line(const struct model_rtc *r)
{
	return (r->flags & r->ram[11] & 0x70) != 0;
}

static u32 *counter(struct model_rtc *r, u32 index)
{
	switch (index) {
	case 0: return &r->second;
	case 2: return &r->minute;
	case 4: return &r->hour;
	case 6: return &r->weekday;
	case 7: return &r->day;
	case 8: return &r->month;
	default: return NULL;
	}
}

u8 model_rtc_read(struct model_rtc *r)
{
	u32 *c = counter(r, r->index);
	u8 value;

	if (r->index == 12) {
		value = r->flags | (model_rtc_line(r) ? 0x80 : 0);
		r->flags = 0;
		return value;
	}
	if (r->index == 4)
		return coded_hour(r, r->hour);
	if (r->index == 6)
		return (u8)r->weekday;
	if (c != NULL)
		return coded(r, *c);
	if (r->index == 9)
		return coded(r, r->year % 100);
	if (r->index == 0x32)
		return coded(r, r->year / 100);
	return r->ram[r->index];
}

/* Time registers are written by the harness only with what exists, and while the clock counts or with SET. */
void model_rtc_write(struct model_rtc *r, u8 value)
{
	u32 *c = counter(r, r->index);
	bool ran = divider(r);

	if (r->index == 12 || r->index == 13)
		return;
	if (r->index == 4) {
		r->hour = plain_hour(r, value);
	} else if (r->index == 6) {
		r->weekday = value;
	} else if (c != NULL) {
		*c = plain(r, value);
	} else if (r->index == 9) {
		r->year = r->year / 100 * 100 + plain(r, value);
	} else if (r->index == 0x32) {
		r->year = r->year % 100 + plain(r, value) * 100;
	} else if (r->index == 10) {
		r->ram[10] = value & 0x7f;
		if (!ran && divider(r))	/* the first update comes half a second later */
			r->phase = (SECOND + SECOND / 2 - r->now % SECOND) % SECOND;
	} else if (r->index == 11) {
		r->ram[11] = (value & 0x80) != 0 ? value & 0xef : value;
	} else {
		r->ram[r->index] = value;
	}
}
