/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254 of a PC: three counters at 1193182 Hz behind ports 40H..43H, and port 61H, which gates counter 2 and shows its
 * output. Counter 0 drives IRQ 0. CLK's pulse k comes at the first tick of virtual time t with t * 1193182 / 10^9 >= k:
 * exact rational arithmetic, split at half seconds (596591 pulses) so that nothing overflows.
 *
 * Interrupts: the board passes on "IRQ 0 rose" up to a moment. Several periods that pass between two looks are one edge,
 * as in hardware, where IRR has one bit: lost ticks stay lost.
 */
#ifndef HV_DEV_PIT_H
#define HV_DEV_PIT_H

#include "counter.h"
#include "types.h"

#define PIT_COUNTERS 3u
#define PIT_HZ 1193182u
/* Virtual time that the PIT can tell, in ticks: 2^63, 292 years. */
#define PIT_TIME_MAX 0x8000000000000000ull

struct pit {
	struct counter counter[PIT_COUNTERS];
	u64 edge;		/* the moment of the next rise of counter 0's output, TIME_NEVER if none */
	u64 due;		/* of that, or of counter 0's next load, whatever is earlier: pit_advance has work */
	u8 control61;		/* port 61H, bits 3:0 */
	u8 reserved[7];
};

/*@ predicate pit_ok(struct pit *p) =
      counter_ok(&p->counter[0]) && counter_ok(&p->counter[1]) && counter_ok(&p->counter[2]) && p->control61 <= 0x0f;

    logic integer pit_clock(integer now) = now / 500000000 * 596591 + now % 500000000 * 596591 / 500000000;

    predicate pit_at(struct pit *p, integer now) =
      now < PIT_TIME_MAX && counter_at(&p->counter[0], pit_clock(now)) &&
      counter_at(&p->counter[1], pit_clock(now)) && counter_at(&p->counter[2], pit_clock(now));
*/

/* CLK pulses up to and including the moment `now`. */
/*@ requires time:  now < PIT_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  exact: \result == pit_clock(now);
    ensures  range: \result < COUNTER_CLOCK_MAX;
*/
u64 pit_clocks(u64 now);

/* The first moment at which pit_clocks gives at least `clock`; TIME_NEVER for what lies beyond PIT_TIME_MAX. */
/*@ assigns \nothing;
    exits   never: \false;
*/
u64 pit_moment(u64 clock);

/* Power-on: no counts, gates of counters 0 and 1 high, that of 2 low. */
/*@ requires valid: \valid(p);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, 0);
*/
void pit_reset(struct pit *p);

/* Reads port 40H + `port`. */
/*@ requires valid: \valid(p);
    requires ok:    pit_ok(p);
    requires port:  port <= 3;
    requires at:    pit_at(p, now);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, now);
*/
u8 pit_read(struct pit *p, u32 port, u64 now);

/* Writes port 40H + `port`. True: this raised counter 0's output. Edges up to `now` must have been taken. */
/*@ requires valid: \valid(p);
    requires ok:    pit_ok(p);
    requires port:  port <= 3;
    requires at:    pit_at(p, now);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, now);
*/
bool pit_write(struct pit *p, u32 port, u8 value, u64 now);

/* Port 61H: bit 0 gate 2, bit 1 speaker, bits 2 and 3 kept, bit 4 toggles every 18 pulses (refresh), bit 5 output 2. */
/*@ requires valid: \valid(p);
    requires ok:    pit_ok(p);
    requires at:    pit_at(p, now);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, now);
*/
u8 pit_read61(struct pit *p, u64 now);

/*@ requires valid: \valid(p);
    requires ok:    pit_ok(p);
    requires at:    pit_at(p, now);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, now);
*/
void pit_write61(struct pit *p, u8 value, u64 now);

/* Takes the rises of counter 0's output up to `now`. True: there was at least one. */
/*@ requires valid: \valid(p);
    requires ok:    pit_ok(p);
    requires at:    pit_at(p, now);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pit_ok(p);
    ensures  at:    pit_at(p, now);
    ensures  any:   \result ==> \old(p->due) <= now;
*/
bool pit_advance(struct pit *p, u64 now);

#endif
