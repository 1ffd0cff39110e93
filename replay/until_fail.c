/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise record --until-fail PATTERN --runs N`. */
#include "until_fail.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 250
#define JOBS 8
#define RUNS 1000ul		/* unless --runs says otherwise */
#define CONSOLE_MAX (16u << 20)
#define STATUS_NONE_FAILED 1	/* as grep: nothing was found */

/* The value of "--name=VALUE" or "--name VALUE" at argv[*i], or NULL; *i moves over it. */
static const char *value_of(int argc, char **argv, int *i, const char *name)
{
	size_t bytes = strlen(name);

	if (strncmp(argv[*i], name, bytes) != 0)
		return NULL;
	if (argv[*i][bytes] == '=')
		return argv[*i] + bytes + 1;
	return argv[*i][bytes] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

int until_fail_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--until-fail", 12) == 0)
			return 1;
	return 0;
}

/* A recording that is being made. */
struct run {
	unsigned long seed;
	char *output;
	pid_t child;
	int console;
};

static bool start(struct run *run, char **arguments, unsigned count)
{
	char seed[40];
	int pipes[2];

	snprintf(seed, sizeof(seed), "--seed=%lu", run->seed);
	arguments[count] = seed;
	arguments[count + 1] = (char *)"-o";
	arguments[count + 2] = run->output;
	arguments[count + 3] = NULL;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return false;
	run->child = fork();
	if (run->child == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		execv("/proc/self/exe", arguments);
		_exit(127);
	}
	close(pipes[1]);
	run->console = pipes[0];
	return run->child > 0;
}

/* Its console, NUL-terminated, once it has ended. */
static char *finish(struct run *run, int *status)
{
	char *text = say_alloc(CONSOLE_MAX + 1);
	size_t bytes = 0;
	ssize_t got;

	while ((got = read(run->console, text + bytes, CONSOLE_MAX - bytes)) > 0 || (got < 0 && errno == EINTR))
		bytes += got > 0 ? (size_t)got : 0;
	close(run->console);
	while (waitpid(run->child, status, 0) < 0 && errno == EINTR)
		continue;
	text[bytes] = '\0';
	for (size_t i = 0; i < bytes; i++)	/* a NUL would end the search */
		if (text[i] == '\0')
			text[i] = ' ';
	return text;
}

static bool recorded(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) < STATUS_USAGE || WEXITSTATUS(status) == STATUS_GUEST_FAILED);
}

/* Runs one after the other, as many at a time as there are CPUs. Returns a status. */
static int search(const regex_t *regex, const char *output, char **arguments, unsigned count, unsigned long first, unsigned long runs)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = cpus < 1 ? 1 : cpus > JOBS ? JOBS : (unsigned)cpus;
	int result = STATUS_NONE_FAILED;

	for (unsigned long k = 0; k < runs && result == STATUS_NONE_FAILED; k += jobs) {
		struct run run[JOBS];
		unsigned started = 0;

		while (started < jobs && k + started < runs) {
			run[started].seed = first + k + started;
			run[started].output = say_format("%s.%lu", output, run[started].seed);
			if (!start(&run[started], arguments, count)) {
				free(run[started].output);
				break;
			}
			started++;
		}
		if (started == 0)
			return say_fail(STATUS_FAILED, "run %lu could not be started", first + k);
		for (unsigned i = 0; i < started; i++) {
			int status = 0;
			char *text = finish(&run[i], &status);

			if (result == STATUS_NONE_FAILED && !recorded(status))
				result = say_fail(STATUS_FAILED, "run %lu could not be recorded", run[i].seed);
			if (result == STATUS_NONE_FAILED && regexec(regex, text, 0, NULL, 0) == 0) {
				result = rename(run[i].output, output) == 0 ?
						 0 : say_fail(STATUS_FAILED, "%s: %s", output, strerror(errno));
				fputs(text, stdout);
				if (result == 0)
					say("run %lu failed; %s has it", run[i].seed, output);
			}
			unlink(run[i].output);
			free(run[i].output);
			free(text);
		}
	}
	return result;
}

int until_fail_main(int argc, char **argv)
{
	const char *pattern = NULL, *output = NULL, *value;
	unsigned long runs = RUNS, first = 1;
	char *arguments[ARGUMENTS + 6] = { (char *)"reprise", (char *)"record" };
	unsigned count = 2;
	regex_t regex;
	int status;

	for (int i = 1; i < argc && count < ARGUMENTS; i++) {
		int from = i;
		char *end;

		if ((value = value_of(argc, argv, &i, "--until-fail")) != NULL) {
			pattern = value;
		} else if ((value = value_of(argc, argv, &i, "--runs")) != NULL) {
			runs = strtoul(value, &end, 10);
			if (end == value || *end != '\0' || runs == 0)
				return say_fail(STATUS_USAGE, "--runs '%s' is no number", value);
		} else if ((value = value_of(argc, argv, &i, "--seed")) != NULL) {
			first = strtoul(value, &end, 10);
			if (end == value || *end != '\0')
				return say_fail(STATUS_USAGE, "--seed '%s' is no number: the seed of the first run", value);
		} else if ((value = value_of(argc, argv, &i, "-o")) != NULL ||
			   (value = value_of(argc, argv, &i, "--output")) != NULL) {
			output = value;
		} else {
			i = from;
			arguments[count++] = argv[i];
		}
	}
	if (pattern == NULL || output == NULL)
		return say_fail(STATUS_USAGE, "--until-fail needs a pattern, and -o FILE.rpl");
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return say_fail(STATUS_USAGE, "'%s' is no regular expression", pattern);
	status = search(&regex, output, arguments, count, first, runs);
	regfree(&regex);
	if (status == STATUS_NONE_FAILED)
		say("none of %lu runs matched '%s'", runs, pattern);
	return status;
}
