/* SPDX-License-Identifier: BSD-2-Clause */
/* A multiboot guest starts in flat protected mode, survives a trap and ends. */
/* expect: status=0 console~"hello from protected mode.*SUCCESS" */
#include "guest.h"

void guest_main(void)
{
	say("hello from protected mode\n");
	EXPECT(TRY("ud2", :), UD);
	EXPECT(trap.ip, trap_start);
	EXPECT(read_cr0() & (CR0_PE | CR0_PG), CR0_PE);
	guest_success();
}
