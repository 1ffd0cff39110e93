/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hv/dev/counter.c against a model that does what the data sheet of the 8254 says pulse by pulse: random programs with
 * random gates in every mode, compared in output, count, null flag and rises after every step.
 */
#include <stdio.h>
#include <string.h>
#include "dev/counter.h"
#include "random.h"
#include "test.h"

struct model {
	u32 mode, bcd, access, gate, out, count, ce, low_byte, odd_high;
	bool counting, load, written, null_count, high_byte, fired, high;
};

static struct model model;
static struct counter counter;
static u64 now;

static u32 modulus(void)
{
	return model.bcd ? 10000 : 65536;
}

static void model_control(u32 mode, u32 access, u32 bcd)
{
	u32 ce = model.ce % modulus();
	u32 gate = model.gate;

	memset(&model, 0, sizeof(model));
	model.mode = mode > 5 ? mode - 4 : mode;
	model.access = access;
	model.bcd = bcd;
	model.gate = gate;
	model.ce = ce;
	model.out = model.mode != 0;
	model.null_count = true;
}

static u32 decimal(u32 raw)
{
	u32 value = 0;

	for (int digit = 3; digit >= 0; digit--)
		value = value * 10 + (raw >> 4 * digit & 15);
	return value % 10000;
}

static void model_count(u32 raw)
{
	u32 count = model.bcd ? decimal(raw) : raw;

	if (count == 0)
		count = modulus();
	if (count == 1 && (model.mode == 2 || model.mode == 3))
		count = 2;
	model.count = count;
	model.written = true;
	model.null_count = true;
	if (model.mode == 0) {
		model.counting = false;
		model.out = 0;
		model.load = true;
	} else if (model.mode == 4 || ((model.mode == 2 || model.mode == 3) && !model.counting)) {
		model.load = true;
	}
}

static void model_write(u32 byte)
{
	if (model.access == 1) {
		model_count(byte);
	} else if (model.access == 2) {
		model_count(byte << 8);
	} else if (!model.high_byte) {
		model.low_byte = byte;
		model.high_byte = true;
		if (model.mode == 0) {
			model.counting = false;
			model.load = false;
			model.out = 0;
		}
	} else {
		model.high_byte = false;
		model_count(byte << 8 | model.low_byte);
	}
}

static void model_gate(u32 gate)
{
	if (gate == model.gate)
		return;
	model.gate = gate;
	if (gate == 0 && (model.mode == 2 || model.mode == 3)) {
		if (model.counting)
			model.load = false;
		model.counting = false;
		model.out = 1;
	}
	if (gate == 1 && model.mode != 0 && model.mode != 4 && model.written)
		model.load = true;
}

static void reload(bool high)
{
	model.null_count = false;
	model.ce = model.count;
	model.high = high;
	if (model.mode == 3) {
		model.odd_high = high && model.count % 2 != 0;
		model.ce -= model.count % 2;
	}
}

static void model_load(void)
{
	model.load = false;
	model.counting = true;
	model.fired = false;
	reload(true);
	if (model.mode == 1)
		model.out = 0;
	else if (model.mode != 0)
		model.out = 1;
	if ((model.mode == 2 || model.mode == 3) && model.gate == 0) {
		model.counting = false;
		model.ce = model.count;
	}
}

static void decrement(void)
{
	model.ce = model.ce == 0 ? modulus() - 1 : model.ce - 1;
}

static void pulse_square(void)
{
	if (model.ce == (model.odd_high ? 0 : 2)) {
		model.out ^= 1;
		reload(model.out != 0);
	} else {
		model.ce -= 2;
	}
}

static void model_pulse(void)
{
	if (model.load) {
		model_load();
		return;
	}
	if (!model.counting || (model.gate == 0 && model.mode != 1 && model.mode != 5))
		return;
	switch (model.mode) {
	case 2:
		model.ce--;
		if (model.ce == 0)
			reload(true);
		model.out = model.ce != 1;
		break;
	case 3:
		pulse_square();
		break;
	case 4:
	case 5:
		decrement();
		model.out = model.fired || model.ce != 0;
		model.fired |= model.ce == 0;
		break;
	default:
		decrement();
		if (model.ce == 0)
			model.out = 1;
		break;
	}
}

