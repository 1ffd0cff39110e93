/* SPDX-License-Identifier: BSD-2-Clause */
/* The body of replay/say.h for the harnesses of the tool's readers. */
#include "said.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "replay/say.h"

u32 said_count;
char said_first[SAID_BYTES];

void said_reset(void)
{
	said_count = 0;
	said_first[0] = '\0';
}

static void keep(const char *format, va_list args)
{
	static char later[SAID_BYTES];

	(void)vsnprintf(said_count++ == 0 ? said_first : later, SAID_BYTES, format, args);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(format, args);
	va_end(args);
}

int say_fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(format, args);
	va_end(args);
	return status;
}

void *say_alloc(unsigned long bytes)
{
	void *memory = calloc(1, bytes != 0 ? bytes : 1);

	if (memory == NULL)
		abort();
	return memory;
}

char *say_format(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}
