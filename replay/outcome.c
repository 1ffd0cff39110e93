/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hypervisor reports about its VMs, said to the user and turned into the exit status. */
#include "outcome.h"

#include "console.h"
#include "report.h"
#include "say.h"

#include <string.h>
#include <time.h>

static struct {
	const struct run_spec *spec;
	double begin;
	u32 started_count;
	struct { bool ended; u32 code, value; } vm[VM_MAX];
} state;

double outcome_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void outcome_begin(const struct run_spec *run, double begin)
{
	memset(&state, 0, sizeof(state));
	state.spec = run;
	state.begin = begin;
}

bool outcome_started(void)
{
	return state.started_count > 0;
}

static int vm_status(u32 vm)
{
	switch (state.vm[vm].code) {
	case LINK_END_EXIT:
		return (int)(state.vm[vm].value & 0xff);
	case LINK_END_RESET:
	case LINK_END_HALT:
		return STATUS_ORDERLY;
	case LINK_END_REFUSED:
		return STATUS_REFUSED;
	case LINK_END_JOURNAL:	/* a recording that stopped short; a replay that went as far as it could */
		return state.spec->record != NULL ? STATUS_FAILED : STATUS_ORDERLY;
	case LINK_END_DIFFERS:
		return STATUS_DIFFERS;
	case LINK_END_UNTIL:
		return STATUS_ORDERLY;
	default:
		return STATUS_GUEST_FAILED;
	}
}

/* The first VM whose status is not 0 gives the status of all. */
static int all_status(void)
{
	for (u32 v = 0; v < state.spec->vm_count; v++)
		if (state.vm[v].ended && vm_status(v) != STATUS_ORDERLY)
			return vm_status(v);
	return STATUS_ORDERLY;
}

static void end_say(u32 vm, const struct link_report *report)
{
	static const char *const how[] = { "",	     "ended with a status", "reset",
					   "halted", "triple fault",	    "stopped",
					   "refused",
					   "the journal ends", "the replay differs", "stopped as asked" };
	const char *name = state.spec->vm[vm].name;

	if (report->code == LINK_END_TRIPLE)
		say("%s: triple fault at position %llu", name, (unsigned long long)report->position);
	else if (state.spec->verbose && report->code <= LINK_END_UNTIL)
		say("%s: %s (value %u) at position %llu after %llu exits", name, how[report->code], report->value,
		    (unsigned long long)report->position, (unsigned long long)report->exits);
}

static void progress_say(const struct link_report *report)
{
	switch (report->code) {
	case LINK_STAGE_HYPERVISOR:
		say_progress("the hypervisor runs");
		break;
	case LINK_STAGE_LOADING:
		say_progress("loading %u MiB", (report->value + 1023) >> 10);
		break;
	case LINK_STAGE_MEASURING:
		say_progress("measuring %u MiB", (report->value + 1023) >> 10);
		break;
	default:
		break;
	}
}

int outcome_take(const struct link_report *report)
{
	u32 vm = report->vm;

	if (state.spec->report != NULL)
		report_add(report, outcome_now() - state.begin);
	switch (report->type) {
	case LINK_PROGRESS:
		progress_say(report);
		return OUTCOME_GO_ON;
	case LINK_STARTED:
		if (state.started_count++ == 0)
			say_progress_done();
		if (state.spec->verbose)
			say("%s: started after %.2f s", state.spec->vm[vm].name, outcome_now() - state.begin);
		console_started(vm);
		return OUTCOME_GO_ON;
	case LINK_MARK:
		if (state.spec->verbose)
			say("%s: mark %u at position %llu, %llu exits", state.spec->vm[vm].name, report->value,
			    (unsigned long long)report->position, (unsigned long long)report->exits);
		return OUTCOME_GO_ON;
	case LINK_END:
		state.vm[vm].ended = true;
		state.vm[vm].code = report->code;
		state.vm[vm].value = report->value;
		console_ended(vm);
		console_flush(1);
		end_say(vm, report);
		return OUTCOME_GO_ON;
	case LINK_ALL_ENDED:
		return all_status();
	case LINK_MISSING:
		return STATUS_PLATFORM;
	case LINK_PLAN_REFUSED:
		return STATUS_REFUSED;
	case LINK_FATAL:
		return STATUS_FAILED;
	default:
		return say_fail(STATUS_FAILED, "the hypervisor sent a report of unknown type %u; rebuild both",
				report->type);
	}
}

