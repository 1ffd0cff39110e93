/* SPDX-License-Identifier: BSD-2-Clause */
/* No trace. */
#include "trace.h"

void trace_exit(vm_id vm, const struct vmexit *exit)
{
	(void)vm;
	(void)exit;
}

void trace_handled(vm_id vm, const struct vmexit *exit)
{
	(void)vm;
	(void)exit;
}

void trace_end(void)
{
}
