/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's board: all its devices, and which port belongs to which.
 *
 *   20 21 A0 A1 4D0 4D1  two 8259A        40..43 61  8254        60 64      keyboard controller (reset only)
 *   70 71                MC146818         3F8..3FF   16550A      CF8 CF9 CFC..CFF  PCI configuration, reset
 *   E9 debug console     F4 exit with a status       F5 benchmark mark      F6 raises an NMI
 *
 * Everything else floats: reads give all ones, writes are lost. E9H, F4H, F5H and F6H take a write of any width as one
 * value; CF8H exists as a 32-bit port only; any other access of 2 or 4 bytes is split into bytes, lowest first.
 *
 * Time is virtual time in ticks (1 GHz), below 2^63, and never goes back for one VM. A board is plain data: no pointers, no
 * padding that is not zero. It is a function of the accesses, the bytes received, and their times: how often and when it
 * was advanced in between changes no bit of what it is after board_advance.
 */
#ifndef HV_DEV_BOARD_H
#define HV_DEV_BOARD_H

#include "i8042.h"
#include "pci.h"
#include "pic.h"
#include "pit.h"
#include "rtc.h"
#include "types.h"
#include "uart.h"

#define BOARD_TIME_MAX 0x8000000000000000ull

struct board {
	u64 event;		/* the next moment at which a device has something to do by itself */
	struct pit pit;
	struct rtc rtc;
	struct uart uart;
	struct pic pic;
	struct pci pci;
	struct i8042 i8042;
	u64 reserved[2];	/* to a power of two: the exit path computes the address of a board */
};

extern struct board boards[VM_MAX];

/* What a write asks of the world outside the board. */
enum board_effect_kind {
	BOARD_NONE,
	BOARD_CONSOLE,		/* value: a byte for the console (UART outside loopback, or E9H) */
	BOARD_EXIT,		/* value: as written to F4H; its low 8 bits are the guest's status */
	BOARD_RESET,		/* the CPU's reset line was pulled (64H, 60H or CF9H) */
	BOARD_MARK,		/* value: as written to F5H */
	BOARD_NMI		/* a write to F6H, unless bit 7 of 70H masks NMI */
};

struct board_effect {
	u32 kind;		/* enum board_effect_kind */
	u32 value;
};

/*@ predicate board_ok(struct board *b) =
      pit_ok(&b->pit) && rtc_ok(&b->rtc) && uart_ok(&b->uart) && pic_ok(&b->pic);

    predicate board_at(struct board *b, integer now) = now < BOARD_TIME_MAX && pit_at(&b->pit, now);
*/

/* Power-on at virtual time 0, which is `rtc_seconds` since 1970 UTC. */
/*@ requires vm:   vm < VM_MAX;
    assigns  boards[vm];
    exits    never: \false;
    ensures  ok:   board_ok(&boards[vm]);
    ensures  at:   board_at(&boards[vm], 0);
*/
void board_reset(vm_id vm, u64 rtc_seconds);

/* IN of `width` (1, 2, 4) bytes, zero-extended. */
/*@ requires vm:    vm < VM_MAX;
    requires ok:    board_ok(&boards[vm]);
    requires at:    board_at(&boards[vm], now);
    requires width: width == 1 || width == 2 || width == 4;
    assigns  boards[vm];
    exits    never: \false;
    ensures  ok:    board_ok(&boards[vm]);
    ensures  at:    board_at(&boards[vm], now);
    ensures  byte:  width == 1 ==> \result <= 0xff;
    ensures  word:  width == 2 ==> \result <= 0xffff;
*/
u32 board_in(vm_id vm, u16 port, u32 width, u64 now);

/* OUT of the low `width` (1, 2, 4) bytes of `value`. If several bytes of it ask something of the world, the first does. */
/*@ requires vm:    vm < VM_MAX;
    requires ok:    board_ok(&boards[vm]);
    requires at:    board_at(&boards[vm], now);
    requires width: width == 1 || width == 2 || width == 4;
    assigns  boards[vm];
    exits    never: \false;
    ensures  ok:    board_ok(&boards[vm]);
    ensures  at:    board_at(&boards[vm], now);
    ensures  kind:  \result.kind <= BOARD_NMI;
*/
struct board_effect board_out(vm_id vm, u16 port, u32 width, u32 value, u64 now);

/* Whether an IN from `port` (of any width) may move an interrupt line or a timer: reading the RTC's status C does. A
 * read that only lets an interrupt line fall is not worth a look: INT is computed on demand. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures ports: \result <==> 0x6e <= port <= 0x71;
*/
static inline bool board_timed(u16 port)
{
	return port >= 0x6eu && port <= 0x71u;
}

/* Whether an OUT to `port` (of any width) may move a timer, or unmask one. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures ports: \result <==> port <= 0x71 || 0x9e <= port <= 0xa1;
*/
static inline bool board_moves_timer(u16 port)
{
	return port <= 0x71u || (port >= 0x9eu && port <= 0xa1u);
}

/* Raises the interrupt lines for all timer events up to `now`. */
/*@ requires vm:   vm < VM_MAX;
    requires ok:   board_ok(&boards[vm]);
    requires at:   board_at(&boards[vm], now);
    assigns  boards[vm];
    exits    never: \false;
    ensures  ok:   board_ok(&boards[vm]);
    ensures  at:   board_at(&boards[vm], now);
*/
void board_advance(vm_id vm, u64 now);

/* The earliest moment after `now` at which a timer that is not masked in the PIC raises its line; TIME_NEVER if none.
 * After board_advance(vm, now). */
/*@ requires vm:    vm < VM_MAX;
    requires time:  now < BOARD_TIME_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  later: \result > now;
*/
u64 board_next(vm_id vm, u64 now);

/* INT from the PIC. */
/*@ requires vm: vm < VM_MAX;
    requires ok: board_ok(&boards[vm]);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result <==> boards[vm].pic.intr != 0;
*/
bool board_intr(vm_id vm);

/* The INTA cycles: the vector (pic_ack). */
/*@ requires vm: vm < VM_MAX;
    requires ok: board_ok(&boards[vm]);
    assigns  boards[vm].pic;
    exits    never: \false;
    ensures  ok: board_ok(&boards[vm]);
*/
u8 board_ack(vm_id vm);

/* Whether the UART has room for a byte from the console. */
/*@ requires vm: vm < VM_MAX;
    requires ok: board_ok(&boards[vm]);
    assigns  \nothing;
    exits    never: \false;
*/
bool board_can_receive(vm_id vm);

/* A byte from the console arrives at the UART. */
/*@ requires vm: vm < VM_MAX;
    requires ok: board_ok(&boards[vm]);
    assigns  boards[vm].uart, boards[vm].pic;
    exits    never: \false;
    ensures  ok: board_ok(&boards[vm]);
*/
void board_receive(vm_id vm, u8 byte);

#endif
