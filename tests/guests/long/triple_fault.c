/* SPDX-License-Identifier: BSD-2-Clause */
/* A triple fault ends the VM as failed: status 120. */
/* expect: status=120 */
/* run: */
/* run: --intercept exceptions */
#include "guest.h"

void guest_main(void)
{
	struct { u16 limit; reg base; } __attribute__((packed)) none = { 0, 0 };

	asm volatile("lidt %0\n\tud2" : : "m"(none));
	guest_failure("it goes on after a triple fault");
}
