/* SPDX-License-Identifier: BSD-2-Clause */
/* What Bochs logs when an entry fails, and what that means. */
#ifndef MODEL_HOST_MESSAGE_H
#define MODEL_HOST_MESSAGE_H

#include "spec/entry.h"

enum message {
#define MESSAGE(text, reach, checks) MESSAGE_AT(__COUNTER__)
#define MESSAGE_AT(n) MESSAGE_NUMBER(n)
#define MESSAGE_NUMBER(n) MESSAGE_##n,
#include "model/messages.def"
#undef MESSAGE
	MESSAGES
};

struct message_info {
	const char *text;
	const char *reach;	/* null: the runner provokes it; else why it cannot */
	u64 checks[SPEC_CHECK_WORDS];
};

extern const struct message_info messages[MESSAGES];

/* The message that a log text (ending in a newline) is; MESSAGES if none. */
u32 message_find(const char *text);

/* One line about CPU 0: its tick and its text. Moves *at behind the line; false at the end of the log. */
/* A log text (ending in a newline) against a pattern with `*`. */
bool message_match(const char *pattern, const char *text);

bool log_next(const char **at, const char *end, u64 *tick, const char **text);

#endif
