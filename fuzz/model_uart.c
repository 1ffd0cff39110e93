/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference 16550A. */
#include <string.h>
#include "models.h"

void model_uart_reset(struct model_uart *u)
{
	memset(u, 0, sizeof(*u));
	u->msr = 0xb0;
	u->dll = 12;
}

static bool fifo(const struct model_uart *u)
{
	return (u->fcr & 1) != 0;
}

/* IIR without FIFO bits: line status, data, THR empty, modem status, in this order. */
static u8 cause(const struct model_uart *u)
{
	static const u8 triggers[4] = { 1, 4, 8, 14 };
	u32 trigger = fifo(u) ? triggers[u->fcr >> 6] : 1;

	if ((u->ier & 4) != 0 && u->overrun)
		return 6;
	if ((u->ier & 1) != 0 && u->count > 0)
		return u->count >= trigger ? 4 : 12;
	if ((u->ier & 2) != 0 && u->empty)
		return 2;
	if ((u->ier & 8) != 0 && (u->msr & 15) != 0)
		return 0;
	return 1;
}

u8 model_uart_read(struct model_uart *u, u32 reg)
{
	u8 value;

	switch (reg) {
	case 0:
		if ((u->lcr & 0x80) != 0)
			return u->dll;
		value = u->received[u->oldest];
		if (u->count > 0) {
			u->oldest = (u->oldest + 1) % 16;
			u->count--;
		}
		return value;
	case 1:
		return (u->lcr & 0x80) != 0 ? u->dlm : u->ier;
	case 2:
		value = cause(u);
		if (value == 2)
			u->empty = false;
		return value | (fifo(u) ? 0xc0 : 0);
	case 3:
		return u->lcr;
	case 4:
		return u->mcr;
	case 5:
		value = 0x60 | (u->count > 0 ? 1 : 0) | (u->overrun ? 2 : 0);
		u->overrun = false;
		return value;
	case 6:
		value = u->msr;
		u->msr &= 0xf0;
		return value;
	default:
		return u->scr;
	}
}

static void modem(struct model_uart *u)
{
	bool loop = (u->mcr & 16) != 0;
	/* loopback: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD */
	u8 lines = !loop ? 0xb0 : (u8)((u->mcr & 2) << 3 | (u->mcr & 1) << 5 | (u->mcr & 4) << 4 | (u->mcr & 8) << 4);
	u8 changed = lines ^ u->msr;
	u8 deltas = u->msr & 15;

	deltas |= (changed & 0x10) >> 4 | (changed & 0x20) >> 4 | (changed & 0x80) >> 4;
	if ((changed & 0x40) != 0 && (lines & 0x40) == 0)
		deltas |= 4;
	u->msr = lines | deltas;
}

bool model_uart_write(struct model_uart *u, u32 reg, u8 value)
{
	switch (reg) {
	case 0:
		if ((u->lcr & 0x80) != 0) {
			u->dll = value;
			return false;
		}
		u->empty = true;
		if ((u->mcr & 16) != 0)
			model_uart_receive(u, value);
		return (u->mcr & 16) == 0;
	case 1:
		if ((u->lcr & 0x80) != 0) {
			u->dlm = value;
			return false;
		}
		u->empty |= (value & 2) != 0 && (u->ier & 2) == 0;
		u->ier = value & 15;
		return false;
	case 2:
		if (((value ^ u->fcr) & 1) != 0 || (value & 3) == 3)
			u->count = u->oldest = 0;
		u->empty |= (value & 5) == 5;
		u->fcr = (value & 1) != 0 ? value & 0xc1 : 0;
		return false;
	case 3:
		u->lcr = value;
		return false;
	case 4:
		u->mcr = value & 31;
		modem(u);
		return false;
	case 7:
		u->scr = value;
		return false;
	default:
		return false;
	}
}

void model_uart_receive(struct model_uart *u, u8 byte)
{
	if (u->count == (fifo(u) ? 16u : 1u)) {
		u->overrun = true;
		return;
	}
	u->received[(u->oldest + u->count++) % 16] = byte;
}

bool model_uart_room(const struct model_uart *u)
{
	return (u->mcr & 16) == 0 && u->count < (fifo(u) ? 16u : 1u);
}

bool model_uart_line(const struct model_uart *u)
{
	return (u->mcr & 0x18) == 8 && cause(u) != 1;
}
