/* SPDX-License-Identifier: BSD-2-Clause */
/* A write outside RAM stops the VM by name: status 120. */
/* run: --memory 16M */
/* expect: status=120 stderr~"EPT violation" console!~"FAILURE" */
#include "guest.h"

void guest_main(void)
{
	*(volatile u32 *)0x40000000 = 1;
	guest_failure("it goes on after a write outside RAM");
}
