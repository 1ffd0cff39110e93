/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops for ever: for the tests of --timeout (cases/timeout.sh). */
/* case only */
#include "guest.h"

void guest_main(void)
{
	say("looping\n");
	for (;;)
		asm volatile("pause");
}
