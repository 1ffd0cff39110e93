/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/pit.c: the 8254's ports, port 61H, and the clock that all is derived from. */
#include <string.h>
#include "dev/pit.h"
#include "random.h"
#include "test.h"

#define SECOND 1000000000ull

static struct pit pit;

/* Pulses up to `now`, in 128 bits. */
static u64 exact_clocks(u64 now)
{
	return (u64)((unsigned __int128)now * PIT_HZ / SECOND);
}

static void clocks_exact(void)
{
	CU_ASSERT_EQUAL(pit_clocks(0), 0);
	CU_ASSERT_EQUAL(pit_clocks(838), 0);
	CU_ASSERT_EQUAL(pit_clocks(839), 1);
	CU_ASSERT_EQUAL(pit_clocks(SECOND), PIT_HZ);
	CU_ASSERT_EQUAL(pit_clocks(PIT_TIME_MAX - 1), exact_clocks(PIT_TIME_MAX - 1));
	random_seed(1);
	for (u32 i = 0; i < 200000; i++) {
		u64 now = random_u64() >> (1 + random_below(63));

		if (pit_clocks(now) != exact_clocks(now))
			CU_FAIL_FATAL("pulses are not exact");
	}
}

static void moments_exact(void)
{
	random_seed(2);
	for (u32 i = 0; i < 200000; i++) {
		u64 clock = exact_clocks(random_u64() >> (2 + random_below(60)));
		u64 moment = pit_moment(clock);

		if (exact_clocks(moment) < clock || (moment > 0 && exact_clocks(moment - 1) >= clock))
			CU_FAIL_FATAL("a moment is not the first");
	}
	CU_ASSERT_EQUAL(pit_moment(COUNTER_NEVER), TIME_NEVER);
}

static void program(u8 word, u32 count, u64 now)
{
	u32 counter = word >> 6;

	(void)pit_write(&pit, 3, word, now);
	(void)pit_write(&pit, counter, (u8)count, now);
	(void)pit_write(&pit, counter, (u8)(count >> 8), now);
}

static void reset(void)
{
	memset(&pit, 0xaa, sizeof(pit));
	pit_reset(&pit);
}

static void quiet(void)
{
	reset();
	CU_ASSERT_EQUAL(pit.due, TIME_NEVER);
	CU_ASSERT_FALSE(pit_advance(&pit, PIT_TIME_MAX - 1));
	CU_ASSERT_EQUAL(pit_read(&pit, 3, 0), 0xff);
}

/* Linux's periodic tick: 250 Hz. Each rise is at the first tick of its pulse. */
static void periodic(void)
{
	u64 start = 123456789;
	u64 clock;

	reset();
	program(0x34, 4773, start);
	clock = exact_clocks(start) + 1;
	for (u32 i = 1; i <= 1000; i++) {
		u64 moment = pit.edge;

		CU_ASSERT_EQUAL(exact_clocks(moment), clock + 4773ull * i);
		CU_ASSERT_EQUAL(exact_clocks(moment - 1), clock + 4773ull * i - 1);
		CU_ASSERT_FALSE(pit_advance(&pit, moment - 1));
		CU_ASSERT_TRUE(pit_advance(&pit, moment));
		CU_ASSERT_FALSE(pit_advance(&pit, moment));
	}
}

/* 1000 periods in one look are one edge, and the next one is where it would have been. */
static void coalesced(void)
{
	reset();
	program(0x34, 1193, 0);
	CU_ASSERT_TRUE(pit_advance(&pit, SECOND));
	CU_ASSERT_FALSE(pit_advance(&pit, SECOND));
	CU_ASSERT_EQUAL(exact_clocks(pit.edge), 1 + 1193 * 1001);
}

static void one_shot(void)
{
	reset();
	program(0x30, 1000, 0);
	CU_ASSERT_EQUAL(pit.edge, pit_moment(1001));
	CU_ASSERT_TRUE(pit_advance(&pit, SECOND));
	CU_ASSERT_EQUAL(pit.edge, TIME_NEVER);
	CU_ASSERT_FALSE(pit_advance(&pit, 2 * SECOND));
	program(0x30, 1000, 2 * SECOND);	/* Linux in one-shot mode writes the count only */
	CU_ASSERT_TRUE(pit_advance(&pit, 3 * SECOND));
}

