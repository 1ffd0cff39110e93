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

    // The received byte number `i`, 0 the oldest.
    logic integer uart_at(struct uart *u, integer i) = u->fifo[(u->head + i) % 16];

    lemma uart_slots: \forall integer head, i, j; 0 <= head < 16 && 0 <= i < j < 16 ==> (head + i) % 16 != (head + j) % 16;
    lemma uart_next: \forall integer head, i; 0 <= head < 16 && 0 <= i < 16 ==> ((head + 1) % 16 + i) % 16 == (head + (i + 1)) % 16;

    logic integer uart_capacity(struct uart *u) = (u->fcr & 1) != 0 ? 16 : 1;

    // With so many bytes the interrupt is "data available", with fewer a time-out.
    logic integer uart_trigger(struct uart *u) =
      (u->fcr & 1) == 0 || u->fcr / 64 == 0 ? 1 : u->fcr / 64 == 1 ? 4 : u->fcr / 64 == 2 ? 8 : 14;

    // The interrupt with the highest priority, as IIR names it; 1: none.
    logic integer uart_cause(struct uart *u) =
      u->overrun != 0 && (u->ier & 4) != 0 ? 6 :
      u->count != 0 && (u->ier & 1) != 0 ? (u->count >= uart_trigger(u) ? 4 : 12) :
      u->thre != 0 && (u->ier & 2) != 0 ? 2 :
      (u->msr & 15) != 0 && (u->ier & 8) != 0 ? 0 : 1;

    // The modem lines: in loopback MCR's own outputs, otherwise a peer that is always there.
    logic integer uart_cts(integer mcr) = mcr / 16 == 0 ? 1 : mcr / 2 % 2;
    logic integer uart_dsr(integer mcr) = mcr / 16 == 0 ? 1 : mcr % 2;
    logic integer uart_ri(integer mcr) = mcr / 16 == 0 ? 0 : mcr / 4 % 2;
    logic integer uart_dcd(integer mcr) = mcr / 16 == 0 ? 1 : mcr / 8 % 2;

    // MSR follows the lines; a change sets its delta bit, which stays. RI counts when it falls.
    logic integer uart_msr(integer before, integer mcr) =
      16 * uart_cts(mcr) + 32 * uart_dsr(mcr) + 64 * uart_ri(mcr) + 128 * uart_dcd(mcr) +
      (before % 2 != 0 || before / 16 % 2 != uart_cts(mcr) ? 1 : 0) +
      (before / 2 % 2 != 0 || before / 32 % 2 != uart_dsr(mcr) ? 2 : 0) +
      (before / 4 % 2 != 0 || (before / 64 % 2 != 0 && uart_ri(mcr) == 0) ? 4 : 0) +
      (before / 8 % 2 != 0 || before / 128 != uart_dcd(mcr) ? 8 : 0);

    // A byte left the FIFO, if there was one.
    predicate uart_taken{A, B}(struct uart *u) =
      \at(u->count, B) == (\at(u->count, A) == 0 ? 0 : \at(u->count, A) - 1) &&
      (\at(u->count, A) == 0 ==> \at(u->head, B) == \at(u->head, A)) &&
      (\forall integer i; 0 <= i < \at(u->count, B) ==> \at(uart_at(u, i), B) == \at(uart_at(u, i + 1), A));

    // `byte` joined the FIFO, or was lost.
    predicate uart_joined{A, B}(struct uart *u, integer byte) =
      (\at(u->count, A) < \at(uart_capacity(u), A) ==>
        \at(u->count, B) == \at(u->count, A) + 1 && \at(u->overrun, B) == \at(u->overrun, A) &&
        \at(uart_at(u, \at(u->count, A)), B) == byte &&
        (\forall integer i; 0 <= i < \at(u->count, A) ==> \at(uart_at(u, i), B) == \at(uart_at(u, i), A))) &&
      (\at(u->count, A) >= \at(uart_capacity(u), A) ==>
        \at(u->count, B) == \at(u->count, A) && \at(u->overrun, B) == 1 &&
        (\forall integer i; 0 <= i < \at(u->count, A) ==> \at(uart_at(u, i), B) == \at(uart_at(u, i), A)));

    // FCR: turning FIFOs on or off, or clearing it, empties the receiver; the rest counts with bit 0 only.
    predicate uart_fcr_written{A, B}(struct uart *u, integer value) =
      \at(u->fcr, B) == ((value & 1) != 0 ? (value & 0xc1) : 0) &&
      ((value & 1) != 0 && (value & 2) != 0 ==> \at(u->count, B) == 0) &&
      (!((value & 1) != 0 <==> (\at(u->fcr, A) & 1) != 0) ==> \at(u->count, B) == 0) &&
      (((value & 1) != 0 <==> (\at(u->fcr, A) & 1) != 0) && !((value & 1) != 0 && (value & 2) != 0) ==>
        \at(u->count, B) == \at(u->count, A) && \at(u->head, B) == \at(u->head, A)) &&
      \at(u->thre, B) == ((value & 1) != 0 && (value & 4) != 0 ? 1 : \at(u->thre, A));