static u32 shown(void)
{
	u32 value = model.ce % modulus();

	if (!model.bcd)
		return value;
	return (value / 1000) << 12 | (value / 100 % 10) << 8 | (value / 10 % 10) << 4 | value % 10;
}

/* Reads status and count through the latches. */
static bool agrees(void)
{
	u32 status, value;

	counter_latch_status(&counter, now);
	status = counter_read(&counter, now);
	counter_latch(&counter, now);
	value = counter_read(&counter, now);
	if (model.access == 2)
		value <<= 8;
	else if (model.access == 3)
		value |= (u32)counter_read(&counter, now) << 8;
	return status >> 7 == model.out && (status >> 6 & 1) == model.null_count && (status >> 4 & 3) == model.access &&
	       (status >> 1 & 7) == model.mode && (status & 1) == model.bcd &&
	       value == (shown() & (model.access == 1 ? 0xff : model.access == 2 ? 0xff00 : 0xffff));
}

/* Lets `pulses` pass. Every rise of the output must have been foretold. */
static bool run(u32 pulses)
{
	counter_sync(&counter, now);
	for (u32 i = 0; i < pulses; i++) {
		u64 foretold = counter_rise(&counter, now);
		u32 before = model.out;

		model_pulse();
		now++;
		if ((foretold == now) != (before == 0 && model.out == 1) || foretold < now)
			return false;
		counter_sync(&counter, now);
	}
	return true;
}

/* One foretelling for the whole way, as the board does it. */
static bool leap(u32 pulses)
{
	u64 foretold, end = now + pulses;

	counter_sync(&counter, now);
	foretold = counter_rise(&counter, now);
	while (now < end) {
		u32 before = model.out;

		model_pulse();
		now++;
		if (before == 0 && model.out == 1)
			break;
		if (foretold == now)
			return false;
	}
	if (foretold <= end && foretold != now)
		return false;
	while (now < end) {
		model_pulse();
		now++;
	}
	return true;
}

static void operate(void)
{
	u32 mode = random_below(8), access = 1 + random_below(3), bcd = random_below(4) == 0;

	switch (random_below(10)) {
	case 0:
		counter_control(&counter, (u8)(access << 4 | mode << 1 | bcd), now);
		model_control(mode, access, bcd);
		break;
	case 1:
	case 2: {
		u32 gate = random_below(2);

		counter_gate(&counter, gate != 0, now);
		model_gate(gate);
		break;
	}
	default: {
		u32 byte = random_below(4) == 0 ? random_below(256) : random_below(8);

		counter_write(&counter, (u8)byte, now);
		model_write(byte);
		break;
	}
	}
}

static void start_random(u64 seed)
{
	random_seed(seed);
	now = 0;
	counter_reset(&counter, 1);
	memset(&model, 0, sizeof(model));
	model.gate = 1;
	counter_control(&counter, 0x30, now);
	model_control(0, 3, 0);
}

static void against_model(void)
{
	for (u64 seed = 1; seed <= 3000; seed++) {
		start_random(seed);
		for (u32 step = 0; step < 40; step++) {
			operate();
			if (!agrees()) {
				printf("seed %lu step %u mode %u: output or count after a write\n", (unsigned long)seed, step, model.mode);
				CU_FAIL_FATAL("differs from the data sheet");
			}
			if (!(step % 2 == 0 ? run(random_below(30)) : leap(random_below(60)))) {
				printf("seed %lu step %u mode %u: a rise\n", (unsigned long)seed, step, model.mode);
				CU_FAIL_FATAL("a rise was not foretold");
			}
			if (!agrees()) {
				printf("seed %lu step %u mode %u: output or count\n", (unsigned long)seed, step, model.mode);
				CU_FAIL_FATAL("differs from the data sheet");
			}
		}
	}
	CU_PASS("3000 programs");
}

