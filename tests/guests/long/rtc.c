/* SPDX-License-Identifier: BSD-2-Clause */
/* MC146818: date and time in BCD and binary, seconds that pass with the TSC, CMOS RAM, periodic, update and alarm interrupts. */
/* run: --rtc 1000000000 */
#include "guest.h"

static volatile u32 count, flags;

static u8 get(u8 index)
{
	outb(0x70, index);
	return inb(0x71);
}

static void set(u8 index, u8 value)
{
	outb(0x70, index);
	outb(0x71, value);
}

static void on_rtc(struct frame *frame)
{
	count++;
	flags = get(0xc);
	pic_eoi(8);
	(void)frame;
}

static void on_timer(struct frame *frame)
{
	pic_eoi(0);
	(void)frame;
}

void guest_main(void)
{
	u64 start, ticks;
	u8 second;

	pic_start((u16)~0x104);
	trap_handler[IRQ_VECTOR] = on_timer;
	trap_handler[IRQ_VECTOR + 8] = on_rtc;
	if (on_reprise()) {	/* 2001-09-09 01:46:40 UTC, a Sunday */
		EXPECT(get(0), 0x40);
		EXPECT(get(2), 0x46);
		EXPECT(get(4), 0x01);
		EXPECT(get(6), 1);
		EXPECT(get(7), 0x09);
		EXPECT(get(8), 0x09);
		EXPECT(get(9), 0x01);
		EXPECT(get(0x32), 0x20);
		EXPECT(get(0xa) & 0x80, 0);
	}
	EXPECT(get(0xd) & 0x80, 0x80);		/* the battery is good */
	EXPECT(get(0xb) & 0x06, 0x02);		/* 24 hours, BCD */
	set(0x50, 0xa7);
	EXPECT(get(0x50), 0xa7);
	set(0x50, 0);
	/* update interrupts, one a second */
	set(0xb, 0x12);
	get(0xc);
	sti_hlt_cli();
	EXPECT(flags & 0x90, 0x90);
	second = get(0);
	start = rdtsc();
	sti_hlt_cli();
	ticks = rdtsc() - start;
	EXPECT(count, 2);
	CHECK(get(0) != second);
	if (on_reprise()) {
		EXPECT(get(0), 0x42);
		CHECK(ticks > 999999000 && ticks < 1000001000);
		/* binary */
		set(0xb, 0x16);
		EXPECT(get(0), 42);
		EXPECT(get(2), 46);
		set(0xb, 0x12);
		/* the alarm */
		set(1, 0x45);
		set(3, 0x46);
		set(5, 0x01);
		set(0xb, 0x22);
		get(0xc);
		sti_hlt_cli();
		EXPECT(flags & 0xa0, 0xa0);
		EXPECT(get(0), 0x45);
		/* set the clock */
		set(0xb, 0x82);
		set(0, 0x59);
		set(2, 0x59);
		set(4, 0x23);
		set(7, 0x28);
		set(8, 0x02);
		set(9, 0x00);
		set(0x32, 0x20);
		set(0xb, 0x12);
		get(0xc);
		sti_hlt_cli();
		EXPECT(get(0), 0x00);
		EXPECT(get(2), 0x00);
		EXPECT(get(4), 0x00);
		EXPECT(get(7), 0x29);		/* 2000 is a leap year */
		EXPECT(get(8), 0x02);
	}
	/* periodic: 1024 Hz */
	set(0xa, 0x26);
	set(0xb, 0x42);
	get(0xc);
	sti_hlt_cli();
	start = rdtsc();
	count = 0;
	for (u32 i = 0; i < 64; i++)
		sti_hlt_cli();
	ticks = rdtsc() - start;
	EXPECT(count, 64);
	EXPECT(flags & 0xc0, 0xc0);
	if (on_reprise())
		CHECK(ticks > 62499000 && ticks < 62501000);
	guest_success();
}
