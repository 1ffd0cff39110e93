/* SPDX-License-Identifier: BSD-2-Clause */
/* 16550A: scratch, divisor latch, line and modem status, loopback, FIFO identification, THRE interrupts on IRQ 4, console output. */
/* expect: status=0 console~"sent by interrupts.*SUCCESS" */
#include "guest.h"

#define PORT 0x3f8

static const char text[] = "sent by interrupts\n";
static volatile u32 sent, count;

static void on_uart(struct frame *frame)
{
	u8 iir = inb(PORT + 2);

	count++;
	if ((iir & 0xf) == 2) {		/* THRE */
		if (text[sent] != '\0')
			outb(PORT, (u8)text[sent++]);
		else
			outb(PORT + 1, 0);
	}
	pic_eoi(4);
	(void)frame;
}

static void loopback(void)
{
	outb(PORT + 4, 0x10);
	for (u32 i = 0; i < 256; i++) {
		EXPECT(inb(PORT + 5) & 1, 0);
		outb(PORT, (u8)i);
		for (u32 n = 0; (inb(PORT + 5) & 1) == 0; n++)
			if (n > 10000000)
				guest_failure("loopback: nothing is received");
		EXPECT(inb(PORT), i);
	}
	/* modem lines: DTR to DSR, RTS to CTS, OUT1 to RI, OUT2 to DCD */
	outb(PORT + 4, 0x10);
	EXPECT(inb(PORT + 6) & 0xf0, 0);
	outb(PORT + 4, 0x11);
	EXPECT(inb(PORT + 6) & 0xf0, 0x20);
	outb(PORT + 4, 0x12);
	EXPECT(inb(PORT + 6) & 0xf0, 0x10);
	outb(PORT + 4, 0x14);
	EXPECT(inb(PORT + 6) & 0xf0, 0x40);
	outb(PORT + 4, 0x18);
	EXPECT(inb(PORT + 6) & 0xf0, 0x80);
	/* the receiver's interrupt in IIR */
	outb(PORT + 1, 1);
	outb(PORT, 0x77);
	for (u32 n = 0; (inb(PORT + 5) & 1) == 0 && n < 10000000; n++)
		;
	EXPECT(inb(PORT + 2) & 0xf, 4);
	EXPECT(inb(PORT), 0x77);
	EXPECT(inb(PORT + 2) & 0xf, 1);
	outb(PORT + 1, 0);
	/* FIFOs: sixteen bytes in a row, the seventeenth is an overrun */
	outb(PORT + 2, 0x07);
	EXPECT(inb(PORT + 2) & 0xc0, 0xc0);
	if (on_reprise()) {
		for (u32 i = 0; i < 16; i++)
			outb(PORT, (u8)(0x40 + i));
		EXPECT(inb(PORT + 5) & 3, 1);
		outb(PORT, 0x99);
		EXPECT(inb(PORT + 5) & 3, 3);
		EXPECT(inb(PORT + 5) & 3, 1);
		for (u32 i = 0; i < 16; i++)
			EXPECT(inb(PORT), 0x40 + i);
		EXPECT(inb(PORT + 5) & 1, 0);
	}
	outb(PORT + 2, 0);
	EXPECT(inb(PORT + 2) & 0xc0, 0);
	outb(PORT + 4, 0);
}

void guest_main(void)
{
	for (u32 i = 0; i < 256; i += 17) {
		outb(PORT + 7, (u8)i);
		EXPECT(inb(PORT + 7), i);
	}
	outb(PORT + 3, 0x83);
	outb(PORT, 0x34);
	outb(PORT + 1, 0x12);
	EXPECT(inb(PORT), 0x34);
	EXPECT(inb(PORT + 1), 0x12);
	outb(PORT, 1);
	outb(PORT + 1, 0);
	outb(PORT + 3, 0x03);
	EXPECT(inb(PORT + 3), 0x03);
	EXPECT(inb(PORT + 1), 0);
	EXPECT(inb(PORT + 5) & 0x60, 0x60);
	EXPECT(inb(PORT + 2) & 0xf, 1);
	loopback();
	/* THRE interrupts */
	pic_start((u16)~0x10);
	trap_handler[IRQ_VECTOR + 4] = on_uart;
	outb(PORT + 4, 0x0b);
	outb(PORT + 1, 2);
	sti();
	for (volatile u32 i = 0; text[sent] != '\0'; i++)
		if (i > 5000000)
			guest_failure("no THRE interrupt");
	cli();
	CHECK(count >= sizeof(text) - 1);
	/* reading IIR ends a THRE interrupt; enabling it again starts one */
	outb(PORT + 1, 0);
	inb(PORT + 2);
	if (on_reprise()) {
		outb(PORT + 1, 2);
		EXPECT(inb(PORT + 2) & 0xf, 2);
		EXPECT(inb(PORT + 2) & 0xf, 1);
	}
	outb(PORT + 1, 0);
	guest_success();
}
