/* SPDX-License-Identifier: BSD-2-Clause */
/* A byte written to port F4H is the exit status. */
/* expect: status=42 */
#include "guest.h"

void guest_main(void)
{
	outb(0xf4, 42);
	guest_failure("it goes on after OUT F4H");
}
