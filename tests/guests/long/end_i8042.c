/* SPDX-License-Identifier: BSD-2-Clause */
/* The i8042's reset command is an orderly end: status 0. */
/* expect: status=0 console~"resetting" console!~"FAILURE" */
#include "guest.h"

void guest_main(void)
{
	say("resetting\n");
	outb(0x64, 0xfe);
	guest_failure("it goes on after a reset by port 64H");
}
