/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `reprise replay`. */
#include "replay.h"

#include "checkpoint.h"

#include "say.h"
#include "verb.h"

#include <string.h>

enum option_key { OPT_UNTIL = 0x100, OPT_FROM, OPT_VM };

static const struct argp_option option_table[] = {
	{ "from", OPT_FROM, "POSITION", 0, "start at the last checkpoint before it (made if missing)", 0 },
	{ "until", OPT_UNTIL, "POSITION|input:N", 0, "stop there, or right after the VM's Nth input, and print its registers", 0 },
	{ "vm", OPT_VM, "NAME", 0, "replay only this VM of several", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static struct replay_wish wish = { .until = TIME_NEVER };

/* The position of the input that --until=input:N names. */
static struct { u64 number, seen, position; } input;

static bool count_input(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	(void)block;
	(void)offset;
	(void)bytes;
	(void)context;
	if (event->kind != JOURNAL_CONSOLE && event->kind != JOURNAL_TIME)
		return true;
	input.seen++;
	input.position = event->position;
	return input.seen < input.number;
}

static int find_input(const struct recording *recording)
{
	u32 vm = 0;

	while (wish.only != NULL && vm + 1 < recording->plan.vm_count &&
	       strcmp((const char *)recording->plan.vm[vm].name, wish.only) != 0)
		vm++;
	if (recording->plan.vm_count > 1 && wish.only == NULL)
		return say_fail(STATUS_USAGE, "--until=input: means one VM: choose it with --vm");
	recording_events(recording, vm, count_input, NULL);
	if (input.seen < input.number)
		return say_fail(STATUS_REFUSED, "%s: its VM got %llu inputs only", recording->path, (unsigned long long)input.seen);
	wish.until = input.position > 0 ? input.position : 1;
	return 0;
}

static bool take_option(int key, char *arg)
{
	switch (key) {
	case OPT_UNTIL:
		if (strncmp(arg, "input:", 6) == 0)
			return guest_parse_number(arg + 6, 1, TIME_NEVER - 1, &input.number);
		return guest_parse_number(arg, 1, TIME_NEVER - 1, &wish.until);
	case OPT_FROM:
		return guest_parse_number(arg, 1, TIME_NEVER - 1, &wish.from);
	default:
		wish.only = arg;
		return true;
	}
}

/* The checkpoints that --from needs. */
static int checkpoints(struct recording *recording, const struct run_spec *options)
{
	static struct run_spec run;

	if (checkpoint_exists(recording))
		return 0;
	run.timeout_seconds = options->timeout_seconds;
	run.verbose = options->verbose;
	return checkpoint_make(recording, &run, CHECKPOINT_EVERY);
}

int replay_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .runs = true,
		.doc = "Replay a recording to the instruction, and check it."
		       "\vExit status: as of the recorded run; 125 if the replay differs from the recording; 121 if the "
		       "recording cannot be used. See reprise(1).",
	};
	static struct run_spec run;
	static struct recording recording;
	int status = verb_open(argc, argv, &verb, &run, &recording);

	if (status == 0 && input.number > 0)
		status = find_input(&recording);
	if (status == 0 && wish.from > 0)
		status = checkpoints(&recording, &run);
	if (status == 0)
		status = replay_run(&recording, &run, &wish);
	else
		guest_free(&run);
	recording_free(&recording);
	return status;
}
