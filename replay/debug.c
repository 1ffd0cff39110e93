/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs that go through a run: debug starts gdb on it (or listens for one), query asks one thing, core writes an
 * ELF core. What to go through is a recording, or a run by its options behind "--", if it repeats (--seed).
 */
#include "debug.h"

#include "core.h"
#include "debug_verb.h"
#include "fork.h"
#include "gdb.h"
#include "monitor.h"
#include "options.h"
#include "replay.h"
#include "say.h"
#include "seeded.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GDB_ARGUMENTS 64

enum { KEY_AT = 256, KEY_FROM, KEY_JSON, KEY_MEMORY, KEY_LEVEL, KEY_FORMAT, KEY_TO, KEY_CHECK };

static const struct argp_option listed[] = {
	{ "listen", 'l', "[HOST:]PORT", 0, "serve gdb there instead of starting one (debug)", 0 },
	{ "command", 'x', "FILE", 0, "let gdb carry out FILE and end (debug)", 0 },
	{ "symbols", 's', "FILE", 0, "an ELF file with symbols, or kallsyms text; may be repeated", 0 },
	{ "symbols-at", KEY_AT, "ADDRESS", 0, "what to add to the addresses of the --symbols before it", 0 },
	{ "from", KEY_FROM, "PLACE", 0, "go there first: a position, eEVENT, PERCENT%, start or end", 0 },
	{ "at", 'a', "PLACE", OPTION_ALIAS, NULL, 0 },
	{ "json", KEY_JSON, NULL, 0, "answer with one JSON object a line (query)", 0 },
	{ "output", 'o', "FILE", 0, "the file to write (core, trace)", 0 },
	{ "level", KEY_LEVEL, "LEVEL", 0, "blocks, instructions or memory (trace)", 0 },
	{ "format", KEY_FORMAT, "NAME", 0, "text, json or, of blocks, drcov (trace)", 0 },
	{ "to", KEY_TO, "POSITION", 0, "end before this position (trace)", 0 },
	{ "check", KEY_CHECK, NULL, 0, "then run on to the end, and say whether it is the recorded one (trace)", 0 },
	{ "checkpoint-memory", KEY_MEMORY, "MIB", 0, "what checkpoints may hold of their own in memory (default 2048); the rest goes to disk", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct debug_options *options = state->input;
	char *end;

	switch (key) {
	case 'l': options->listen = argument; return 0;
	case 'x': options->script = argument; return 0;
	case 'o': options->output = argument; return 0;
	case 'a':
	case KEY_FROM: options->from = argument; return 0;
	case KEY_JSON: options->json = true; return 0;
	case KEY_CHECK: options->check = true; return 0;
	case KEY_LEVEL: options->level = argument; return 0;
	case KEY_FORMAT: options->format = argument; return 0;
	case KEY_TO:
		options->to = strtoull(argument, &end, 0);
		if (end == argument || *end != '\0' || options->to == 0)
			argp_error(state, "'%s' is no position", argument);
		return 0;
	case KEY_MEMORY:
		options->memory_mib = strtoull(argument, &end, 10);
		if (end == argument || *end != '\0' || options->memory_mib == 0)
			argp_error(state, "'%s' is no number of MiB", argument);
		return 0;
	case 's':
		if (options->symbol_files == DEBUG_SYMBOL_FILES)
			argp_error(state, "more than %d --symbols", DEBUG_SYMBOL_FILES);
		options->symbols[options->symbol_files++].path = argument;
		return 0;
	case KEY_AT:
		if (options->symbol_files == 0)
			argp_error(state, "--symbols-at comes after its --symbols");
		options->symbols[options->symbol_files - 1].offset = strtoull(argument, &end, 0);
		if (end == argument || *end != '\0')
			argp_error(state, "'%s' is no address", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (options->words == DEBUG_WORDS)
			argp_error(state, "too many words");
		options->word[options->words++] = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is gone through: a recording, or a run by its options. */
struct subject {
	struct travel *travel;
	struct recording recording;
	bool recorded;
};

static int open_recording(struct subject *subject, struct debug_options *options)
{
	static const struct replay_wish whole = { .until = TIME_NEVER, .silent = true };
	int status = recording_read(options->word[0], false, &subject->recording);

	subject->recorded = true;
	memmove(options->word, options->word + 1, --options->words * sizeof(options->word[0]));
	subject->travel->recording = &subject->recording;
	if (status == 0)
		status = fork_read(subject->travel, &subject->recording);
	if (status == 0)
		subject->travel->hooks = replay_begin(&subject->recording, &subject->travel->spec, &whole);
	return status != 0 ? status : subject->travel->hooks != NULL ? 0 : STATUS_REFUSED;
}

/* A run that repeats. */
static int open_run(struct travel *travel)
{
	static const struct run_hooks seeded = { .hv = "hv-seeded.bin", .prepare = seeded_prepare };

	if (travel->spec.clock == PLAN_CLOCK_HOST || !travel->spec.seeded)
		return say_fail(STATUS_USAGE, "only a run that repeats can be gone through in both directions: give "
					      "--seed N, and no --clock=host; or record it");
	travel->hooks = &seeded;
	travel->spec.pace = PLAN_PACE_FAST;
	travel->spec.no_input = true;
	return 0;
}

/* Splits the command line at "--": ours before it, a run's behind it; without it the first word is a recording. */
static int options_read(int argc, char **argv, const char *doc, struct debug_options *options, struct subject *subject)
{
	const struct argp argp = { listed, parse, "FILE.rpl [WORD...]\n[WORD...] -- RUN-OPTIONS", doc, NULL, NULL, NULL };
	char *run_argv[128] = { (char *)"reprise run" };
	int ours = 1, count = 1;

	while (ours < argc && strcmp(argv[ours], "--") != 0)
		ours++;
	for (int i = ours + 1; i < argc && count < 126; i++)
		run_argv[count++] = argv[i];
	options->memory_mib = 2048;
	argp_parse(&argp, ours, argv, 0, NULL, options);
	if (count == 1 && options->words > 0)
		return open_recording(subject, options);
	if (count == 1)
		return say_fail(STATUS_USAGE, "what shall be gone through? Name a recording, or give a run's options behind '--'");
	if (options_run(count, run_argv, &subject->travel->spec) != 0)
		return STATUS_REFUSED;
	return open_run(subject->travel);
}

static int open_travel(struct travel *travel, const struct debug_options *options)
{
	int status = 0;

	for (u32 i = 0; status == 0 && i < options->symbol_files; i++)
		status = symbols_add(&travel->symbols, options->symbols[i].path, options->symbols[i].offset);
	travel->memory_max = options->memory_mib << 20;
	signal(SIGPIPE, SIG_IGN);
	return status != 0 ? status : travel_open(travel);
}

/* `from` as the monitor's goto has it. */
static int go_from(struct monitor *monitor, const char *from)
{
	char *line, *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	bool good = true;

	if (out == NULL)
		return STATUS_FAILED;
	if (from != NULL) {
		line = say_format("goto %s", from);
		good = monitor_command(monitor, line, out, NULL);
		free(line);
	}
	fclose(out);
	if (!good)
		say("%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return good ? 0 : STATUS_REFUSED;
}

static pid_t start_gdb(const struct debug_options *options, u16 port)
{
	const char *program = getenv("REPRISE_GDB");
	char *arguments[GDB_ARGUMENTS] = { (char *)"gdb", (char *)"-q" };
	u32 count = 2;
	pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() != parent)
		_exit(1);
	arguments[count++] = (char *)"-ex";
	arguments[count++] = (char *)"set architecture i386:x86-64";
	arguments[count++] = (char *)"-ex";
	arguments[count++] = (char *)"set remotetimeout 60";
	for (u32 i = 0; i < options->symbol_files; i++) {
		arguments[count++] = (char *)"-ex";
		arguments[count++] = options->symbols[i].offset == 0 ?
					     say_format("add-symbol-file %s", options->symbols[i].path) :
					     say_format("add-symbol-file %s -o 0x%llx", options->symbols[i].path,
							(unsigned long long)options->symbols[i].offset);
	}
	arguments[count++] = (char *)"-ex";
	arguments[count++] = say_format("target remote 127.0.0.1:%u", port);
	if (options->script != NULL) {
		arguments[count++] = (char *)"-batch";
		arguments[count++] = (char *)"-x";
		arguments[count++] = options->script;
	}
	execvp(program != NULL && program[0] != '\0' ? program : "gdb", arguments);
	say("gdb cannot be started: %s; install the package gdb, or use --listen", strerror(errno));
	_exit(STATUS_PLATFORM);
}

static int serve(struct travel *travel, const struct debug_options *options)
{
	u16 port;
	int listener = gdb_listen(options->listen == NULL ? "0" : options->listen, &port);
	pid_t child = 0;
	int status, gdb_status = 0;

	if (listener < 0)
		return STATUS_FAILED;
	if (options->listen == NULL) {
		signal(SIGINT, SIG_IGN);	/* Ctrl-C is gdb's */
		child = start_gdb(options, port);
	} else {
		say("gdb can connect now: target remote %s%u", strchr(options->listen, ':') == NULL ? ":" : "port ", port);
	}
	status = gdb_serve(travel, listener, child > 0, child);
	close(listener);
	if (child > 0 && waitpid(child, &gdb_status, 0) == child && WIFEXITED(gdb_status) && status == 0)
		status = WEXITSTATUS(gdb_status);
	return status;
}

static int ask(struct travel *travel, const struct debug_options *options)
{
	struct monitor monitor;
	char *line = say_format("%s", options->word[0]);
	char *rest, *command;
	int status;

	for (u32 i = 1; i < options->words; i++) {
		char *longer = say_format("%s %s", line, options->word[i]);

		free(line);
		line = longer;
	}
	rest = line;
	monitor_open(&monitor, travel);
	status = go_from(&monitor, options->from);
	while (status == 0 && (command = strsep(&rest, ";")) != NULL) {
		struct json_object *json = options->json ? json_object_new_object() : NULL;
		char *text = NULL;
		size_t bytes = 0;
		FILE *out = open_memstream(&text, &bytes);

		if (out == NULL)
			break;
		if (!monitor_command(&monitor, command, out, json))
			status = STATUS_REFUSED;
		fclose(out);
		if (status != 0)
			say("%.*s", (int)strcspn(text, "\n"), text);
		else if (json != NULL)
			puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
		else
			fwrite(text, 1, bytes, stdout);
		if (json != NULL)
			json_object_put(json);
		free(text);
		fflush(stdout);
	}
	free(line);
	return status;
}

/* What the verbs have in common: opens the subject, goes to --from, and lets `act` work. */
int debug_verb(int argc, char **argv, const char *doc, const char *(*wrong)(const struct debug_options *options),
		int (*act)(struct travel *travel, const struct debug_options *options))
{
	struct subject *subject = say_alloc(sizeof(*subject));
	struct debug_options options = { 0 };
	struct monitor monitor;
	int status;

	memset(subject, 0, sizeof(*subject));
	subject->travel = say_alloc(sizeof(*subject->travel));
	memset(subject->travel, 0, sizeof(*subject->travel));
	status = options_read(argc, argv, doc, &options, subject);
	if (status == 0 && wrong(&options) != NULL)
		status = say_fail(STATUS_USAGE, "%s", wrong(&options));
	if (status == 0) {
		status = open_travel(subject->travel, &options);
		if (status == 0) {
			monitor_open(&monitor, subject->travel);
			status = go_from(&monitor, options.from);
		}
		if (status == 0)
			status = act(subject->travel, &options);
		travel_close(subject->travel);
	}
	guest_free(&subject->travel->spec);
	if (subject->recorded)
		recording_free(&subject->recording);
	free(subject->travel);
	free(subject);
	return status;
}

static const char *no_words(const struct debug_options *options)
{
	return options->words == 0 ? NULL : "there is a word too many";
}

static const char *some_words(const struct debug_options *options)
{
	return options->words > 0 ? NULL : "what is the question? 'reprise query help' lists them";
}

static const char *core_options(const struct debug_options *options)
{
	return options->output == NULL || options->from == NULL ? "give --at PLACE and -o FILE" : no_words(options);
}

static int write_core(struct travel *travel, const struct debug_options *options)
{
	return core_write(travel, options->output);
}

int debug_main(int argc, char **argv)
{
	return debug_verb(argc, argv,
		    "Go through a recording, or a run that repeats, with gdb: forwards and backwards.\vAll of gdb's commands "
		    "work, and 'monitor help' lists more. See reprise(1).",
		    no_words, serve);
}

int query_main(int argc, char **argv)
{
	struct monitor none = { NULL, false };

	if (argc == 2 && strcmp(argv[1], "help") == 0) {
		monitor_command(&none, "help", stdout, NULL);
		return 0;
	}
	return debug_verb(argc, argv,
		    "Ask a recording, or a run that repeats, one thing: the commands of 'monitor' as a verb.\vSeveral are "
		    "separated by ';'. 'reprise query help' lists them.",
		    some_words, ask);
}

int core_main(int argc, char **argv)
{
	return debug_verb(argc, argv, "Write an ELF core of a guest at a place in its run, for gdb and others.", core_options,
		    write_core);
}

int debug_run(const struct run_spec *run, const char *where)
{
	static const struct run_hooks live = { .hv = "hv.bin" };
	struct travel *travel = say_alloc(sizeof(*travel));
	struct debug_options options = { .memory_mib = 2048, .listen = where[0] == '\0' ? NULL : (char *)where };
	int status = 0;

	memset(travel, 0, sizeof(*travel));
	travel->spec = *run;
	travel->live = run->clock == PLAN_CLOCK_HOST || !run->seeded;
	travel->hooks = &live;
	travel->echo = true;
	if (!travel->live)
		status = open_run(travel);
	if (status == 0)
		status = open_travel(travel, &options);
	if (status == 0)
		status = serve(travel, &options);
	travel_close(travel);
	guest_free(&travel->spec);
	free(travel);
	return status;
}
