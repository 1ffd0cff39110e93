/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/uart.c: a 16550A as Linux's 8250 driver and an interrupt-driven console use it. */
#include <string.h>
#include "dev/uart.h"
#include "test.h"

enum { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

static struct uart uart;

static u8 in(u32 reg)
{
	return uart_read(&uart, reg);
}

static bool out(u32 reg, u8 value)
{
	return uart_write(&uart, reg, value);
}

/* FIFOs on with the trigger level at 8, OUT2 on. */
static void start(void)
{
	memset(&uart, 0xaa, sizeof(uart));
	uart_reset(&uart);
	out(FCR, 0x87);
	out(MCR, 0x0b);
}

static void transmits(void)
{
	start();
	CU_ASSERT_EQUAL(in(LSR), 0x60);
	CU_ASSERT_TRUE(out(THR, 'x'));
	CU_ASSERT_EQUAL(in(LSR), 0x60);
}

static void divisor(void)
{
	start();
	out(LCR, 0x83);
	CU_ASSERT_FALSE(out(DLL, 0x01));
	CU_ASSERT_FALSE(out(DLM, 0x02));
	CU_ASSERT_EQUAL(in(DLL), 0x01);
	CU_ASSERT_EQUAL(in(DLM), 0x02);
	out(LCR, 0x03);
	CU_ASSERT_EQUAL(in(LCR), 0x03);
	CU_ASSERT_EQUAL(in(IER), 0x00);
}

/* The order of accesses in autoconfig() and autoconfig_16550a(). */
static void autoconfig(void)
{
	uart_reset(&uart);
	out(IER, 0x00);
	CU_ASSERT_EQUAL(in(IER) & 0x0f, 0x00);
	out(IER, 0xff);
	CU_ASSERT_EQUAL(in(IER), 0x0f);
	out(IER, 0x00);
	out(MCR, 0x1a);
	CU_ASSERT_EQUAL(in(MSR) & 0xf0, 0x90);
	out(MCR, 0x00);
	out(LCR, 0xbf);
	out(FCR, 0x00);
	out(LCR, 0x00);
	out(FCR, 0x01);
	CU_ASSERT_EQUAL(in(IIR) >> 6, 3);
	out(LCR, 0x80);
	CU_ASSERT_NOT_EQUAL(in(IIR), 0);	/* no EFR */
	out(LCR, 0xbf);
	CU_ASSERT_NOT_EQUAL(in(IIR), 0);
	out(LCR, 0x00);
	out(IER, 0x40);
	CU_ASSERT_EQUAL(in(IER), 0x00);		/* no UUE */
	out(FCR, 0x21);
	CU_ASSERT_EQUAL(in(IIR) >> 5, 6);	/* no 64-byte FIFO */
}

static void scratch(void)
{
	start();
	out(SCR, 0x5a);
	CU_ASSERT_EQUAL(in(SCR), 0x5a);
}

static void thre_interrupt(void)
{
	start();
	CU_ASSERT_FALSE(uart_irq(&uart));
	out(IER, 0x02);
	CU_ASSERT_TRUE(uart_irq(&uart));
	CU_ASSERT_EQUAL(in(IIR), 0xc2);
	CU_ASSERT_FALSE(uart_irq(&uart));	/* reading it clears it */
	CU_ASSERT_EQUAL(in(IIR), 0xc1);
	out(THR, 'a');
	CU_ASSERT_TRUE(uart_irq(&uart));
	out(IER, 0x00);
	CU_ASSERT_FALSE(uart_irq(&uart));
	(void)in(IIR);
	out(IER, 0x02);
	CU_ASSERT_EQUAL(in(IIR), 0xc2);
	out(IER, 0x02);				/* no rise of the enable bit */
	CU_ASSERT_EQUAL(in(IIR), 0xc1);
}

static void out2_gates(void)
{
	start();
	out(IER, 0x02);
	CU_ASSERT_TRUE(uart_irq(&uart));
	out(MCR, 0x03);
	CU_ASSERT_FALSE(uart_irq(&uart));
	out(MCR, 0x1b);
	CU_ASSERT_FALSE(uart_irq(&uart));
	out(MCR, 0x0b);
	CU_ASSERT_TRUE(uart_irq(&uart));
}

static void receives_in_order(void)
{
	start();
	for (u32 round = 0; round < 5; round++) {
		for (u32 i = 0; i < 16; i++) {
			CU_ASSERT_TRUE(uart_can_receive(&uart));
			uart_receive(&uart, (u8)(round * 16 + i));
		}
		CU_ASSERT_FALSE(uart_can_receive(&uart));
		for (u32 i = 0; i < 16; i++) {
			CU_ASSERT_EQUAL(in(LSR), 0x61);
			CU_ASSERT_EQUAL(in(RBR), round * 16 + i);
		}
		CU_ASSERT_EQUAL(in(LSR), 0x60);
		uart_receive(&uart, 1);	/* so that the ring's start moves */
		(void)in(RBR);
	}
}

static void trigger_levels(void)
{
	static const u8 fcr[4] = { 0x07, 0x47, 0x87, 0xc7 };
	static const u32 level[4] = { 1, 4, 8, 14 };

	for (u32 i = 0; i < 4; i++) {
		start();
		out(FCR, fcr[i]);
		out(IER, 0x01);
		for (u32 count = 1; count <= 16; count++) {
			uart_receive(&uart, 0);
			CU_ASSERT_TRUE(uart_irq(&uart));
			CU_ASSERT_EQUAL(in(IIR), count >= level[i] ? 0xc4 : 0xcc);
		}
	}
}

static void without_fifo(void)
{
	start();
	out(FCR, 0x00);
	out(IER, 0x05);
	CU_ASSERT_EQUAL(in(IIR), 0x01);
	uart_receive(&uart, 'a');
	CU_ASSERT_FALSE(uart_can_receive(&uart));
	CU_ASSERT_EQUAL(in(IIR), 0x04);
	uart_receive(&uart, 'b');
	CU_ASSERT_EQUAL(in(IIR), 0x06);
	CU_ASSERT_EQUAL(in(LSR), 0x63);
	CU_ASSERT_EQUAL(in(LSR), 0x61);
	CU_ASSERT_EQUAL(in(RBR), 'a');
	CU_ASSERT_EQUAL(in(IIR), 0x01);
}

static void fifo_cleared(void)
{
	start();
	uart_receive(&uart, 'a');
	out(FCR, 0x83);
	CU_ASSERT_EQUAL(in(LSR), 0x60);
	uart_receive(&uart, 'b');
	out(FCR, 0x81);
	CU_ASSERT_EQUAL(in(LSR), 0x61);
	out(FCR, 0x00);
	CU_ASSERT_EQUAL(in(LSR), 0x60);
}

static void priorities(void)
{
	start();
	out(IER, 0x0f);
	out(MCR, 0x1f);
	out(MCR, 0x0b);		/* modem lines change: deltas */
	for (u32 i = 0; i < 17; i++)
		uart_receive(&uart, 0);
	CU_ASSERT_EQUAL(in(IIR), 0xc6);
	(void)in(LSR);
	CU_ASSERT_EQUAL(in(IIR), 0xc4);
	for (u32 i = 0; i < 16; i++)
		(void)in(RBR);
	CU_ASSERT_EQUAL(in(IIR), 0xc2);
	CU_ASSERT_EQUAL(in(IIR), 0xc0);
	(void)in(MSR);
	CU_ASSERT_EQUAL(in(IIR), 0xc1);
	CU_ASSERT_FALSE(uart_irq(&uart));
}

static void loopback(void)
{
	start();
	CU_ASSERT_EQUAL(in(MSR), 0xb0);
	out(MCR, 0x10);
	CU_ASSERT_EQUAL(in(MSR), 0x0b);		/* CTS, DSR, DCD fell */
	CU_ASSERT_FALSE(out(THR, 'q'));
	CU_ASSERT_EQUAL(in(LSR), 0x61);
	CU_ASSERT_EQUAL(in(RBR), 'q');
	CU_ASSERT_FALSE(uart_can_receive(&uart));
	out(MCR, 0x14);
	CU_ASSERT_EQUAL(in(MSR), 0x40);
	out(MCR, 0x10);
	CU_ASSERT_EQUAL(in(MSR), 0x04);		/* trailing edge of RI */
	out(MCR, 0x11);
	CU_ASSERT_EQUAL(in(MSR), 0x22);
	out(MCR, 0x12);
	CU_ASSERT_EQUAL(in(MSR), 0x13);
	out(MCR, 0x0b);
	CU_ASSERT_TRUE(uart_can_receive(&uart));
}

static void read_only(void)
{
	start();
	out(LSR, 0x00);
	out(MSR, 0xff);
	CU_ASSERT_EQUAL(in(LSR), 0x60);
	CU_ASSERT_EQUAL(in(MSR), 0xb0);
	out(MCR, 0xff);
	CU_ASSERT_EQUAL(in(MCR), 0x1f);
}

const struct test_case test_uart_cases[] = {
	{ "the transmitter is always ready", transmits },
	{ "DLAB shows the divisor", divisor },
	{ "Linux's autoconfig finds a 16550A", autoconfig },
	{ "the scratch register keeps its byte", scratch },
	{ "THRE interrupts when enabled and after each byte", thre_interrupt },
	{ "OUT2 gates the interrupt, and loopback cuts it", out2_gates },
	{ "bytes are received in order", receives_in_order },
	{ "below the trigger level it is a time-out, from there on data", trigger_levels },
	{ "without FIFOs there is one byte and an overrun", without_fifo },
	{ "FCR clears the receiver", fifo_cleared },
	{ "IIR names the interrupts in their priority", priorities },
	{ "loopback turns outputs to inputs", loopback },
	{ "LSR and MSR cannot be written", read_only },
	{ 0 }
};
