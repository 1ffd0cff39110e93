/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a 16550A. */
#include "uart.h"

_Static_assert(sizeof(struct uart) == 32, "struct uart has no implicit padding");

#define IER_RDA 0x01u
#define IER_THRE 0x02u
#define IER_RLS 0x04u
#define IER_MS 0x08u
#define IER_BITS 0x0fu

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

#define MCR_DTR 0x01u
#define MCR_RTS 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define MCR_BITS 0x1fu

#define LSR_DR 0x01u
#define LSR_OE 0x02u
#define LSR_THRE_TEMT 0x60u

#define MSR_DCTS 0x01u
#define MSR_DDSR 0x02u
#define MSR_TERI 0x04u
#define MSR_DDCD 0x08u
#define MSR_DELTAS 0x0fu
#define MSR_CTS 0x10u
#define MSR_DSR 0x20u
#define MSR_RI 0x40u
#define MSR_DCD 0x80u

/* How many received bytes fit: 16, or RBR alone. */
/*@ requires valid: \valid_read(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result == 1 || \result == UART_FIFO_BYTES;
*/
static u32 capacity(const struct uart *u)
{
	return (u->fcr & FCR_ENABLE) != 0 ? UART_FIFO_BYTES : 1u;
}

/*@ requires valid: \valid_read(u);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: 1 <= \result <= 14;
*/
static u32 trigger(const struct uart *u)
{
	if ((u->fcr & FCR_ENABLE) == 0)
		return 1;
	switch ((u32)u->fcr >> 6) {
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
    ensures  range: \result <= 0x0c;
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

/* The modem lines that MSR reports: in loopback MCR's own outputs, otherwise a peer that is always there. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures range: \result <= 0xf0;
*/
static u32 modem_lines(u32 mcr)
{
	u32 lines = 0;

	if ((mcr & MCR_LOOP) == 0)
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if ((mcr & MCR_RTS) != 0)
		lines += MSR_CTS;
	if ((mcr & MCR_DTR) != 0)
		lines += MSR_DSR;
	if ((mcr & MCR_OUT1) != 0)
		lines += MSR_RI;
	if ((mcr & MCR_OUT2) != 0)
		lines += MSR_DCD;
	return lines;
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
*/
static void write_mcr(struct uart *u, u8 value)
{
	u32 lines, changed;

	u->mcr = (u8)(value & MCR_BITS);
	lines = modem_lines(u->mcr);
	changed = lines ^ u->msr;
	if ((changed & MSR_CTS) != 0)
		u->msr = (u8)(u->msr | MSR_DCTS);
	if ((changed & MSR_DSR) != 0)
		u->msr = (u8)(u->msr | MSR_DDSR);
	if ((changed & MSR_RI) != 0 && (lines & MSR_RI) == 0)
		u->msr = (u8)(u->msr | MSR_TERI);
	if ((changed & MSR_DCD) != 0)
		u->msr = (u8)(u->msr | MSR_DDCD);
	u->msr = (u8)((u->msr & MSR_DELTAS) | lines);
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
*/
static void write_fcr(struct uart *u, u8 value)
{
	if (((value ^ u->fcr) & FCR_ENABLE) != 0 || (value & (FCR_ENABLE | FCR_CLEAR_RX)) == (FCR_ENABLE | FCR_CLEAR_RX)) {
		u->head = 0;
		u->count = 0;
	}
	if ((value & FCR_ENABLE) != 0 && (value & FCR_CLEAR_TX) != 0)
		u->thre = 1;
	u->fcr = (value & FCR_ENABLE) != 0 ? (u8)(value & FCR_KEPT) : 0;	/* the other bits count with bit 0 only */
}

/*@ requires valid: \valid(u);
    requires ok:    uart_ok(u);
    assigns  *u;
    exits    never: \false;
    ensures  ok:    uart_ok(u);
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
	static const struct uart zero;

	*u = zero;
	u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	u->dll = 12;	/* 9600 baud */
}

u8 uart_read(struct uart *u, u32 reg)
{
	u32 value;

	switch (reg) {
	case 0:
		return (u->lcr & LCR_DLAB) != 0 ? u->dll : read_rbr(u);
	case 1:
		return (u->lcr & LCR_DLAB) != 0 ? u->dlm : u->ier;
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
		if ((u->lcr & LCR_DLAB) != 0) {
			u->dll = value;
			break;
		}
		u->thre = 1;	/* gone already, empty again */
		if ((u->mcr & MCR_LOOP) == 0)
			return true;
		uart_receive(u, value);
		break;
	case 1:
		if ((u->lcr & LCR_DLAB) != 0) {
			u->dlm = value;
			break;
		}
		if ((value & IER_THRE) != 0 && (u->ier & IER_THRE) == 0)
			u->thre = 1;
		u->ier = (u8)(value & IER_BITS);
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
	return (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2 && identify(u) != IIR_NONE;
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
