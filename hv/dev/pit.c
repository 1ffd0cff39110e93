/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of the 8254 and port 61H. */
#include "pit.h"

_Static_assert(sizeof(struct pit) == 216, "struct pit has no implicit padding");

/* 1193182 Hz : 10^9 Hz = 596591 : 500000000 */
#define HALF_SECOND_TICKS 500000000ull
#define HALF_SECOND_CLOCKS 596591ull

#define PORT61_GATE2 0x01u
#define PORT61_KEPT 0x0fu
#define PORT61_REFRESH 0x10u
#define PORT61_OUT2 0x20u
#define REFRESH_CLOCKS 18u	/* 15.085 us */

u64 pit_clocks(u64 now)
{
	return now / HALF_SECOND_TICKS * HALF_SECOND_CLOCKS +
	       now % HALF_SECOND_TICKS * HALF_SECOND_CLOCKS / HALF_SECOND_TICKS;
}

u64 pit_moment(u64 clock)
{
	if (clock >= PIT_TIME_MAX / HALF_SECOND_TICKS * HALF_SECOND_CLOCKS)
		return TIME_NEVER;
	return clock / HALF_SECOND_CLOCKS * HALF_SECOND_TICKS +
	       (clock % HALF_SECOND_CLOCKS * HALF_SECOND_TICKS + HALF_SECOND_CLOCKS - 1u) / HALF_SECOND_CLOCKS;
}

void pit_reset(struct pit *p)
{
	counter_reset(&p->counter[0], 1);
	counter_reset(&p->counter[1], 1);
	counter_reset(&p->counter[2], 0);
	p->edge = TIME_NEVER;
	p->due = TIME_NEVER;
	p->control61 = 0;
	for (u32 i = 0; i < sizeof(p->reserved); i++)
		p->reserved[i] = 0;
}

/* Finds what counter 0 does next. Loads are work of their own, so that the state at a moment does not depend on when it was
 * asked for before. */
static void schedule(struct pit *p, u64 clock)
{
	struct counter *k = &p->counter[0];
	u64 load;

	counter_sync(k, clock);
	p->edge = pit_moment(counter_rise(k, clock));
	load = k->pending != 0 ? pit_moment(k->load) : TIME_NEVER;
	p->due = load < p->edge ? load : p->edge;
}

u8 pit_read(struct pit *p, u32 port, u64 now)
{
	if (port >= PIT_COUNTERS)
		return 0xff;	/* the control word cannot be read */
	return counter_read(&p->counter[port], pit_clocks(now));
}

/* The read-back command: latches counts and states of the counters that bits 3:1 name. */
static void read_back(struct pit *p, u8 value, u64 clock)
{
	for (u32 i = 0; i < PIT_COUNTERS; i++) {
		if (((u32)value >> (i + 1u) & 1u) == 0)
			continue;
		if ((value & 0x20u) == 0)
			counter_latch(&p->counter[i], clock);
		if ((value & 0x10u) == 0)
			counter_latch_status(&p->counter[i], clock);
	}
}

bool pit_write(struct pit *p, u32 port, u8 value, u64 now)
{
	u64 clock = pit_clocks(now);
	u32 select = port < PIT_COUNTERS ? port : value / 64u;
	bool before, after;

	if (select >= PIT_COUNTERS) {
		read_back(p, value, clock);
		return false;
	}
	if (port >= PIT_COUNTERS && value / 16u % 4u == 0) {
		counter_latch(&p->counter[select], clock);
		return false;
	}
	counter_sync(&p->counter[select], clock);
	before = counter_out(&p->counter[select], clock);
	if (port < PIT_COUNTERS)
		counter_write(&p->counter[select], value, clock);
	else
		counter_control(&p->counter[select], value, clock);
	if (select != 0)
		return false;
	after = counter_out(&p->counter[0], clock);
	schedule(p, clock);
	return !before && after;
}

u8 pit_read61(struct pit *p, u64 now)
{
	u64 clock = pit_clocks(now);
	u32 value = p->control61;

	counter_sync(&p->counter[2], clock);
	if (counter_out(&p->counter[2], clock))
		value += PORT61_OUT2;
	if (clock / REFRESH_CLOCKS % 2u != 0)
		value += PORT61_REFRESH;
	return (u8)value;
}

void pit_write61(struct pit *p, u8 value, u64 now)
{
	counter_gate(&p->counter[2], (value & PORT61_GATE2) != 0, pit_clocks(now));
	p->control61 = value & PORT61_KEPT;
}

bool pit_advance(struct pit *p, u64 now)
{
	bool rose = p->edge <= now;

	if (p->due > now)
		return false;
	schedule(p, pit_clocks(now));
	return rose;
}
