/* SPDX-License-Identifier: BSD-2-Clause */
/* The two 8259A and the 8254, as far as guests need them. */
#include "guest.h"

void pic_start(u16 mask)
{
	outb(0x20, 0x11);	/* ICW1: edge, cascade, ICW4 follows */
	outb(0xa0, 0x11);
	outb(0x21, IRQ_VECTOR);
	outb(0xa1, IRQ_VECTOR + 8);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);		/* ICW4: 8086 mode, EOI by command */
	outb(0xa1, 1);
	outb(0x21, (u8)mask);
	outb(0xa1, (u8)(mask >> 8));
}

void pic_eoi(u32 irq)
{
	if (irq >= 8)
		outb(0xa0, 0x20);
	outb(0x20, 0x20);
}

void pit_start(u32 channel, u32 mode, u32 count)
{
	outb(0x43, (u8)(channel << 6 | 0x30 | mode << 1));
	outb((u16)(0x40 + channel), (u8)count);
	outb((u16)(0x40 + channel), (u8)(count >> 8));
}

u32 pit_count(u32 channel)
{
	u32 low;

	outb(0x43, (u8)(channel << 6));
	low = inb((u16)(0x40 + channel));
	return low | (u32)inb((u16)(0x40 + channel)) << 8;
}
