/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `diff`: where two recordings part, in exits and in console text. */
#include "diff.h"

#include "say.h"
#include "trace.h"

#include <argp.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE 3u		/* exits shown before the first difference */
#define AFTER 3u

/* The exits of one VM of one run. */
struct exits {
	struct trace_record *record;
	u64 count, room;
};

static const char *paths[2];
static struct recording recordings[2];
static struct exits runs[2][VM_MAX];
static u32 side;

static int take(struct trace *trace)
{
	struct trace_record record;

	while (trace_next(trace, &record)) {
		struct exits *exits = &runs[side][record.vm % VM_MAX];

		if (exits->count == exits->room) {
			exits->room = exits->room == 0 ? 1024 : exits->room * 2;
			exits->record = realloc(exits->record, exits->room * sizeof(record));
			if (exits->record == NULL)
				return say_fail(STATUS_FAILED, "no memory for the exits");
		}
		exits->record[exits->count++] = record;
	}
	return 0;
}

/* The same thing at the same place: all but how long it took. */
static bool same(const struct trace_record *a, const struct trace_record *b)
{
	struct trace_record x = *a, y = *b;

	x.ticks = y.ticks = 0;
	return memcmp(&x, &y, sizeof(x)) == 0;
}

static void print(char mark, const struct trace_record *record)
{
	char detail[128];

	trace_detail(record, detail, sizeof(detail));
	printf("%c %14llu  %-22s RIP %016llx  %s\n", mark, (unsigned long long)record->position, trace_reason(record),
	       (unsigned long long)record->rip, detail);
}

/* What differs between two exits that should be one. */
static void print_why(const struct trace_record *a, const struct trace_record *b)
{
	if (a->reason != b->reason)
		printf("  the reason differs\n");
	else if (a->rip != b->rip)
		printf("  RIP differs\n");
	else if (a->qualification != b->qualification || a->detail != b->detail)
		printf("  what was accessed differs\n");
	else if (a->value != b->value)
		printf("  the value differs: %llXH and %llXH\n", (unsigned long long)a->value, (unsigned long long)b->value);
	else if (a->position != b->position)
		printf("  the position differs by %lld\n", (long long)(b->position - a->position));
	else
		printf("  virtual time or the VM's state differs\n");
}

/* True if they part. */
static bool compare_exits(u32 v)
{
	const struct exits *a = &runs[0][v], *b = &runs[1][v];
	u64 at = 0;

	while (at < a->count && at < b->count && same(&a->record[at], &b->record[at]))
		at++;
	if (at == a->count && at == b->count)
		return false;
	printf("vm %s: the runs part at exit %llu\n", recordings[0].plan.vm[v].name, (unsigned long long)at + 1);
	for (u64 i = at > BEFORE ? at - BEFORE : 0; i < at; i++)
		print(' ', &a->record[i]);
	for (u64 i = at; i < at + AFTER && i < a->count; i++)
		print('-', &a->record[i]);
	for (u64 i = at; i < at + AFTER && i < b->count; i++)
		print('+', &b->record[i]);
	if (at < a->count && at < b->count)
		print_why(&a->record[at], &b->record[at]);
	else
		printf("  one of them ends\n");
	return true;
}

static void print_line(char mark, const struct bytes *console, u64 from)
{
	printf("%c ", mark);
	for (u64 i = from; i < console->count && console->data[i] != '\n'; i++)
		if (isprint(console->data[i]) || console->data[i] == '\t')
			putchar(console->data[i]);
	putchar('\n');
}

static bool compare_consoles(u32 v)
{
	const struct bytes *a = &recordings[0].vm[v].console, *b = &recordings[1].vm[v].console;
	u64 at = 0, line = 1, start = 0;

	while (at < a->count && at < b->count && a->data[at] == b->data[at]) {
		if (a->data[at] == '\n') {
			line++;
			start = at + 1;
		}
		at++;
	}
	if (at == a->count && at == b->count)
		return false;
	printf("vm %s: the consoles part in line %llu, at byte %llu\n", recordings[0].plan.vm[v].name,
	       (unsigned long long)line, (unsigned long long)at);
	print_line('-', a, start);
	print_line('+', b, start);
	return true;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "give two recordings");
		paths[state->arg_num] = arg;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			argp_error(state, "give two recordings");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int collect(void)
{
	static struct run_spec run;
	int status = recording_read(paths[side], false, &recordings[side]);

	memset(&run, 0, sizeof(run));
	return status != 0 ? status : trace_run(&recordings[side], &run, NULL, take);
}

int diff_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option, .args_doc = "A.rpl B.rpl",
		.doc = "Show the first place where two recorded runs part: in their exits, and in their consoles."
		       "\vExit status: 0 if they are the same run, 1 if they part.",
	};
	bool parts = false;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	status = collect();
	side = 1;
	if (status == 0)
		status = collect();
	if (status == 0 && recordings[0].plan.vm_count != recordings[1].plan.vm_count)
		status = say_fail(STATUS_REFUSED, "%s has %u VMs, %s has %u: nothing to align", paths[0],
				  recordings[0].plan.vm_count, paths[1], recordings[1].plan.vm_count);
	for (u32 v = 0; v < recordings[0].plan.vm_count && status == 0; v++) {
		parts = compare_exits(v) || parts;
		parts = compare_consoles(v) || parts;
	}
	if (status == 0 && !parts)
		printf("the same run\n");
	for (u32 i = 0; i < 2; i++) {
		for (u32 v = 0; v < VM_MAX; v++)
			free(runs[i][v].record);
		recording_free(&recordings[i]);
	}
	return status != 0 ? status : parts ? 1 : 0;
}
