/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a 16550A. */
#include "uart.h"

_Static_assert(sizeof(struct uart) == 32, "struct uart has no implicit padding");

#define IER_RDA 0x01u
#define IER_THRE 0x02u
#define IER_RLS 0x04u
#define IER_MS 0x08u

#define IIR_NONE 0x01u
#define IIR_MS 0x00u
#define IIR_THRE 0x02u
#define IIR_RDA 0x04u
#define IIR_RLS 0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFO 0xc0u

#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u
#define FCR_CLEAR_TX 0x04u
#define FCR_KEPT 0xc1u

#define LCR_DLAB 0x80u

#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u

#define LSR_DR 0x01u
#define LSR_OE 0x02u
#define LSR_THRE_TEMT 0x60u

#define MSR_DELTAS 0x0fu
#define MSR_CTS 0x10u
#define MSR_DSR 0x20u
#define MSR_DCD 0x80u

/* How many received bytes fit: 16, or RBR alone. */
/*@ requires valid: \valid_read(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == uart_capacity(u);
*/
static u32 capacity(const struct uart *u)
{
	return (u->fcr & FCR_ENABLE) != 0 ? UART_FIFO_BYTES : 1u;
}

/*@ requires valid: \valid_read(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == uart_trigger(u);
*/
static u32 trigger(const struct uart *u)
{
	if ((u->fcr & FCR_ENABLE) == 0)
		return 1;
	switch (u->fcr / 64u) {
	case 0:
		return 1;
	case 1:
		return 4;
	case 2:
		return 8;
	default:
		return 14;
	}
}

