/* SPDX-License-Identifier: BSD-2-Clause */
/* COM1, polled (16550 data sheet: LSR bits 0, 5, 6). */
#include "serial.h"
#include "io.h"

#define COM1 0x3f8u
#define LSR (COM1 + 5u)
#define LSR_DATA 0x01u
#define LSR_THRE 0x20u
#define LSR_TEMT 0x40u
#define QUEUE 0x4000u
#define WAIT 1000000u	/* polls; a dead UART must not hang the machine */

static u8 queue[QUEUE];
static u32 head, count;

void serial_init(void)
{
	io_outb(COM1 + 1, 0x00);	/* no interrupts */
	io_outb(COM1 + 3, 0x80);	/* divisor 1: 115200 */
	io_outb(COM1 + 0, 0x01);
	io_outb(COM1 + 1, 0x00);
	io_outb(COM1 + 3, 0x03);	/* 8N1 */
	io_outb(COM1 + 2, 0x00);	/* FIFO off */
	io_outb(COM1 + 4, 0x03);	/* DTR, RTS */
}

void serial_drain(void)
{
	while (count > 0 && (io_inb(LSR) & LSR_THRE) != 0) {
		io_outb(COM1, queue[head]);
		head = (head + 1) % QUEUE;
		count--;
	}
}

void serial_put(u8 byte)
{
	for (u32 i = 0; count == QUEUE && i < WAIT; i++)
		serial_drain();
	if (count == QUEUE)
		return;
	queue[(head + count) % QUEUE] = byte;
	count++;
}

void serial_flush(void)
{
	for (u32 i = 0; count > 0 && i < WAIT * 16; i++)
		serial_drain();
	for (u32 i = 0; (io_inb(LSR) & LSR_TEMT) == 0 && i < WAIT; i++)
		;
}

int serial_try_get(void)
{
	return (io_inb(LSR) & LSR_DATA) != 0 ? io_inb(COM1) : -1;
}
