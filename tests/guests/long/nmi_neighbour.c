/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes NMIs for a long time; with "inside" on the command line it spends that time inside one NMI handler. Both side by
 * side (cases/nmi.sh): blocking by NMI is per VM, and no VM's entry or IRET changes another's.
 */
/* run: */
/* run: --append inside */
#include "guest.h"

static volatile u32 count, depth;
static bool inside;

static void spin(u32 rounds)
{
	for (volatile u32 i = 0; i < rounds; i++)
		;
}

static void on_nmi(struct frame *frame)
{
	count++;
	if (++depth > 1)
		guest_failure("an NMI inside the NMI handler");
	if (inside && count == 1) {
		for (u32 i = 0; i < 200; i++) {
			spin(5000);
			outb(0xf6, 0);	/* waits, many are one */
			if (count != 1)
				guest_failure("an NMI inside the NMI handler, %u", i);
		}
	}
	depth--;
	(void)frame;
}

void guest_main(void)
{
	inside = *guest_command_line() == 'i';
	if (!on_reprise())
		guest_skip("bare Bochs has no port F6H");
	trap_handler[NMI] = on_nmi;
	for (u32 i = 0; i < 200 && !inside; i++) {
		outb(0xf6, 0);
		EXPECT(count, i + 1);
		spin(5000);
	}
	if (inside) {
		outb(0xf6, 0);
		EXPECT(count, 2);
	}
	guest_success();
}
