/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and reading traces. */
#include "trace.h"

#include "replay.h"
#include "say.h"
#include "verb.h"

#include <errno.h>
#include <string.h>

static int (*take)(struct trace *trace);

/* Opens the output disk of a tracing replay. */
static int open_trace(const struct recording *recording, const char *path, struct trace *trace)
{
	*trace = (struct trace){ .file = fopen(path, "rbe"), .recording = recording };
	return trace->file != NULL ? 0 : say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
}

bool trace_next(struct trace *trace, struct trace_record *record)
{
	if (fread(record, sizeof(*record), 1, trace->file) != 1 || (record->flags & TRACE_VALID) == 0)
		return false;
	trace->count++;
	return true;
}

const char *trace_vm(const struct trace *trace, const struct trace_record *record)
{
	return record->vm < trace->recording->plan.vm_count ? (const char *)trace->recording->plan.vm[record->vm].name : "?";
}

bool trace_wanted(const struct trace_filter *filter, const struct trace *trace, const struct trace_record *record)
{
	struct trace_io io;

	if (record->position < filter->from || (filter->to != 0 && record->position >= filter->to))
		return false;
	if (filter->vm != NULL && strcmp(filter->vm, trace_vm(trace, record)) != 0)
		return false;
	if (filter->has_reason && (record->reason & 0xffffu) != filter->reason)
		return false;
	if (filter->has_port && (!trace_io(record, &io) || io.port != filter->port))
		return false;
	if (filter->has_msr && (((record->reason & 0xffffu) != EXIT_RDMSR && (record->reason & 0xffffu) != EXIT_WRMSR) ||
				record->detail != filter->msr))
		return false;
	return !filter->has_rip || (record->rip >= filter->rip_from && record->rip <= filter->rip_to);
}

static int finish(const struct recording *recording, const char *output, int status)
{
	struct trace trace;

	if (status == STATUS_DIFFERS || status == STATUS_FAILED || status == STATUS_PLATFORM || status >= STATUS_SIGNAL ||
	    output == NULL)
		return status;	/* a guest's own status does not matter here */
	status = open_trace(recording, output, &trace);
	if (status == 0)
		status = take(&trace);
	if (trace.file != NULL)
		fclose(trace.file);
	return status;
}

int trace_run(struct recording *recording, struct run_spec *run, const struct trace_filter *filter,
	      int (*the_take)(struct trace *trace))
{
	const struct replay_wish wish = {
		.hv = "hv-trace.bin",
		.until = filter != NULL && filter->to != 0 ? filter->to : TIME_NEVER,
		.output_bytes = TRACE_DISK_BYTES,
		.silent = true,
		.finish = finish,
	};

	take = the_take;
	return replay_run(recording, run, &wish);
}

int trace_verb(int argc, char **argv, const struct verb *verb, const struct trace_filter *filter, int (*the_take)(struct trace *trace))
{
	static struct run_spec run;
	static struct recording recording;
	int status = verb_open(argc, argv, verb, &run, &recording);

	if (status == 0)
		status = trace_run(&recording, &run, filter, the_take);
	else
		guest_free(&run);
	recording_free(&recording);
	return status;
}
