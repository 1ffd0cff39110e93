/* SPDX-License-Identifier: BSD-2-Clause */
/* One counter of an 8254. */
#include "counter.h"

_Static_assert(sizeof(struct counter) == 64, "struct counter has no implicit padding");

/*@ requires valid: \valid_read(k);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == 65536 || \result == 10000;
*/
static u32 modulus(const struct counter *k)
{
	return k->bcd != 0 ? 10000u : 65536u;
}

/* Pulses counted since the sequence began. */
/*@ requires valid: \valid_read(k);
    requires at:    counter_seen(k, clock);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= clock;
*/
static u64 elapsed(const struct counter *k, u64 clock)
{
	return k->paused != 0 ? k->elapsed : clock - k->start;
}

/* Mode 3: pulses of the high half. */
/*@ requires range: 1 <= count <= 65536;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: 1 <= \result <= 32768 && \result <= count;
*/
static u32 high_half(u32 count)
{
	return (count + 1u) / 2u;
}

/* Mode 3: the place in the square wave, 0 where the high half begins. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_seen(k, clock);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result < k->count;
*/
static u32 phase(const struct counter *k, u64 clock)
{
	u64 place = elapsed(k, clock) + (k->low_first != 0 ? high_half(k->count) : 0u);

	return (u32)(place % k->count);
}

/* What the counting element holds, 0..modulus - 1. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 65535;
*/
static u32 current(const struct counter *k, u64 clock)
{
	u32 m = modulus(k);
	u32 high, place;

	if (k->active == 0)
		return k->held % m;
	switch (k->mode) {
	case 2:
		return (k->count - (u32)(elapsed(k, clock) % k->count)) % m;
	case 3:
		high = high_half(k->count);
		place = phase(k, clock);
		if (place >= high)
			place -= high;
		return (k->count - k->count % 2u - 2u * place) % m;
	default:
		return (k->count + m - (u32)(elapsed(k, clock) % m)) % m;
	}
}

/*@ requires range: value <= 65535;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 65535;
*/
static u32 to_bcd(u32 value)
{
	return value / 1000u % 10u * 4096u + value / 100u % 10u * 256u + value / 10u % 10u * 16u + value % 10u;
}

/*@ requires range: raw <= 65535;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result < 10000;
*/
static u32 from_bcd(u32 raw)
{
	return (raw / 4096u * 1000u + raw / 256u % 16u * 100u + raw / 16u % 16u * 10u + raw % 16u) % 10000u;
}

/* The count as it is read. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 65535;
*/
static u32 shown(const struct counter *k, u64 clock)
{
	u32 value = current(k, clock);

	return k->bcd != 0 ? to_bcd(value) : value;
}

void counter_reset(struct counter *k, u8 gate)
{
	static const struct counter zero;

	*k = zero;
	k->load = COUNTER_NEVER;
	k->count = 65536;
	k->next = 65536;
	k->mode = 3;
	k->access = COUNTER_BOTH;
	k->gate = gate;
	k->null_count = 1;
}

void counter_sync(struct counter *k, u64 clock)
{
	if (k->pending == 0 || k->load > clock)
		return;
	k->pending = 0;
	k->null_count = 0;
	k->start = k->load;
	k->count = k->next;
	k->low_first = k->next_low;
	k->elapsed = 0;
	k->active = 1;
	k->paused = 0;
	if (k->gate == 0 && (k->mode == 0 || k->mode == 4)) {
		k->paused = 1;
	} else if (k->gate == 0 && (k->mode == 2 || k->mode == 3)) {
		k->active = 0;
		k->held = k->next % modulus(k);
	}
}

void counter_control(struct counter *k, u8 word, u64 clock)
{
	u32 mode = word / 2u % 8u;
	u32 access = word / 16u % 4u;

	counter_sync(k, clock);
	k->held = current(k, clock);
	k->mode = (u8)(mode > 5u ? mode - 4u : mode);
	k->access = (u8)(access == 0 ? COUNTER_BOTH : access);
	k->bcd = word % 2u;
	k->active = 0;
	k->paused = 0;
	k->pending = 0;
	k->written = 0;
	k->null_count = 1;
	k->load = COUNTER_NEVER;
	k->write_high = 0;
	k->read_high = 0;
	k->latched = 0;
	k->status_latched = 0;
}

/* Modes 2 and 3 with a new count while they run: it waits for the end of the period, or of the half. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    requires mode:  k->mode == 2 || k->mode == 3;
    assigns  k->load, k->next_low;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
static void load_at_boundary(struct counter *k, u64 clock)
{
	u32 place, end;

	if (k->mode == 2) {
		place = (u32)(elapsed(k, clock) % k->count);
		end = k->count;
	} else {
		place = phase(k, clock);
		end = high_half(k->count);
		k->next_low = 1;
		if (place >= end) {
			end = k->count;
			k->next_low = 0;
		}
	}
	k->load = clock + (end - place);
}

/* A whole count has been written. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    requires raw:   raw <= 65535;
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
static void set_count(struct counter *k, u32 raw, u64 clock)
{
	u32 count = k->bcd != 0 ? from_bcd(raw) : raw;
	bool triggered = k->pending != 0 && k->load != COUNTER_NEVER;

	if (count == 0)
		count = modulus(k);
	if (count == 1 && (k->mode == 2 || k->mode == 3))
		count = 2;
	k->next = count;
	k->written = 1;
	k->null_count = 1;
	k->pending = 1;
	switch (k->mode) {
	case 0:
		k->held = current(k, clock);
		k->active = 0;	/* OUT is low until the new count has expired */
		k->paused = 0;
		k->load = clock + 1u;
		break;
	case 4:
		k->load = clock + 1u;
		break;
	case 2:
	case 3:
		if (triggered)
			break;
		k->next_low = 0;
		k->load = clock + 1u;
		if (k->active != 0)
			load_at_boundary(k, clock);
		break;
	default:
		if (!triggered)
			k->load = COUNTER_NEVER;	/* GATE triggers */
		break;
	}
}

