/* SPDX-License-Identifier: BSD-2-Clause */
#include "verb.h"

#include "names.h"
#include "say.h"

enum option_key { OPT_TIMEOUT = VERB_KEYS, OPT_REPORT, OPT_KEEP };

static const struct argp_option running_table[] = {
	{ NULL, 0, NULL, 0, "The replay:", 7 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "stop after so much host time (exit status 124)", 0 },
	{ "report", OPT_REPORT, "FILE", 0, "write every report of the hypervisor to FILE, as JSON", 0 },
	{ "keep", OPT_KEEP, NULL, 0, "keep the temporary directory and say where it is", 0 },
	{ "verbose", 'v', NULL, 0, "say more about what happens", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

struct parse {
	const struct verb *verb;
	struct run_spec *run;
	const char *path;
};

static error_t parse_running(int key, char *arg, struct argp_state *state)
{
	struct run_spec *run = state->input;

	switch (key) {
	case OPT_TIMEOUT:
		if (!guest_parse_seconds(arg, &run->timeout_seconds))
			argp_error(state, "'%s' is not possible (see --help)", arg);
		return 0;
	case OPT_REPORT:
		run->report = say_format("%s", arg);
		return 0;
	case OPT_KEEP:
		run->keep = true;
		return 0;
	case 'v':
		run->verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	const char *why;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = parse->run;
		return 0;
	case ARGP_KEY_ARG:
		if (parse->path != NULL)
			argp_error(state, "give one recording");
		parse->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (parse->path == NULL)
			argp_error(state, "which recording?");
		why = parse->verb->check != NULL ? parse->verb->check() : NULL;
		if (why != NULL)
			argp_error(state, "%s", why);
		return 0;
	default:
		if (parse->verb->options == NULL || key >= ARGP_KEY_END)
			return ARGP_ERR_UNKNOWN;
		if (!parse->verb->take(key, arg))
			argp_error(state, "'%s' is not possible (see --help)", arg);
		return 0;
	}
}

int verb_open(int argc, char **argv, const struct verb *verb, struct run_spec *run, struct recording *recording)
{
	const struct argp running = { .options = running_table, .parser = parse_running };
	const struct argp_child children[] = { { &running, 0, NULL, 0 }, names_argp[0], { NULL, 0, NULL, 0 } };
	const struct argp_child none[] = { { NULL, 0, NULL, 0 } };
	const struct argp argp = {
		.options = verb->options, .parser = parse_own, .args_doc = "FILE.rpl", .doc = verb->doc,
		.children = verb->runs ? children : none,
	};
	struct parse parse = { .verb = verb, .run = run };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &parse);
	status = names_open();
	return status != 0 ? status : recording_read(parse.path, verb->strict, recording);
}