/* The interrupt with the highest priority, as IIR names it. */
/*@ requires valid: \valid_read(u);
    requires ok:    uart_ok(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  cause: \result == uart_cause(u);
*/
static u32 identify(const struct uart *u)
{
	if (u->overrun != 0 && (u->ier & IER_RLS) != 0)
		return IIR_RLS;
	if (u->count != 0 && (u->ier & IER_RDA) != 0)
		return u->count >= trigger(u) ? IIR_RDA : IIR_TIMEOUT;
	if (u->thre != 0 && (u->ier & IER_THRE) != 0)
		return IIR_THRE;
	if ((u->msr & MSR_DELTAS) != 0 && (u->ier & IER_MS) != 0)
		return IIR_MS;
	return IIR_NONE;
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  u->mcr, u->msr;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  mcr:   u->mcr == value % 32;
    ensures  msr:   u->msr == uart_msr(\old(u->msr), value % 32);
*/
static void write_mcr(struct uart *u, u8 value)
{
	u32 mcr = value % 32u, before = u->msr;
	/* The modem lines: in loopback MCR's own outputs, otherwise a peer that is always there. */
	bool loop = mcr / 16u != 0;
	u32 cts = loop ? mcr / 2u % 2u : 1u;
	u32 dsr = loop ? mcr % 2u : 1u;
	u32 ri = loop ? mcr / 4u % 2u : 0u;
	u32 dcd = loop ? mcr / 8u % 2u : 1u;
	u32 after = 16u * cts + 32u * dsr + 64u * ri + 128u * dcd;

	if (before % 2u != 0 || before / 16u % 2u != cts)
		after += 1u;
	if (before / 2u % 2u != 0 || before / 32u % 2u != dsr)
		after += 2u;
	if (before / 4u % 2u != 0 || (before / 64u % 2u != 0 && ri == 0))
		after += 4u;
	if (before / 8u % 2u != 0 || before / 128u != dcd)
		after += 8u;
	u->mcr = (u8)mcr;
	u->msr = (u8)after;
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  u->head, u->count, u->thre, u->fcr;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  fcr:   uart_fcr_written{Pre, Post}(u, value);
*/
static void write_fcr(struct uart *u, u8 value)
{
	bool enable = (value & FCR_ENABLE) != 0;
	bool enabled = (u->fcr & FCR_ENABLE) != 0;

	if (enable != enabled || (enable && (value & FCR_CLEAR_RX) != 0)) {
		u->head = 0;
		u->count = 0;
	}
	if (enable && (value & FCR_CLEAR_TX) != 0)
		u->thre = 1;
	u->fcr = 0;
	if (enable)
		u->fcr = value & FCR_KEPT;	/* the other bits count with bit 0 only */
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  u->head, u->count;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
    ensures  first: \result == \old(uart_at(u, 0));
    ensures  taken: uart_taken{Pre, Post}(u);
*/
static u8 read_rbr(struct uart *u)
{
	u8 byte = u->fifo[u->head];

	if (u->count != 0) {
		u->head = (u8)((u->head + 1u) % UART_FIFO_BYTES);
		u->count--;
	}
	return byte;
}

void uart_reset(struct uart *u)
{
	/*@ loop invariant range: 0 <= i <= UART_FIFO_BYTES;
	    loop assigns i, u->fifo[0 .. 15];
	    loop variant UART_FIFO_BYTES - i;
	*/
	for (u32 i = 0; i < UART_FIFO_BYTES; i++)
		u->fifo[i] = 0;
	u->head = 0;
	u->count = 0;
	u->ier = 0;
	u->fcr = 0;
	u->lcr = 0;
	u->mcr = 0;
	u->overrun = 0;
	u->scr = 0;
	u->dlm = 0;
	u->thre = 0;
	/*@ loop invariant range: 0 <= i <= 4;
	    loop assigns i, u->reserved[0 .. 3];
	    loop variant 4 - i;
	*/
	for (u32 i = 0; i < 4; i++)
		u->reserved[i] = 0;
	u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	u->dll = 12;	/* 9600 baud */
}

u8 uart_read(struct uart *u, u32 reg)
{
	u32 value;

	switch (reg) {
	case 0:
		return u->lcr >= LCR_DLAB ? u->dll : read_rbr(u);
	case 1:
		return u->lcr >= LCR_DLAB ? u->dlm : u->ier;
	case 2:
		value = identify(u);
		if (value == IIR_THRE)
			u->thre = 0;
		return (u8)((u->fcr & FCR_ENABLE) != 0 ? value + IIR_FIFO : value);
	case 3:
		return u->lcr;
	case 4:
		return u->mcr;
	case 5:
		value = LSR_THRE_TEMT + (u->count != 0 ? LSR_DR : 0) + (u->overrun != 0 ? LSR_OE : 0);
		u->overrun = 0;
		return (u8)value;
	case 6:
		value = u->msr;
		u->msr = (u8)(u->msr & ~MSR_DELTAS);
		return (u8)value;
	default:
		return u->scr;
	}
}

bool uart_write(struct uart *u, u32 reg, u8 value)
{
	switch (reg) {
	case 0:
		if (u->lcr >= LCR_DLAB) {
			u->dll = value;
			break;
		}
		if ((u->mcr & MCR_LOOP) != 0)
			uart_receive(u, value);
		/*@ ghost Joined: ; */
		u->thre = 1;	/* gone already, empty again */
		/*@ assert same: \forall integer i; 0 <= i <= 16 ==> uart_at(u, i) == \at(uart_at(u, i), Joined); */
		return (u->mcr & MCR_LOOP) == 0;
	case 1:
		if (u->lcr >= LCR_DLAB) {
			u->dlm = value;
			break;
		}
		if ((value & IER_THRE) != 0 && (u->ier & IER_THRE) == 0)
			u->thre = 1;
		u->ier = value % 16u;
		break;
	case 2:
		write_fcr(u, value);
		break;
	case 3:
		u->lcr = value;
		break;
	case 4:
		write_mcr(u, value);
		break;
	case 7:
		u->scr = value;
		break;
	default:	/* LSR and MSR are read-only */
		break;
	}
	return false;
}

bool uart_irq(const struct uart *u)
{
	return (u->mcr & MCR_OUT2) != 0 && (u->mcr & MCR_LOOP) == 0 && identify(u) != IIR_NONE;
}

bool uart_can_receive(const struct uart *u)
{
	return (u->mcr & MCR_LOOP) == 0 && u->count < capacity(u);
}

void uart_receive(struct uart *u, u8 byte)
{
	if (u->count >= capacity(u)) {
		u->overrun = 1;
		return;
	}
	u->fifo[(u->head + u->count) % UART_FIFO_BYTES] = byte;
	u->count++;
}