void counter_write(struct counter *k, u8 byte, u64 clock)
{
	counter_sync(k, clock);
	if (k->access == COUNTER_LOW) {
		set_count(k, byte, clock);
	} else if (k->access == COUNTER_HIGH) {
		set_count(k, byte * 256u, clock);
	} else if (k->write_high == 0) {
		k->low_byte = byte;
		k->write_high = 1;
		if (k->mode == 0) {	/* the first byte stops counting and pulls OUT low */
			k->held = current(k, clock);
			k->active = 0;
			k->paused = 0;
			k->pending = 0;
		}
	} else {
		k->write_high = 0;
		set_count(k, byte * 256u + k->low_byte, clock);
	}
}

u8 counter_read(struct counter *k, u64 clock)
{
	u32 value;
	bool high = k->access == COUNTER_HIGH;

	if (k->status_latched != 0) {
		k->status_latched = 0;
		return k->status;
	}
	counter_sync(k, clock);
	if (k->latched != 0) {
		value = k->latch;
		if (k->access == COUNTER_BOTH)
			high = k->latched == 1;
		k->latched--;
	} else {
		value = shown(k, clock);
		if (k->access == COUNTER_BOTH) {
			high = k->read_high != 0;
			k->read_high = k->read_high == 0;
		}
	}
	return (u8)(high ? value / 256u : value % 256u);
}

void counter_latch(struct counter *k, u64 clock)
{
	if (k->latched != 0)
		return;
	counter_sync(k, clock);
	k->latch = shown(k, clock);
	k->latched = k->access == COUNTER_BOTH ? 2u : 1u;
}

void counter_latch_status(struct counter *k, u64 clock)
{
	u32 out;

	if (k->status_latched != 0)
		return;
	counter_sync(k, clock);
	out = counter_out(k, clock) ? 1u : 0u;
	k->status = (u8)(out * 128u + k->null_count * 64u + k->access * 16u + k->mode * 2u + k->bcd);
	k->status_latched = 1;
}

void counter_gate(struct counter *k, bool gate, u64 clock)
{
	counter_sync(k, clock);
	if (gate == (k->gate != 0))
		return;
	k->gate = gate ? 1u : 0u;
	switch (k->mode) {
	case 0:
	case 4:
		if (k->active == 0)
			break;
		if (gate && k->paused != 0) {
			k->start = clock - k->elapsed;
			k->paused = 0;
		} else if (!gate) {
			k->elapsed = elapsed(k, clock);
			k->paused = 1;
		}
		break;
	case 2:
	case 3:
		if (!gate && k->active != 0) {	/* OUT is high at once, counting stops */
			k->held = current(k, clock);
			k->active = 0;
			k->load = COUNTER_NEVER;
		}
		if (!gate)
			break;
		/* fallthrough */
	default:
		if (gate && k->written != 0) {
			k->pending = 1;
			k->next_low = 0;
			k->load = clock + 1u;
		}
		break;
	}
}

bool counter_out(const struct counter *k, u64 clock)
{
	u64 passed;

	if (k->active == 0)
		return k->mode != 0;
	passed = elapsed(k, clock);
	switch (k->mode) {
	case 0:
	case 1:
		return passed >= k->count;
	case 2:
		return passed % k->count != k->count - 1u;
	case 3:
		return phase(k, clock) < high_half(k->count);
	default:
		return passed != k->count;
	}
}

/* The first rise after `clock` of the sequence that runs, as if nothing were pending. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > clock;
*/
static u64 rise_running(const struct counter *k, u64 clock)
{
	u64 expiry = k->start + k->count;

	if (k->active == 0 || k->paused != 0)
		return COUNTER_NEVER;
	switch (k->mode) {
	case 2:
		return clock + (k->count - (clock - k->start) % k->count);
	case 3:
		return clock + (k->count - phase(k, clock));
	case 4:
	case 5:
		return expiry + 1u > clock ? expiry + 1u : COUNTER_NEVER;
	default:
		return expiry > clock ? expiry : COUNTER_NEVER;
	}
}

/* The first rise of a sequence that `load` begins, the load itself not counted. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires load:  k->load <= COUNTER_CLOCK_MAX + 65537;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > k->load;
*/
static u64 rise_loaded(const struct counter *k)
{
	switch (k->mode) {
	case 3:
		return k->load + (k->next_low != 0 ? k->next - high_half(k->next) : k->next);
	case 4:
	case 5:
		return k->load + k->next + 1u;
	default:
		return k->load + k->next;
	}
}

u64 counter_rise(const struct counter *k, u64 clock)
{
	u64 running = rise_running(k, clock);
	bool high;

	if (k->pending == 0 || k->load == COUNTER_NEVER)
		return running;
	if (running < k->load)
		return running;
	/* The load itself raises OUT if the old sequence ends low and the new one begins high. */
	high = k->mode == 3 ? k->next_low == 0 : k->mode != 0 && k->mode != 1;
	if (high && !counter_out(k, k->load - 1u))
		return k->load;
	if (k->gate == 0 && k->mode != 1 && k->mode != 5)
		return COUNTER_NEVER;	/* it will be loaded, but not count */
	return rise_loaded(k);
}
