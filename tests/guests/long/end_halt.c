/* SPDX-License-Identifier: BSD-2-Clause */
/* HLT with IF=0 is an orderly end: status 0. */
/* expect: status=0 console~"halting" console!~"FAILURE" */
#include "guest.h"

void guest_main(void)
{
	say("halting\n");
	asm volatile("cli\n\thlt");
	guest_failure("it goes on after HLT with IF=0");
}
