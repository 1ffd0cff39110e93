/* SPDX-License-Identifier: BSD-2-Clause */
/* A reset by port CF9H is an orderly end: status 0. */
/* expect: status=0 console~"resetting" console!~"FAILURE" */
#include "guest.h"

void guest_main(void)
{
	say("resetting\n");
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	guest_failure("it goes on after a reset by port CF9H");
}
