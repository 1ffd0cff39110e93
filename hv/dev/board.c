/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's board: ports to devices, devices to interrupt lines. */
#include "board.h"

#define IRQ_PIT 0u
#define IRQ_UART 4u
#define IRQ_RTC 8u

#define PORT_UART 0x3f8u
#define PORT_DEBUG 0xe9u
#define PORT_EXIT 0xf4u
#define PORT_MARK 0xf5u
#define PORT_NMI 0xf6u
#define PORT_PCI_ADDRESS 0xcf8u

struct board boards[VM_MAX];

_Static_assert(sizeof(struct board) == 8 + sizeof(struct pit) + sizeof(struct rtc) + sizeof(struct uart) +
	       sizeof(struct pic) + sizeof(struct pci) + sizeof(struct i8042) + 16, "struct board has no implicit padding");

/*@ assigns \nothing;
    exits   never: \false;
    ensures least: \result == (a < b ? a : b);
*/
static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
*/
static void advance(struct board *b, u64 now)
{
	if (pit_advance(&b->pit, now))
		pic_pulse_irq(&b->pic, IRQ_PIT);
	rtc_advance(&b->rtc, now);
	pic_set_irq(&b->pic, IRQ_RTC, b->rtc.line != 0);
	b->event = earlier(b->pit.due, b->rtc.event);
}

void board_reset(vm_id vm, u64 rtc_seconds)
{
	struct board *b = &boards[vm];

	pit_reset(&b->pit);
	rtc_reset(&b->rtc, rtc_seconds);
	uart_reset(&b->uart);
	pic_reset(&b->pic);
	pci_reset(&b->pci);
	i8042_reset(&b->i8042);
	b->reserved[0] = 0;
	b->reserved[1] = 0;
	b->event = TIME_NEVER;
}

/* After an access to the UART. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    assigns  b->pic;
    exits    never: \false;
    ensures  ok:    board_ok(b);
*/
static void uart_line(struct board *b)
{
	pic_set_irq(&b->pic, IRQ_UART, uart_irq(&b->uart));
}

/* After an access to the RTC. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    assigns  b->pic, b->event;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  event: b->event == (b->pit.due < b->rtc.event ? b->pit.due : b->rtc.event);
*/
static void rtc_line(struct board *b)
{
	pic_set_irq(&b->pic, IRQ_RTC, b->rtc.line != 0);
	b->event = earlier(b->pit.due, b->rtc.event);
}

/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  byte:  \result <= 0xff;
*/
static COLD u32 in_rtc(struct board *b, u64 now)
{
	u32 value = rtc_read(&b->rtc, now);

	rtc_line(b);
	return value;
}

/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires reg:   reg < UART_REGISTERS;
    assigns  b->uart, b->pic;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  byte:  \result <= 0xff;
*/
static COLD u32 in_uart(struct board *b, u32 reg)
{
	u32 value = uart_read(&b->uart, reg);

	uart_line(b);
	return value;
}

/* Whatever needs the stack is in a function of its own: the usual ports keep nothing there. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  byte:  \result <= 0xff;
*/
static u32 in_byte(struct board *b, u32 port, u64 now)
{
	switch (port) {
	case 0x20:
	case 0x21:
		return pic_read(&b->pic, PIC_MASTER, port % 2u);
	case 0xa0:
	case 0xa1:
		return pic_read(&b->pic, PIC_SLAVE, port % 2u);
	case 0x4d0:
	case 0x4d1:
		return pic_elcr_read(&b->pic, port % 2u);
	case 0x40:
	case 0x41:
	case 0x42:
	case 0x43:
		return pit_read(&b->pit, port % 4u, now);
	case 0x61:
		return pit_read61(&b->pit, now);
	case 0x60:
		return I8042_DATA;
	case 0x64:
		return I8042_STATUS;
	case 0x71:
		return in_rtc(b, now);
	case 0x3f8:
	case 0x3f9:
	case 0x3fa:
	case 0x3fb:
	case 0x3fc:
	case 0x3fd:
	case 0x3fe:
	case 0x3ff:
		return in_uart(b, port % 8u);
	case 0xcf9:
		return b->pci.reset_control;
	case PORT_DEBUG:
		return PORT_DEBUG;	/* "the debug console is there", as in Bochs and QEMU */
	default:
		return 0xff;
	}
}

/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  kind:  \result.kind <= BOARD_NMI;
*/
static struct board_effect out_byte(struct board *b, u32 port, u8 value, u64 now)
{
	struct board_effect effect = { BOARD_NONE, 0 };

	switch (port) {
	case 0x20:
	case 0x21:
		pic_write(&b->pic, PIC_MASTER, port % 2u, value);
		break;
	case 0xa0:
	case 0xa1:
		pic_write(&b->pic, PIC_SLAVE, port % 2u, value);
		break;
	case 0x4d0:
	case 0x4d1:
		pic_elcr_write(&b->pic, port % 2u, value);
		break;
	case 0x40:
	case 0x41:
	case 0x42:
	case 0x43:
		if (pit_write(&b->pit, port % 4u, value, now))
			pic_pulse_irq(&b->pic, IRQ_PIT);
		b->event = earlier(b->pit.due, b->rtc.event);
		break;
	case 0x61:
		pit_write61(&b->pit, value, now);
		break;
	case 0x60:
		if (i8042_data(&b->i8042, value))
			effect.kind = BOARD_RESET;
		break;
	case 0x64:
		if (i8042_command(&b->i8042, value))
			effect.kind = BOARD_RESET;
		break;
	case 0x70:
		rtc_select(&b->rtc, value);
		break;
	case 0x71:
		rtc_write(&b->rtc, value, now);
		rtc_line(b);
		break;
	case 0x3f8:
	case 0x3f9:
	case 0x3fa:
	case 0x3fb:
	case 0x3fc:
	case 0x3fd:
	case 0x3fe:
	case 0x3ff:
		if (uart_write(&b->uart, port % 8u, value)) {
			effect.kind = BOARD_CONSOLE;
			effect.value = value;
		}
		uart_line(b);
		break;
	case 0xcf9:
		if (pci_write_reset(&b->pci, value))
			effect.kind = BOARD_RESET;
		break;
	case PORT_DEBUG:
		effect.kind = BOARD_CONSOLE;
		effect.value = value;
		break;
	case PORT_EXIT:
		effect.kind = BOARD_EXIT;
		effect.value = value;
		break;
	case PORT_MARK:
		effect.kind = BOARD_MARK;
		effect.value = value;
		break;
	case PORT_NMI:
		if (b->rtc.nmi_masked == 0)
			effect.kind = BOARD_NMI;
		break;
	default:
		break;
	}
	return effect;
}

