/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference 8254 counter: every pulse of CLK is one call. */
#include <string.h>
#include "models.h"

void model_counter_reset(struct model_counter *k, bool gate)
{
	memset(k, 0, sizeof(*k));
	k->mode = 3;
	k->access = 3;
	k->gate = gate;
	k->out = k->null = true;
}


static u32 modulus(const struct model_counter *k)
{
	return k->bcd ? 10000 : 65536;
}

void model_counter_control(struct model_counter *k, u8 word)
{
	u32 mode = word >> 1 & 7;

	k->ce %= modulus(k);	/* digits that the old format does not have are gone */
	k->mode = mode > 5 ? mode - 4 : mode;
	k->access = word >> 4 & 3;
	k->bcd = (word & 1) != 0;
	k->out = k->mode != 0;
	k->null = true;
	k->written = k->load = k->running = k->trigger = k->low_written = k->read_high = k->status_latched = false;
	k->latched = 0;
}

static void count_written(struct model_counter *k, u32 raw)
{
	u32 count = raw;

	if (k->bcd)
		count = ((raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15)) % 10000;
	if (count == 0)
		count = modulus(k);
	if (count == 1 && (k->mode == 2 || k->mode == 3))
		count = 2;
	k->cr = count;
	k->written = k->null = true;
	if (k->mode == 0) {
		k->out = false;
		k->running = false;
	}
	/* modes 2 and 3 take it at the end of the period or half while they run; 1 and 5 at a trigger */
	if (k->mode == 0 || k->mode == 4 || ((k->mode == 2 || k->mode == 3) && !k->running))
		k->load = true;
}

void model_counter_write(struct model_counter *k, u8 byte)
{
	if (k->access == 1) {
		count_written(k, byte);
	} else if (k->access == 2) {
		count_written(k, byte * 256u);
	} else if (!k->low_written) {
		k->low = byte;
		k->low_written = true;
		if (k->mode == 0)	/* counting stops */
			k->running = k->load = k->out = false;
	} else {
		k->low_written = false;
		count_written(k, byte * 256u + k->low);
	}
}

static u32 shown(const struct model_counter *k)
{
	u32 v = k->ce % modulus(k);

	return k->bcd ? v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10 : v;
}

u8 model_counter_read(struct model_counter *k)
{
	u32 value = shown(k);
	bool high;

	if (k->status_latched) {
		k->status_latched = false;
		return k->status;
	}
	if (k->latched != 0) {
		high = k->access == 2 || (k->access == 3 && k->latched == 1);
		k->latched--;
		return (u8)(high ? k->latch >> 8 : k->latch);
	}
	high = k->access == 2 || (k->access == 3 && k->read_high);
	if (k->access == 3)
		k->read_high = !k->read_high;
	return (u8)(high ? value >> 8 : value);
}

void model_counter_latch(struct model_counter *k)
{
	if (k->latched != 0)
		return;
	k->latch = shown(k);
	k->latched = k->access == 3 ? 2 : 1;
}

void model_counter_status(struct model_counter *k)
{
	if (k->status_latched)
		return;
	k->status = (u8)((k->out ? 0x80 : 0) | (k->null ? 0x40 : 0) | k->access << 4 | k->mode << 1 | (k->bcd ? 1 : 0));
	k->status_latched = true;
}

void model_counter_gate(struct model_counter *k, bool gate)
{
	bool rises = gate && !k->gate, falls = !gate && k->gate;

	k->gate = gate;
	if (falls && (k->mode == 2 || k->mode == 3)) {
		if (k->running)
			k->load = false;
		k->running = false;
		k->out = true;
	}
	if (rises && k->written && (k->mode == 1 || k->mode == 2 || k->mode == 3 || k->mode == 5))
		k->load = true;
}

static void begin(struct model_counter *k)
{
	k->load = k->null = false;
	k->ce = k->cr;
	k->running = true;
	k->expired = false;
	if (k->mode == 2 || k->mode == 3)
		k->running = k->gate;
	if (k->mode == 1)
		k->out = false;
	if (k->mode == 4 || k->mode == 5)
		k->out = true;
	if (k->mode == 3) {
		k->out = true;
		k->half = (k->cr + 1) / 2;
		if (k->running)
			k->ce = k->cr - k->cr % 2;
	}
	if (k->mode == 2)
		k->out = true;
}

static void square_wave(struct model_counter *k)
{
	if (--k->half == 0) {
		k->out = !k->out;
		k->half = k->out ? (k->cr + 1) / 2 : k->cr / 2;
		k->ce = k->cr - k->cr % 2;
		k->null = false;
		return;
	}
	k->ce -= 2;
}

void model_counter_pulse(struct model_counter *k)
{
	if (k->load) {
		begin(k);
		return;
	}
	if (!k->running || (!k->gate && k->mode != 1 && k->mode != 5))
		return;
	if (k->mode == 3) {
		square_wave(k);
		return;
	}
	if (k->mode == 2 && k->ce == 1) {
		begin(k);
		return;
	}
	k->ce = (k->ce + modulus(k) - 1) % modulus(k);
	switch (k->mode) {
	case 0: case 1:
		if (k->ce == 0)
			k->out = true;
		break;
	case 2:
		k->out = k->ce != 1;
		break;
	default:	/* a strobe of one pulse, once */
		k->out = k->expired || k->ce != 0;
		k->expired |= k->ce == 0;
		break;
	}
}

u64 model_counter_quiet(const struct model_counter *k)
{
	if (k->load)
		return 0;
	if (!k->running || (!k->gate && k->mode != 1 && k->mode != 5))
		return UINT64_MAX;
	if (k->mode == 3)
		return k->half - 1;
	return k->ce < 3 ? 0 : k->ce - 2;
}

void model_counter_skip(struct model_counter *k, u64 pulses)
{
	if (!k->running || (!k->gate && k->mode != 1 && k->mode != 5))
		return;
	k->ce -= (u32)pulses * (k->mode == 3 ? 2 : 1);
	if (k->mode == 3)
		k->half -= (u32)pulses;
	else if (k->mode >= 4)
		k->out = true;	/* a strobe is over */
}
