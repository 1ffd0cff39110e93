/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing is tampered with. */
#include "model/monitor/monitor.h"

void monitor_tamper(struct spec_vmcs *vmcs, u64 entry)
{
	(void)vmcs;
	(void)entry;
}