/* IN of 2 or 4 bytes. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    requires width: width == 2 || width == 4;
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  word:  width == 2 ==> \result <= 0xffff;
*/
static COLD u32 in_wide(struct board *b, u32 port, u32 width, u64 now)
{
	u32 value;

	if (width == 4 && port == PORT_PCI_ADDRESS)
		return b->pci.address;
	value = in_byte(b, port, now);	/* one after the other: reading has effects */
	value += in_byte(b, port + 1u, now) * 0x100u;
	if (width == 4) {
		value += in_byte(b, port + 2u, now) * 0x10000u;
		value += in_byte(b, port + 3u, now) * 0x1000000u;
	}
	return value;
}

/* IN when a timer event is due: it comes first. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    requires width: width == 1 || width == 2 || width == 4;
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  byte:  width == 1 ==> \result <= 0xff;
    ensures  word:  width == 2 ==> \result <= 0xffff;
*/
static COLD u32 in_late(struct board *b, u32 port, u32 width, u64 now)
{
	advance(b, now);
	return width == 1 ? in_byte(b, port, now) : in_wide(b, port, width, now);
}

u32 board_in(vm_id vm, u16 port, u32 width, u64 now)
{
	struct board *b = &boards[vm];

	if (UNLIKELY(b->event <= now))
		return in_late(b, port, width, now);
	return width == 1 ? in_byte(b, port, now) : in_wide(b, port, width, now);
}

/* OUT of 2 or 4 bytes. */
/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    requires width: width == 2 || width == 4;
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  kind:  \result.kind <= BOARD_NMI;
*/
static COLD struct board_effect out_wide(struct board *b, u32 port, u32 width, u32 value, u64 now)
{
	struct board_effect first = { BOARD_NONE, 0 };

	if (port == PORT_PCI_ADDRESS && width == 4) {
		pci_write_address(&b->pci, value);
		return first;
	}
	if (port == PORT_EXIT || port == PORT_MARK) {
		first.kind = port == PORT_EXIT ? BOARD_EXIT : BOARD_MARK;
		first.value = width == 2 ? value % 0x10000u : value;
		return first;
	}
	if (port == PORT_DEBUG || port == PORT_NMI)
		return out_byte(b, port, (u8)value, now);
	/*@ loop invariant range: 0 <= i <= width;
	    loop invariant ok:    board_ok(b);
	    loop invariant at:    board_at(b, now);
	    loop invariant kind:  first.kind <= BOARD_NMI;
	    loop assigns i, first, *b;
	    loop variant width - i;
	*/
	for (u32 i = 0; i < width; i++) {
		struct board_effect effect = out_byte(b, port + i, (u8)(value >> 8u * i), now);

		if (first.kind == BOARD_NONE)
			first = effect;
	}
	return first;
}

/*@ requires valid: \valid(b);
    requires ok:    board_ok(b);
    requires at:    board_at(b, now);
    requires width: width == 1 || width == 2 || width == 4;
    assigns  *b;
    exits    never: \false;
    ensures  ok:    board_ok(b);
    ensures  at:    board_at(b, now);
    ensures  kind:  \result.kind <= BOARD_NMI;
*/
static COLD struct board_effect out_late(struct board *b, u32 port, u32 width, u32 value, u64 now)
{
	advance(b, now);
	return width == 1 ? out_byte(b, port, (u8)value, now) : out_wide(b, port, width, value, now);
}

struct board_effect board_out(vm_id vm, u16 port, u32 width, u32 value, u64 now)
{
	struct board *b = &boards[vm];

	if (b->event <= now)
		return out_late(b, port, width, value, now);
	return width == 1 ? out_byte(b, port, (u8)value, now) : out_wide(b, port, width, value, now);
}

void board_advance(vm_id vm, u64 now)
{
	if (boards[vm].event <= now)
		advance(&boards[vm], now);
}

u64 board_next(vm_id vm, u64 now)
{
	const struct board *b = &boards[vm];
	u64 next = TIME_NEVER;

	if (pic_unmasked(&b->pic, IRQ_PIT))
		next = b->pit.edge;
	if (b->rtc.event < next && pic_unmasked(&b->pic, IRQ_RTC))
		next = b->rtc.event;
	return next > now ? next : now + 1u;
}

bool board_intr(vm_id vm)
{
	return pic_intr(&boards[vm].pic);
}

u8 board_ack(vm_id vm)
{
	return pic_ack(&boards[vm].pic);
}

bool board_can_receive(vm_id vm)
{
	return uart_can_receive(&boards[vm].uart);
}

void board_receive(vm_id vm, u8 byte)
{
	uart_receive(&boards[vm].uart, byte);
	uart_line(&boards[vm]);
}
