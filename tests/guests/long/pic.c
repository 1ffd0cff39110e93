/* SPDX-License-Identifier: BSD-2-Clause */
/* Two 8259A: IRR, ISR, IMR, priorities through the cascade, specific and non-specific EOI, rotation, poll, automatic EOI, spurious. */
#include "guest.h"

static volatile u32 order[16], count;
static volatile bool eoi = true;

static void on_irq(struct frame *frame)
{
	u32 irq = (u32)frame->vector - IRQ_VECTOR;

	if (count < ARRAY_COUNT(order))
		order[count] = irq;
	count++;
	if (irq == 8) {
		outb(0x70, 0xb);
		outb(0x71, 0x02);
		outb(0x70, 0xc);
		inb(0x71);
	}
	if (irq == 4) {
		outb(0x3f9, 0);
		inb(0x3fa);
	}
	if (eoi)
		pic_eoi(irq);
}

static u32 irr(void)
{
	outb(0x20, 0x0a);
	outb(0xa0, 0x0a);
	return inb(0x20) | (u32)inb(0xa0) << 8;
}

static u32 isr(void)
{
	outb(0x20, 0x0b);
	outb(0xa0, 0x0b);
	return inb(0x20) | (u32)inb(0xa0) << 8;
}

static void wait_for(u32 bit)
{
	for (u32 i = 0; (irr() & bit) == 0; i++)
		if (i > 1000000)
			guest_failure("IRR never shows %x", bit);
}

static void raise_timer(void)
{
	pit_start(0, 0, 20);
	wait_for(1);
}

static void raise_uart(void)
{
	outb(0x3fc, 8);		/* OUT2 */
	outb(0x3f9, 2);		/* THRE */
	wait_for(0x10);
}

static void raise_rtc(void)
{
	outb(0x70, 0xa);
	outb(0x71, 0x26);	/* 1024 Hz */
	outb(0x70, 0xb);
	outb(0x71, 0x42);	/* periodic */
	outb(0x70, 0xc);
	inb(0x71);
	wait_for(0x100);
}

static void take(void)
{
	count = 0;
	sti();
	asm volatile("nop\n\tnop\n\tnop\n\tnop");
	cli();
}

void guest_main(void)
{
	for (u32 i = 0; i < 16; i++)
		trap_handler[IRQ_VECTOR + i] = on_irq;
	pic_start(0xffff);
	EXPECT(inb(0x21), 0xff);
	outb(0x21, 0x5a);
	EXPECT(inb(0x21), 0x5a);
	outb(0xa1, 0xa5);
	EXPECT(inb(0xa1), 0xa5);

	/* priorities: 0, then 8 (cascade on 2), then 4, whatever came first */
	pic_start((u16)~0x115);
	raise_uart();
	raise_rtc();
	raise_timer();
	EXPECT(irr() & 0x115, 0x115);
	take();
	EXPECT(count, 3);
	if (on_reprise()) {	/* Bochs's own PIC sticks to what it chose first */
		EXPECT(order[0], 0);
		EXPECT(order[1], 8);
		EXPECT(order[2], 4);
	}
	EXPECT(isr(), 0);

	/* masked: pending in IRR, not delivered, delivered when unmasked */
	pic_start((u16)~0x114);
	raise_timer();
	take();
	EXPECT(count, 0);
	EXPECT(irr() & 1, 1);
	outb(0x21, 0xee);
	take();
	EXPECT(count, 1);
	EXPECT(order[0], 0);

	/* without EOI: the same and lower priorities wait, higher ones do not */
	eoi = false;
	outb(0x21, 0xea);
	raise_uart();
	take();
	EXPECT(count, 1);
	EXPECT(isr(), 0x10);
	raise_rtc();
	take();
	EXPECT(count, 1);
	EXPECT(order[0], 8);
	EXPECT(isr(), 0x114);
	raise_timer();
	take();
	EXPECT(count, 1);
	EXPECT(isr(), 0x115);
	pit_start(0, 0, 20);
	wait_for(1);
	take();
	EXPECT(count, 0);		/* IRQ 0 is in service */
	outb(0x20, 0x20);		/* non-specific EOI: the highest */
	EXPECT(isr(), 0x114);
	outb(0x20, 0x64);		/* specific EOI of IRQ 4 */
	EXPECT(isr(), 0x104);
	outb(0xa0, 0x20);
	outb(0x20, 0x62);
	EXPECT(isr(), 0);
	eoi = true;
	take();
	EXPECT(count, 1);
	EXPECT(order[0], 0);

	/* rotation: IRQ 0 gets the lowest priority, 4 comes first */
	raise_uart();
	raise_timer();
	outb(0x20, 0xc0);		/* set priority: IR0 lowest */
	take();
	EXPECT(count, 2);
	EXPECT(order[0], 4);
	EXPECT(order[1], 0);
	outb(0x20, 0xc7);		/* as it was */

	/* poll: the read acknowledges */
	if (on_reprise()) {
		raise_timer();
		outb(0x20, 0x0c);
		EXPECT(inb(0x20), 0x80);
		EXPECT(isr(), 1);
		outb(0x20, 0x60);
		outb(0x20, 0x0c);
		EXPECT(inb(0x20) & 0x80, 0);
	}

	/* automatic EOI */
	outb(0x20, 0x11);
	outb(0x21, IRQ_VECTOR);
	outb(0x21, 4);
	outb(0x21, 3);
	outb(0x21, 0xfe);
	eoi = false;
	raise_timer();
	take();
	EXPECT(count, 1);
	EXPECT(isr() & 0xff, 0);
	raise_timer();
	take();
	EXPECT(count, 1);
	/* another vector base */
	outb(0x20, 0x11);
	outb(0x21, 0x48);
	outb(0x21, 4);
	outb(0x21, 3);
	outb(0x21, 0xfe);
	trap_handler[0x48] = on_irq;
	raise_timer();
	take();
	EXPECT(count, 1);
	EXPECT(order[0], 0x28);
	guest_success();
}
