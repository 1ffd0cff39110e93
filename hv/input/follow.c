/* SPDX-License-Identifier: BSD-2-Clause */
/* Following the host: its clock, if the plan says so, and waiting for it or for a console byte. */
#include "follow.h"
#include "dev/board.h"
#include "host.h"
#include "input.h"

#define NAP (TICKS_PER_SECOND / 100)	/* between two looks at the other VMs */

static bool host_time;	/* virtual time is never behind the host's at a quantum boundary or after an idle wait */
static bool waits;	/* idle jumps take host time */

void follow_begin(const struct plan *plan)
{
	host_time = plan->clock == PLAN_CLOCK_HOST;
	waits = plan->pace == PLAN_PACE_REAL || host_time;
}

u64 follow_time(u64 now)
{
	u64 host = host_time ? host_clock() : 0;

	return host > now ? host : now;
}

u64 follow_wait(vm_id vm, u64 now, u64 until)
{
	u64 ticks = until == TIME_NEVER ? NAP : until - now;
	u64 start, passed = 0;

	if (!waits)
		return until == TIME_NEVER ? now : until;
	start = host_clock();
	while (passed < ticks && !(board_can_receive(vm) && host_console_waits(vm))) {
		output_drain();
		passed = host_clock() - start;
	}
	return now + (passed < ticks ? passed : ticks);
}

bool follow_waits(void)
{
	return waits;
}
