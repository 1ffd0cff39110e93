/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One 16550A (PC16550D data sheet) on an infinitely fast line: a byte written to THR is gone at once, so that LSR always
 * says THRE and TEMT, and received bytes below the FIFO's trigger level are reported as a time-out at once. There is no
 * time in this device. Its interrupt reaches the PIC through OUT2, as on a PC; in loopback OUT2 is off.
 */
#ifndef HV_DEV_UART_H
#define HV_DEV_UART_H

#include "types.h"

#define UART_FIFO_BYTES 16u
#define UART_REGISTERS 8u

struct uart {
	u8 fifo[UART_FIFO_BYTES];	/* received bytes: a ring; RBR alone when FIFOs are off */
	u8 head;		/* index of the oldest, 0..15 */
	u8 count;		/* 0..16 */
	u8 ier;
	u8 fcr;			/* bits 0, 7:6 */
	u8 lcr;
	u8 mcr;
	u8 overrun;		/* LSR bit 1 */
	u8 msr;
	u8 scr;
	u8 dll;
	u8 dlm;
	u8 thre;		/* the THRE interrupt waits to be read from IIR */
	u8 reserved[4];
};

/*@ predicate uart_ok(struct uart *u) =
      u->head < UART_FIFO_BYTES && u->count <= UART_FIFO_BYTES && u->ier <= 0x0f && u->mcr <= 0x1f &&
      u->overrun <= 1 && u->thre <= 1;
*/

/* Power-on: FIFOs off, interrupts off, carrier, DSR and CTS present. */
/*@ requires valid: \valid(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  empty: u->count == 0;
*/
void uart_reset(struct uart *u);

/* Reads register `reg` (0..7) with the side effects that reading has. */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    requires reg:   reg < UART_REGISTERS;
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
*/
u8 uart_read(struct uart *u, u32 reg);

/* Writes register `reg` (0..7). True: `value` was transmitted (THR outside loopback). */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    requires reg:   reg < UART_REGISTERS;
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  sent:  \result ==> reg == 0 && \old(u->lcr) < 0x80;
*/
bool uart_write(struct uart *u, u32 reg, u8 value);

/* The level of the interrupt line. */
/*@ requires valid: \valid_read(u);
    requires ok:    uart_ok(u);
    assigns  \nothing;
    exits    never: \false;
*/
bool uart_irq(const struct uart *u);

/* Whether a byte from outside would find room (never in loopback: the line is cut). */
/*@ requires valid: \valid_read(u);
    requires ok:    uart_ok(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  room: \result ==> u->count < UART_FIFO_BYTES;
*/
bool uart_can_receive(const struct uart *u);

/* A byte arrives. Without room it is lost and LSR says overrun. */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
*/
void uart_receive(struct uart *u, u8 byte);

#endif