static void control_word_edge(void)
{
	reset();
	program(0x30, 1000, 0);
	CU_ASSERT_TRUE(pit_write(&pit, 3, 0x34, 10));	/* OUT is low and goes high with mode 2 */
	CU_ASSERT_FALSE(pit_write(&pit, 3, 0x34, 10));
	CU_ASSERT_FALSE(pit_write(&pit, 3, 0x30, 10));
	CU_ASSERT_FALSE(pit_write(&pit, 3, 0x74, 10));	/* another counter has no line */
}

static void latch_commands(void)
{
	reset();
	program(0x34, 0x1234, 0);
	program(0xb4, 0x5678, 0);
	(void)pit_write(&pit, 3, 0x00, pit_moment(1));
	(void)pit_write(&pit, 3, 0xc0 | 0x20 | 0x08, pit_moment(1));	/* status of counter 2 */
	CU_ASSERT_EQUAL(pit_read(&pit, 0, SECOND), 0x34);
	CU_ASSERT_EQUAL(pit_read(&pit, 0, SECOND), 0x12);
	CU_ASSERT_EQUAL(pit_read(&pit, 2, SECOND), 0xb4);	/* OUT, loaded, low and high, mode 2 */
	(void)pit_write(&pit, 3, 0xc0 | 0x02 | 0x08, pit_moment(2));	/* count and status of counters 0 and 2 */
	CU_ASSERT_EQUAL(pit_read(&pit, 0, SECOND), 0xb4);
	CU_ASSERT_EQUAL(pit_read(&pit, 0, SECOND), 0x33);
	CU_ASSERT_EQUAL(pit_read(&pit, 0, SECOND), 0x12);
	CU_ASSERT_EQUAL(pit_read(&pit, 2, SECOND), 0xb4);
	CU_ASSERT_EQUAL(pit_read(&pit, 2, SECOND), 0x78);	/* its gate is low: the count does not move */
}

static void null_count(void)
{
	reset();
	program(0x34, 100, 0);
	(void)pit_write(&pit, 3, 0xe2, 0);
	CU_ASSERT_EQUAL(pit_read(&pit, 0, 0), 0xf4);
	(void)pit_write(&pit, 3, 0xe2, pit_moment(1));
	CU_ASSERT_EQUAL(pit_read(&pit, 0, 0), 0xb4);
}

/* Linux's pit_calibrate_tsc: counter 2 in mode 0 for 10 ms, watched through bit 5 of port 61H. */
static void calibration_by_61(void)
{
	u64 now = 5000000, start = now;
	u32 latch = PIT_HZ / 100;

	reset();
	pit_write61(&pit, (u8)((pit_read61(&pit, now) & ~2u) | 1u), now);
	program(0xb0, latch, now);
	while ((pit_read61(&pit, now) & 0x20) == 0 && now - start < SECOND)
		now++;
	CU_ASSERT_EQUAL(pit_clocks(now), pit_clocks(start) + 1 + latch);
	CU_ASSERT_TRUE(now - start > 9990000 && now - start < 10010000);
}

/* Linux's quick_pit_calibrate: counts the reads while the high byte of counter 2 stands still. */
static void calibration_by_42(void)
{
	u64 now = 0;
	u8 high = 0xff, read;

	reset();
	pit_write61(&pit, 1, now);
	(void)pit_write(&pit, 3, 0xb0, now);
	(void)pit_write(&pit, 2, 0xff, now);
	(void)pit_write(&pit, 2, 0xff, now);
	now += 2000;
	for (; now < 20000000; now += 300) {
		(void)pit_read(&pit, 2, now);
		read = pit_read(&pit, 2, now);
		if (read != high && read != high - 1)
			CU_FAIL_FATAL("the high byte jumps");
		high = read;
	}
	CU_ASSERT_EQUAL(high, (0xffff - (pit_clocks(20000000 - 200) - 1)) >> 8);
}

