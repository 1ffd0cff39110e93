/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks its progress every 40,000 ticks or so (cases/share.sh). */
/* case only */
#include "guest.h"

void guest_main(void)
{
	for (u32 beat = 1; beat <= 200; beat++) {
		for (u32 i = 0; i < 20000; i++)
			asm volatile("");
		mark(beat);
	}
	guest_success();
}
