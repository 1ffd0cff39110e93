/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One counter of an 8254 (Intel 8254 data sheet, 231164), evaluated lazily: instead of counting, it remembers at which
 * pulse of CLK a sequence began. Time is the number of CLK pulses so far, 0 <= clock < COUNTER_CLOCK_MAX; a write made
 * after pulse c takes effect with pulse c + 1, as the data sheet says. What a counter shows depends on the writes and
 * their clocks only.
 *
 *   write count          load            load + count
 *        ▼                 ▼                  ▼
 *   ─────●────────|────────●────|────|── ... ─●───
 *        clock = c      c + 1
 *
 * The data sheet forbids a count of 1 in modes 2 and 3: it counts as 2 there.
 */
#ifndef HV_DEV_COUNTER_H
#define HV_DEV_COUNTER_H

#include "types.h"

#define COUNTER_CLOCK_MAX 0x40000000000000ull	/* 2^54 pulses: 478 years */
#define COUNTER_NEVER UINT64_MAX

#define COUNTER_LOW 1u		/* access modes (RW1, RW0): low byte, high byte, low then high */
#define COUNTER_HIGH 2u
#define COUNTER_BOTH 3u

struct counter {
	u64 start;		/* the pulse that loaded `count` (less the pulses spent paused) */
	u64 load;		/* the pulse that will load `next`, COUNTER_NEVER: waits for a trigger */
	u64 elapsed;		/* pulses counted when it was paused */
	u32 count;		/* in effect: 1..65536 */
	u32 next;		/* the count register: 1..65536 */
	u32 held;		/* what it shows while not active: 0..65535 */
	u32 latch;		/* the latched count as it is read: 0..65535 */
	u8 mode;		/* 0..5 */
	u8 access;		/* COUNTER_LOW, _HIGH, _BOTH */
	u8 bcd;			/* 0, 1; the others below are flags too */
	u8 gate;
	u8 active;		/* a sequence has been started */
	u8 paused;		/* its gate is low (modes 0 and 4) */
	u8 pending;		/* `next` shall be loaded */
	u8 written;		/* `next` holds a count */
	u8 null_count;		/* a count was written that is not loaded yet */
	u8 low_first;		/* mode 3: the sequence began with the low half */
	u8 next_low;		/* mode 3: the next one shall */
	u8 write_high;		/* the high byte is awaited */
	u8 low_byte;
	u8 read_high;		/* the high byte is read next */
	u8 latched;		/* bytes of `latch` still to be read: 0..2 */
	u8 status_latched;
	u8 status;
	u8 reserved[7];
};

/*@ predicate counter_ok(struct counter *k) =
      1 <= k->count <= 65536 && 1 <= k->next <= 65536 && k->held <= 65535 && k->latch <= 65535 &&
      k->mode <= 5 && 1 <= k->access <= 3 && k->latched <= 2 &&
      k->bcd <= 1 && k->gate <= 1 && k->active <= 1 && k->paused <= 1 && k->pending <= 1 && k->written <= 1 &&
      k->null_count <= 1 && k->low_first <= 1 && k->next_low <= 1 && k->write_high <= 1 && k->read_high <= 1 &&
      k->status_latched <= 1;

    // Nothing in it lies in the future of `clock`.
    predicate counter_at(struct counter *k, integer clock) =
      0 <= clock < COUNTER_CLOCK_MAX && k->start <= clock && k->elapsed <= clock &&
      (k->load <= COUNTER_CLOCK_MAX + 65537 || k->load == COUNTER_NEVER) &&
      (k->paused == 1 ==> k->active == 1);

    // The same for what only looks at the sequence that runs; the last moment that a load may bring is included.
    predicate counter_seen(struct counter *k, integer clock) =
      0 <= clock <= COUNTER_CLOCK_MAX + 65537 && k->start <= clock && k->elapsed <= clock;
*/

/* Power-on: mode 3, no count written, output high. The real chip is undefined until its first control word. */
/*@ requires valid: \valid(k);
    requires gate:  gate <= 1;
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, 0);
*/
void counter_reset(struct counter *k, u8 gate);

/* The control word (SC bits ignored): mode, access and BCD; the output goes to its first level, counting stops. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
void counter_control(struct counter *k, u8 word, u64 clock);

/* Writes one byte of the count. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
void counter_write(struct counter *k, u8 byte, u64 clock);

/* Reads one byte: latched status first, then the latched count, otherwise the count as it is. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
u8 counter_read(struct counter *k, u64 clock);

/* Latches the count, to be read low byte first; without effect while one is latched. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
void counter_latch(struct counter *k, u64 clock);

/* Latches the status byte: OUT, null count, access, mode, BCD. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
void counter_latch_status(struct counter *k, u64 clock);

/* Drives GATE. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
*/
void counter_gate(struct counter *k, bool gate, u64 clock);

/* Loads what is due at `clock`; the functions below need it done. */
/*@ requires valid: \valid(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    assigns  *k;
    exits    never: \false;
    ensures  ok:    counter_ok(k);
    ensures  at:    counter_at(k, clock);
    ensures  due:   k->pending == 1 ==> k->load > clock;
*/
void counter_sync(struct counter *k, u64 clock);

/* The level of OUT. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_seen(k, clock);
    assigns  \nothing;
    exits    never: \false;
*/
bool counter_out(const struct counter *k, u64 clock);

/* The first pulse after `clock` with which OUT rises, if GATE stays as it is; COUNTER_NEVER if none. */
/*@ requires valid: \valid_read(k);
    requires ok:    counter_ok(k);
    requires at:    counter_at(k, clock);
    requires due:   k->pending == 1 ==> k->load > clock;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > clock;
*/
u64 counter_rise(const struct counter *k, u64 clock);

#endif
