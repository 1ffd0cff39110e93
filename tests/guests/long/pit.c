/* SPDX-License-Identifier: BSD-2-Clause */
/* 8254: channels 0 and 2 count at exactly 1193182 Hz of the TSC; modes 0, 2 and 3, latch, read-back, byte access, gate and OUT by 61H. */
#include "guest.h"

#define HZ 1193182ull

static volatile u32 count;
static volatile u64 when;

static void on_timer(struct frame *frame)
{
	when = rdtsc();
	count++;
	pic_eoi(0);
	(void)frame;
}

static void spin(u32 rounds)
{
	for (volatile u32 i = 0; i < rounds; i++)
		;
}

/* Counter 2 while the TSC advances: each pair of latched counts lies as far apart as the clock says, within one pulse. */
static void rate(void)
{
	u64 tsc, first_tsc;
	u32 value, first;

	outb(0x61, (u8)((inb(0x61) & ~2) | 1));		/* gate 2 on, speaker off */
	pit_start(2, 0, 65536);
	spin(1000);
	first_tsc = rdtsc();
	outb(0x43, 0x80);
	first = inb(0x42);
	first |= (u32)inb(0x42) << 8;
	for (u32 i = 0; i < 40; i++) {
		u64 pulses;

		spin(30000);
		tsc = rdtsc();
		outb(0x43, 0x80);	/* as many instructions after RDTSC as above */
		value = inb(0x42);
		value |= (u32)inb(0x42) << 8;
		pulses = (tsc - first_tsc) * HZ / 1000000000;
		value = (first - value) & 0xffff;
		CHECK(value == (pulses & 0xffff) || value == ((pulses + 1) & 0xffff) || value == ((pulses - 1) & 0xffff));
	}
}

/* The periodic interrupt: period n is the moment of pulse n * count, to the tick. */
static void periodic(u32 mode, u32 divisor)
{
	u64 start;

	pit_start(0, mode, divisor);
	sti_hlt_cli();
	start = when;
	for (u32 i = 1; i <= 300; i++) {
		u64 ticks, pulses = (u64)i * divisor;

		sti_hlt_cli();
		ticks = when - start;
		/* both moments are rounded up to a tick */
		CHECK(ticks * HZ + HZ >= pulses * 1000000000 && ticks * HZ <= pulses * 1000000000 + HZ);
	}
}

void guest_main(void)
{
	u32 a, b;

	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;

	/* a latched count stays, also while the counter runs; low and high byte */
	pit_start(2, 2, 60000);
	outb(0x61, (u8)(inb(0x61) | 1));
	spin(200);
	outb(0x43, 0x80);
	a = inb(0x42);
	spin(2000);
	a |= (u32)inb(0x42) << 8;
	b = pit_count(2);
	CHECK(a <= 60000 && a > 1000);
	CHECK(b <= a || b > 60000 - 20000);
	/* read-back: status (mode 2, both bytes, not null) and count */
	outb(0x43, 0xe8);			/* status of counter 2 */
	EXPECT(inb(0x42) & 0x7f, 0x34);
	outb(0x43, 0xc8);			/* status and count */
	EXPECT(inb(0x42) & 0x3f, 0x34);
	a = inb(0x42);
	a |= (u32)inb(0x42) << 8;
	CHECK(a <= 60000);
	/* gate off: it stands still */
	outb(0x61, (u8)(inb(0x61) & ~1));
	spin(100);
	pit_start(2, 0, 5000);
	spin(2000);
	a = pit_count(2);
	spin(20000);
	EXPECT(pit_count(2), a);
	EXPECT(inb(0x61) & 0x20, 0);		/* mode 0: OUT is low until the count is over */
	outb(0x61, (u8)((inb(0x61) & ~2) | 1));
	for (u32 i = 0; (inb(0x61) & 0x20) == 0; i++)
		if (i > 10000000)
			guest_failure("OUT 2 never rises");
	/* low byte only */
	outb(0x43, 0x90);			/* counter 2, low byte, mode 0 */
	outb(0x42, 200);
	spin(1);
	CHECK(inb(0x42) <= 200);
	/* one-shot: one interrupt */
	count = 0;
	pit_start(0, 0, 100);
	sti_hlt_cli();
	EXPECT(count, 1);
	sti();
	spin(200000);
	cli();
	EXPECT(count, 1);
	if (on_reprise()) {
		rate();
		periodic(2, 1193);
		periodic(2, 100);
		periodic(3, 5000);
		periodic(3, 1001);
		periodic(2, 65536);
	}
	guest_success();
}
