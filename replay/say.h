/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tool says to people, and the exit statuses that end it. */
#ifndef REPLAY_SAY_H
#define REPLAY_SAY_H

#include <stdbool.h>

/* Exit statuses of reprise, besides a guest's own (reprise(1), EXIT STATUS). */
enum status {
	STATUS_ORDERLY = 0,
	STATUS_USAGE = 64,		/* the command line is wrong (sysexits' EX_USAGE, as argp does) */
	STATUS_GUEST_FAILED = 120,	/* triple fault, or stopped by the hypervisor */
	STATUS_REFUSED = 121,		/* a file, a size or a plan that cannot be used */
	STATUS_PLATFORM = 122,		/* no Bochs, no VT-x, no EPT ... */
	STATUS_FAILED = 123,		/* the hypervisor, Bochs or this machine failed */
	STATUS_TIMEOUT = 124,
	STATUS_DIFFERS = 125,		/* a replay differs from its recording */
	STATUS_SIGNAL = 128		/* + the signal's number */
};

/* One line on stderr: "reprise: ...". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and returns `status`: `return say_fail(STATUS_REFUSED, ...)`. */
int say_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A step of the boot: on a terminal it replaces the step before, elsewhere it is a line of its own. */
void say_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Clears the step that is shown; the guest has the terminal now. */
void say_progress_done(void);

/* From here on say_progress prints nothing where standard error is no terminal. */
void say_progress_quiet(void);

/* The guest's text ended in the middle of a line of this terminal: the next message starts on a new one. */
void say_column(bool at_line_start);

/* malloc and friends that end the program with STATUS_FAILED when memory is short. */
void *say_alloc(unsigned long bytes);
char *say_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
