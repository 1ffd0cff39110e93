/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints of a replaying VM. */
#include "checkpoint.h"

const char *checkpoint_begin(const struct plan *plan, const struct session *session)
{
	(void)plan;
	(void)session;
	return NULL;
}

bool checkpoint_restore(vm_id vm)
{
	(void)vm;
	return false;
}

void checkpoint_maybe(vm_id vm)
{
	(void)vm;
}
