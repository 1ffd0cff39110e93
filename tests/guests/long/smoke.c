/* SPDX-License-Identifier: BSD-2-Clause */
/* A 64-bit guest starts as Linux's boot protocol says, survives a trap and ends. */
/* expect: status=0 console~"hello from long mode.*SUCCESS" */
#include "guest.h"

void guest_main(void)
{
	say("hello from long mode %u %x %s %d\n", 42u, 0xbeefu, "text", -5);
	EXPECT(TRY("ud2", :), UD);
	EXPECT(trap.ip, trap_start);
	EXPECT(TRY("nop", :), NO_TRAP);
	EXPECT(rdmsr(MSR_EFER) & 0x500, 0x500);
	EXPECT(read_cr4() & CR4_PAE, CR4_PAE);
	EXPECT(read_flags() & FLAG_IF, 0);
	guest_success();
}
