/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `reprise replay`. */
#include "replay.h"

#include "checkpoint.h"

#include "names.h"
#include "say.h"

#include <argp.h>
#include <string.h>

enum option_key { OPT_UNTIL = 0x100, OPT_FROM, OPT_VM, OPT_REPORT, OPT_KEEP, OPT_TIMEOUT };

static const struct argp_option option_table[] = {
	{ "from", OPT_FROM, "POSITION", 0, "start at the last checkpoint before it (made if missing)", 0 },
	{ "until", OPT_UNTIL, "POSITION|input:N", 0, "stop there, or right after the VM's Nth input, and print its registers", 0 },
	{ "vm", OPT_VM, "NAME", 0, "replay only this VM of several", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "stop after so much host time (exit status 124)", 0 },
	{ "report", OPT_REPORT, "FILE", 0, "write every report of the hypervisor to FILE, as JSON", 0 },
	{ "keep", OPT_KEEP, NULL, 0, "keep the temporary directory and say where it is", 0 },
	{ "verbose", 'v', NULL, 0, "say more about what happens", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static const char *path;
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
		return say_fail(STATUS_REFUSED, "%s: its VM got %llu inputs only", path, (unsigned long long)input.seen);
	wish.until = input.position > 0 ? input.position : 1;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct run_spec *run = state->input;
	bool good = true;

	switch (key) {
	case OPT_UNTIL:
		if (strncmp(arg, "input:", 6) == 0)
			good = guest_parse_number(arg + 6, 1, TIME_NEVER - 1, &input.number);
		else
			good = guest_parse_number(arg, 1, TIME_NEVER - 1, &wish.until);
		break;
	case OPT_FROM:
		good = guest_parse_number(arg, 1, TIME_NEVER - 1, &wish.from);
		break;
	case OPT_VM:
		wish.only = arg;
		break;
	case OPT_TIMEOUT:
		good = guest_parse_seconds(arg, &run->timeout_seconds);
		break;
	case OPT_REPORT:
		run->report = say_format("%s", arg);
		break;
	case OPT_KEEP:
		run->keep = true;
		break;
	case 'v':
		run->verbose = true;
		break;
	case ARGP_KEY_ARG:
		if (path != NULL)
			argp_error(state, "give one recording");
		path = arg;
		break;
	case ARGP_KEY_END:
		if (path == NULL)
			argp_error(state, "which recording?");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (!good)
		argp_error(state, "'%s' is not possible (see --help)", arg);
	return 0;
}

int replay_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "FILE.rpl",
		.children = names_argp,
		.doc = "Replay a recording to the instruction, and check it."
		       "\vExit status: as of the recorded run; 125 if the replay differs from the recording; 121 if the "
		       "recording cannot be used. See reprise(1).",
	};
	static struct run_spec run;
	static struct recording recording;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &run);
	status = names_open();
	if (status == 0)
		status = recording_read(path, false, &recording);
	if (status == 0 && input.number > 0)
		status = find_input(&recording);
	if (status == 0 && wish.from > 0 && recording.plan.vm_count > 1 && wish.only == NULL)
		status = say_fail(STATUS_USAGE, "--from starts one VM: choose it with --vm");
	if (status == 0 && wish.from > 0 && !checkpoint_exists(&recording))
		status = checkpoint_make(&recording, CHECKPOINT_EVERY);
	if (status == 0)
		status = replay_run(&recording, &run, &wish);
	else
		guest_free(&run);
	recording_free(&recording);
	return status;
}
