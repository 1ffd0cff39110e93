/* SPDX-License-Identifier: BSD-2-Clause */
/* Console input: bytes arrive by IRQ 4 while the guest sleeps in HLT, and are echoed; a dot ends it (cases/console.sh). */
/* case only */
#include "guest.h"

#define PORT 0x3f8
static volatile bool done;

static void on_uart(struct frame *frame)
{
	while ((inb(PORT + 2) & 0xf) == 4 || (inb(PORT + 5) & 1) != 0) {
		u8 c = inb(PORT);

		outb(PORT, c >= 'a' && c <= 'z' ? (u8)(c - 32) : c);
		done |= c == '.';
	}
	pic_eoi(4);
	(void)frame;
}

void guest_main(void)
{
	pic_start((u16)~0x10);
	trap_handler[IRQ_VECTOR + 4] = on_uart;
	outb(PORT + 4, 0x0b);
	outb(PORT + 1, 1);
	say("type:\n");
	while (!done)
		sti_hlt_cli();
	guest_success();
}
