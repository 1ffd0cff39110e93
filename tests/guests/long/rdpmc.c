/* SPDX-License-Identifier: BSD-2-Clause */
/* RDPMC is #GP for every counter, as CPUID shows none. */
#include "guest.h"

void guest_main(void)
{
	static const u32 index[] = { 0, 1, 0x40000000, 0x40000001, 0xffffffff };

	if (!on_reprise())
		guest_skip("bare Bochs shows some");
	for (u32 i = 0; i < ARRAY_COUNT(index); i++) {
		EXPECT(TRY("rdpmc", : : "c"(index[i]) : "eax", "edx"), GP);
		EXPECT(trap.error, 0);
		EXPECT(trap.ip, trap_start);
	}
	guest_success();
}
