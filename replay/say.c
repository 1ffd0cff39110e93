/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for people on stderr; each begins with "reprise: ". */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool step_shown;
static bool line_open;
static bool quiet;	/* progress is for terminals only */

static void say_va(const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	fflush(stdout);
	fprintf(stderr, "%sreprise: %s\n", step_shown ? "\r\033[K" : line_open ? "\n" : "", text ? text : format);
	fflush(stderr);
	step_shown = false;
	line_open = false;
	free(text);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_va(format, args);
	va_end(args);
}

int say_fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_va(format, args);
	va_end(args);
	return status;
}

void say_progress_quiet(void)
{
	quiet = true;
}

void say_progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (isatty(STDERR_FILENO)) {
		fputs("\r\033[Kreprise: ", stderr);
		vfprintf(stderr, format, args);
		fputs(" ...", stderr);
		fflush(stderr);
		step_shown = true;
	} else if (!quiet) {
		say_va(format, args);
	}
	va_end(args);
}

void say_progress_done(void)
{
	if (step_shown)
		fputs("\r\033[K", stderr);
	step_shown = false;
}

void say_column(bool at_line_start)
{
	line_open = !at_line_start && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
}

void *say_alloc(unsigned long bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (memory == NULL)
		exit(say_fail(STATUS_FAILED, "no memory for %lu bytes on this machine", bytes));
	return memory;
}

char *say_format(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		exit(say_fail(STATUS_FAILED, "no memory for a string on this machine"));
	va_end(args);
	return text;
}