*/

/* Power-on: FIFOs off, interrupts off, carrier, DSR and CTS present. */
/*@ requires valid: \valid(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  empty: u->count == 0 && u->fcr == 0;
    ensures  quiet: uart_cause(u) == 1;
    ensures  lines: u->msr == 0xb0 && u->mcr == 0 && u->lcr == 0 && u->ier == 0;
    ensures  baud:  u->dll == 12 && u->dlm == 0;
*/
void uart_reset(struct uart *u);

/* Reads register `reg` (0..7) with the side effects that reading has. */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    requires reg:   reg < UART_REGISTERS;
    assigns  u->head, u->count, u->thre, u->overrun, u->msr;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  rbr:   reg == 0 && u->lcr < 0x80 ==> \result == \old(uart_at(u, 0)) && uart_taken{Pre, Post}(u);
    ensures  fifo:  reg != 0 || u->lcr >= 0x80 ==> u->head == \old(u->head) && u->count == \old(u->count);
    ensures  dlab:  u->lcr >= 0x80 ==> (reg == 0 ==> \result == u->dll) && (reg == 1 ==> \result == u->dlm);
    ensures  ier:   reg == 1 && u->lcr < 0x80 ==> \result == u->ier;
    ensures  iir:   reg == 2 ==> \result == \old(uart_cause(u)) + ((u->fcr & 1) != 0 ? 0xc0 : 0);
    ensures  thre:  u->thre == (reg == 2 && \old(uart_cause(u)) == 2 ? 0 : \old(u->thre));
    ensures  lcr:   reg == 3 ==> \result == u->lcr;
    ensures  mcr:   reg == 4 ==> \result == u->mcr;
    ensures  lsr:   reg == 5 ==> \result == 0x60 + (\old(u->count) != 0 ? 1 : 0) + (\old(u->overrun) != 0 ? 2 : 0);
    ensures  overrun: u->overrun == (reg == 5 ? 0 : \old(u->overrun));
    ensures  msr:   reg == 6 ==> \result == \old(u->msr) && (u->msr & 15) == 0;
    ensures  lines: reg != 6 ==> u->msr == \old(u->msr);
    ensures  scr:   reg == 7 ==> \result == u->scr;
*/
u8 uart_read(struct uart *u, u32 reg);

/* Writes register `reg` (0..7). True: `value` was transmitted (THR outside loopback). */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    requires reg:   reg < UART_REGISTERS;
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  sent:  \result <==> reg == 0 && \old(u->lcr) < 0x80 && (\old(u->mcr) & 16) == 0;
    ensures  loop:  reg == 0 && \old(u->lcr) < 0x80 && (\old(u->mcr) & 16) != 0 ==> uart_joined{Pre, Post}(u, value);
    ensures  empty: reg == 0 && \old(u->lcr) < 0x80 ==> u->thre == 1;
    ensures  count: !(reg == 0 && \old(u->lcr) < 0x80 && (\old(u->mcr) & 16) != 0) && reg != 2 ==>
                    u->count == \old(u->count) && u->head == \old(u->head) && u->overrun == \old(u->overrun);
    ensures  fcr:   reg == 2 ==> uart_fcr_written{Pre, Post}(u, value);
    ensures  fcr_kept: reg != 2 ==> u->fcr == \old(u->fcr);
    ensures  ier:   u->ier == (reg == 1 && \old(u->lcr) < 0x80 ? value % 16 : \old(u->ier));
    ensures  lcr:   u->lcr == (reg == 3 ? value : \old(u->lcr));
    ensures  mcr:   u->mcr == (reg == 4 ? value % 32 : \old(u->mcr));
    ensures  msr:   reg == 4 ==> u->msr == uart_msr(\old(u->msr), value % 32);
    ensures  msr_kept: reg != 4 ==> u->msr == \old(u->msr);
    ensures  scr:   u->scr == (reg == 7 ? value : \old(u->scr));
    ensures  baud:  u->dll == (reg == 0 && \old(u->lcr) >= 0x80 ? value : \old(u->dll)) &&
                    u->dlm == (reg == 1 && \old(u->lcr) >= 0x80 ? value : \old(u->dlm));
*/
bool uart_write(struct uart *u, u32 reg, u8 value);

/* The level of the interrupt line. */
/*@ requires valid: \valid_read(u);
    requires ok:    uart_ok(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  level: \result <==> (u->mcr & 8) != 0 && (u->mcr & 16) == 0 && uart_cause(u) != 1;
*/
bool uart_irq(const struct uart *u);

/* Whether a byte from outside would find room (never in loopback: the line is cut). */
/*@ requires valid: \valid_read(u);
    requires ok:    uart_ok(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  room:  \result <==> (u->mcr & 16) == 0 && u->count < uart_capacity(u);
*/
bool uart_can_receive(const struct uart *u);

/* A byte arrives. Without room it is lost and LSR says overrun. */
/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  u->fifo[0 .. 15], u->count, u->overrun;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  joined: uart_joined{Pre, Post}(u, byte);
*/
void uart_receive(struct uart *u, u8 byte);

#endif
