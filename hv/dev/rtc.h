/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-time clock MC146818 (data sheet of that name) with 128 bytes of CMOS RAM behind ports 70H/71H, and its
 * interrupt on IRQ 8. Its time is rtc_seconds + virtual time, in the format that status B asks for; 32H holds the century.
 * Updates take no time: UIP always reads 0. A date that does not exist becomes the last day of its month. Lazily
 * evaluated: flags of status C follow from the moment they were last looked at. Only the 32768 Hz divider (DV = 010)
 * runs; released from reset, the first update comes 500 ms later.
 */
#ifndef HV_DEV_RTC_H
#define HV_DEV_RTC_H

#include "types.h"

#define RTC_BYTES 128u
#define RTC_TIME_MAX 0x8000000000000000ull	/* virtual time that the RTC can tell */

struct rtc {
	u64 base;		/* seconds since 0000-01-01 at divider time 0, modulo 2^64 */
	u64 shift;		/* divider time = virtual time + shift; in ticks, below a second */
	u64 since;		/* virtual time at which `flags` was brought up to date */
	u64 event;		/* virtual time at which the interrupt line will rise, TIME_NEVER if it will not */
	u8 cmos[RTC_BYTES];	/* time registers: valid while the clock stands still only */
	u8 index;		/* what 70H selects, 0..127 */
	u8 nmi_masked;		/* 70H bit 7 */
	u8 flags;		/* status C: PF, AF, UF */
	u8 line;		/* the interrupt line, 0 or 1 */
	u8 weekday_shift;	/* how far the guest's day of the week is ahead of the calendar's, 0..6 */
	u8 reserved[3];
};

/*@ predicate rtc_ok(struct rtc *r) =
      r->shift < TICKS_PER_SECOND && r->since < RTC_TIME_MAX && r->index < RTC_BYTES && r->nmi_masked <= 1 &&
      r->line <= 1 && r->weekday_shift <= 6;
*/

/* Power-on with a battery: running, 24 h, BCD, interrupts off; `seconds` since 1970 UTC at virtual time 0. */
/*@ requires valid: \valid(r);
    assigns  *r;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
    ensures  quiet: r->line == 0 && r->event == TIME_NEVER;
*/
void rtc_reset(struct rtc *r, u64 seconds);

/* Writes 70H: bits 6:0 the index, bit 7 masks NMI. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    assigns  *r;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
    ensures  index: r->index == value % 128;
*/
void rtc_select(struct rtc *r, u8 value);

/* Reads 71H. Status C is cleared by reading, and the interrupt line falls. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  *r;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
*/
u8 rtc_read(struct rtc *r, u64 now);

/* Writes 71H. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    requires time:  now < RTC_TIME_MAX;
    assigns  *r;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
*/
void rtc_write(struct rtc *r, u8 value, u64 now);

/* Raises the line if its moment has come. */
/*@ requires valid: \valid(r);
    requires ok:    rtc_ok(r);
    assigns  r->line, r->event;
    exits    never: \false;
    ensures  ok:    rtc_ok(r);
    ensures  later: r->event > now;
    ensures  line:  r->line == (\old(r->event) <= now ? 1 : \old(r->line));
*/
void rtc_advance(struct rtc *r, u64 now);

#endif
