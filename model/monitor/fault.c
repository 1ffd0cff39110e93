/* SPDX-License-Identifier: BSD-2-Clause */
/* A seeded fault, to see the monitor find it: RFLAGS without bit 1 at the tenth entry. */
#include "model/monitor/monitor.h"

void monitor_tamper(struct spec_vmcs *vmcs, u64 entry)
{
	if (entry == 10)
		vmcs->value[F_GUEST_RFLAGS] &= ~2ull;
}
