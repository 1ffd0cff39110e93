/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise record --until-fail PATTERN --runs N`. */
#include "until_fail.h"

#include "say.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 250
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

/* One recording; its console, NUL-terminated, or NULL. */
static char *record(char **arguments, int *status)
{
	char *text = say_alloc(CONSOLE_MAX + 1);
	size_t bytes = 0;
	ssize_t got;
	int pipes[2];
	pid_t child;

	if (pipe(pipes) != 0 || (child = fork()) < 0) {
		free(text);
		return NULL;
	}
	if (child == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		execv("/proc/self/exe", arguments);
		_exit(127);
	}
	close(pipes[1]);
	while ((got = read(pipes[0], text + bytes, CONSOLE_MAX - bytes)) > 0 || (got < 0 && errno == EINTR))
		bytes += got > 0 ? (size_t)got : 0;
	close(pipes[0]);
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		continue;
	text[bytes] = '\0';
	for (size_t i = 0; i < bytes; i++)	/* a NUL would end the search */
		if (text[i] == '\0')
			text[i] = ' ';
	return text;
}

int until_fail_main(int argc, char **argv)
{
	const char *pattern = NULL, *output = NULL, *value;
	unsigned long runs = RUNS;
	char *arguments[ARGUMENTS + 4] = { (char *)"reprise", (char *)"record" };
	char seed[40];
	int count = 2;
	regex_t regex;

	for (int i = 1; i < argc && count < ARGUMENTS; i++) {
		int from = i;
		char *end;

		if ((value = value_of(argc, argv, &i, "--until-fail")) != NULL) {
			pattern = value;
		} else if ((value = value_of(argc, argv, &i, "--runs")) != NULL) {
			runs = strtoul(value, &end, 10);
			if (end == value || *end != '\0' || runs == 0)
				return say_fail(STATUS_USAGE, "--runs '%s' is no number", value);
		} else if (value_of(argc, argv, &i, "--seed") != NULL) {
			return say_fail(STATUS_USAGE, "--until-fail chooses the seeds: run k has --seed k");
		} else {
			i = from;
			value = value_of(argc, argv, &i, "-o");
			output = value != NULL ? value : output;
			i = from;
			value = value_of(argc, argv, &i, "--output");
			output = value != NULL ? value : output;
			i = from;
			arguments[count++] = argv[i];
		}
	}
	if (pattern == NULL || output == NULL)
		return say_fail(STATUS_USAGE, "--until-fail needs a pattern, and -o FILE.rpl");
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return say_fail(STATUS_USAGE, "'%s' is no regular expression", pattern);
	arguments[count++] = seed;
	for (unsigned long k = 1; k <= runs; k++) {
		int status = 0;
		char *text;
		bool found;

		snprintf(seed, sizeof(seed), "--seed=%lu", k);
		text = record(arguments, &status);
		if (text == NULL || WIFSIGNALED(status) || (WEXITSTATUS(status) >= STATUS_USAGE &&
							    WEXITSTATUS(status) != STATUS_GUEST_FAILED)) {
			free(text);
			return say_fail(STATUS_FAILED, "run %lu could not be recorded", k);
		}
		found = regexec(&regex, text, 0, NULL, 0) == 0;
		if (found) {
			fputs(text, stdout);
			say("run %lu failed; %s has it", k, output);
		} else {
			unlink(output);
		}
		free(text);
		if (found) {
			regfree(&regex);
			return 0;
		}
	}
	regfree(&regex);
	return say_fail(STATUS_NONE_FAILED, "none of %lu runs matched '%s'", runs, pattern);
}