static void full_range(void)
{
	for (u32 mode = 0; mode < 6; mode++) {
		start_random(mode);
		counter_control(&counter, (u8)(0x30 | mode << 1), now);
		model_control(mode, 3, 0);
		for (u32 i = 0; i < 2; i++) {
			counter_write(&counter, 0, now);
			model_write(0);
		}
		counter_gate(&counter, false, now);
		model_gate(0);
		counter_gate(&counter, true, now);
		model_gate(1);
		for (u32 i = 0; i < 5; i++) {
			CU_ASSERT_TRUE(leap(32767 + i));
			CU_ASSERT_TRUE(agrees());
		}
	}
}

static void set(u32 word, u32 low, u32 high)
{
	counter_reset(&counter, 1);
	counter_control(&counter, (u8)word, 100);
	counter_write(&counter, (u8)low, 100);
	counter_write(&counter, (u8)high, 100);
}

static void mode_0_expires(void)
{
	set(0x30, 5, 0);
	CU_ASSERT_FALSE(counter_out(&counter, 100));
	CU_ASSERT_EQUAL(counter_rise(&counter, 100), 106);	/* N + 1 pulses after the write */
}

static void mode_2_period(void)
{
	set(0x34, 0xa5, 0x12);	/* 4773: 250 Hz */
	CU_ASSERT_EQUAL(counter_rise(&counter, 100), 101 + 4773);
	counter_sync(&counter, 101 + 4773);
	CU_ASSERT_EQUAL(counter_rise(&counter, 101 + 4773), 101 + 2 * 4773);
	CU_ASSERT_FALSE(counter_out(&counter, 101 + 4772));
	CU_ASSERT_TRUE(counter_out(&counter, 101 + 4773));
}

static void mode_3_odd(void)
{
	static const u32 values[] = { 4, 2, 0, 4, 2, 4, 2, 0, 4, 2 };
	static const bool outs[] = { true, true, true, false, false, true, true, true, false, false };

	set(0x36, 5, 0);
	for (u64 i = 0; i < 10; i++) {
		counter_latch(&counter, 101 + i);
		CU_ASSERT_EQUAL(counter_read(&counter, 101 + i), values[i]);
		CU_ASSERT_EQUAL(counter_read(&counter, 101 + i), 0);
		CU_ASSERT_EQUAL(counter_out(&counter, 101 + i), outs[i]);
	}
}

static void latch_holds(void)
{
	set(0x34, 0x00, 0x10);
	counter_latch(&counter, 101 + 0x10);
	counter_latch(&counter, 101 + 0x20);			/* the first one counts */
	CU_ASSERT_EQUAL(counter_read(&counter, 900), 0xf0);
	CU_ASSERT_EQUAL(counter_read(&counter, 1000), 0x0f);
	CU_ASSERT_EQUAL(counter_read(&counter, 101 + 0x123), 0xdd);	/* not latched: low, high */
	CU_ASSERT_EQUAL(counter_read(&counter, 101 + 0x223), 0x0d);
}

static void bcd_counts(void)
{
	set(0x31, 0x00, 0x10);	/* 1000 */
	counter_sync(&counter, 102);
	counter_latch(&counter, 102);
	CU_ASSERT_EQUAL(counter_read(&counter, 102), 0x99);
	CU_ASSERT_EQUAL(counter_read(&counter, 102), 0x09);
	CU_ASSERT_EQUAL(counter_rise(&counter, 102), 101 + 1000);
	set(0x31, 0x00, 0x00);	/* 10000 */
	CU_ASSERT_EQUAL(counter_rise(&counter, 100), 101 + 10000);
}

const struct test_case test_counter_cases[] = {
	{ "mode 0 rises N + 1 pulses after the write", mode_0_expires },
	{ "mode 2 rises every N pulses", mode_2_period },
	{ "mode 3 with an odd count is high for one pulse more", mode_3_odd },
	{ "a latched count stays", latch_holds },
	{ "BCD counts in decimal", bcd_counts },
	{ "a count of 0 is the whole range in every mode", full_range },
	{ "random programs do what the data sheet says, pulse by pulse", against_model },
	{ 0 }
};