static void port61(void)
{
	reset();
	CU_ASSERT_EQUAL(pit_read61(&pit, 0) & 0xcf, 0);
	pit_write61(&pit, 0xff, 0);
	CU_ASSERT_EQUAL(pit_read61(&pit, 0) & 0xcf, 0x0f);
	CU_ASSERT_EQUAL(pit_read61(&pit, pit_moment(17)) & 0x10, 0x00);
	CU_ASSERT_EQUAL(pit_read61(&pit, pit_moment(18)) & 0x10, 0x10);
	CU_ASSERT_EQUAL(pit_read61(&pit, pit_moment(36)) & 0x10, 0x00);
}

static void gate2(void)
{
	u64 t = 0;

	reset();
	program(0xb0, 1000, t);
	CU_ASSERT_EQUAL(pit_read61(&pit, SECOND) & 0x20, 0);	/* the gate is low */
	pit_write61(&pit, 1, SECOND);
	t = pit_clocks(SECOND) + 1000;
	CU_ASSERT_EQUAL(pit_read61(&pit, pit_moment(t) - 1) & 0x20, 0);
	CU_ASSERT_EQUAL(pit_read61(&pit, pit_moment(t)) & 0x20, 0x20);
}

/* One random access; the same seed gives the same one. */
static void access(u64 now)
{
	u32 port = random_below(6);

	if (port == 5)
		pit_write61(&pit, (u8)random_below(2), now);
	else if (port == 4)
		(void)pit_read(&pit, random_below(4), now);
	else
		(void)pit_write(&pit, port, (u8)(random_below(2) ? random_below(256) : random_below(4)), now);
}

/* The same accesses at the same times, advanced in one step or in `steps` between them. */
static u64 history(u64 seed, u32 steps)
{
	u64 now = 0;
	u64 edges = 0;	/* one bit for each of 60 accesses */

	reset();
	random_seed(seed);
	for (u32 i = 0; i < 60; i++) {
		u64 next = now + random_below(3000) * random_below(100);
		u64 state = random_state;
		bool any = false;

		for (u32 s = 0; s < steps; s++)
			any |= pit_advance(&pit, now + (next - now) / steps * s);
		any |= pit_advance(&pit, next);
		random_state = state;
		edges = edges * 2 + any;
		now = next;
		access(now);
	}
	(void)pit_advance(&pit, now + SECOND);
	return edges;
}

static void steps_do_not_matter(void)
{
	static struct pit once;

	for (u64 seed = 0; seed < 1000; seed++) {
		u64 edges = history(seed, 1);

		once = pit;
		if (history(seed, 7) != edges || memcmp(&once, &pit, sizeof(pit)) != 0)
			CU_FAIL_FATAL("7 steps are not one");
		if (history(seed, 100) != edges || memcmp(&once, &pit, sizeof(pit)) != 0)
			CU_FAIL_FATAL("100 steps are not one");
	}
	CU_PASS("1000 histories");
}

const struct test_case test_pit_cases[] = {
	{ "pulses are exact for 292 years", clocks_exact },
	{ "a pulse's moment is the first tick that has it", moments_exact },
	{ "nothing happens before a count is written", quiet },
	{ "the periodic tick is exact to a tick", periodic },
	{ "missed periods are one edge", coalesced },
	{ "mode 0 rises once", one_shot },
	{ "a control word can raise the output", control_word_edge },
	{ "latch and read-back commands hold counts and states", latch_commands },
	{ "the null count flag lasts until the next pulse", null_count },
	{ "Linux calibrates by port 61H", calibration_by_61 },
	{ "Linux calibrates by port 42H", calibration_by_42 },
	{ "port 61H keeps four bits and toggles refresh", port61 },
	{ "gate 2 holds the count", gate2 },
	{ "how often it is advanced changes nothing", steps_do_not_matter },
	{ 0 }
};
