/* SPDX-License-Identifier: BSD-2-Clause */
/* Bochs's log, line by line. A line is TICK, one letter, [CPU0  ], a blank, the text. */
#include "model/host/message.h"
#include <string.h>

#define BIT(word, check) ((check) / 64 == (word) ? 1ull << ((check) % 64) : 0)
#define WORD_1(w, a) BIT(w, CHECK_##a)
#define WORD_2(w, a, ...) BIT(w, CHECK_##a) | WORD_1(w, __VA_ARGS__)
#define WORD_3(w, a, ...) BIT(w, CHECK_##a) | WORD_2(w, __VA_ARGS__)
#define WORD_4(w, a, ...) BIT(w, CHECK_##a) | WORD_3(w, __VA_ARGS__)
#define WORD_5(w, a, ...) BIT(w, CHECK_##a) | WORD_4(w, __VA_ARGS__)
#define WORD_6(w, a, ...) BIT(w, CHECK_##a) | WORD_5(w, __VA_ARGS__)
#define WORD_7(w, a, ...) BIT(w, CHECK_##a) | WORD_6(w, __VA_ARGS__)
#define WORD_8(w, a, ...) BIT(w, CHECK_##a) | WORD_7(w, __VA_ARGS__)
#define COUNT(...) COUNT_(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)
#define COUNT_(a, b, c, d, e, f, g, h, n, ...) n
#define WORD(n, w, ...) WORD__(n, w, __VA_ARGS__)
#define WORD__(n, w, ...) WORD_##n(w, __VA_ARGS__)
#define SET(...) { WORD(COUNT(__VA_ARGS__), 0, __VA_ARGS__), WORD(COUNT(__VA_ARGS__), 1, __VA_ARGS__), WORD(COUNT(__VA_ARGS__), 2, __VA_ARGS__), \
	WORD(COUNT(__VA_ARGS__), 3, __VA_ARGS__), WORD(COUNT(__VA_ARGS__), 4, __VA_ARGS__) }
_Static_assert(SPEC_CHECK_WORDS == 5, "SET has one word for each 64 checks");

#define REACHED NULL
const struct message_info messages[MESSAGES] = {
#define MESSAGE(text, reach, checks) { text, reach, checks },
#include "model/messages.def"
#undef MESSAGE
};

bool message_match(const char *pattern, const char *text)
{
	for (; *pattern != '\0'; pattern++, text++) {
		if (*pattern == '*') {
			if (pattern[1] == '\0')
				return true;
			while (*text != '\n' && *text != '\0' && !message_match(pattern + 1, text))
				text++;
			return *text != '\n' && *text != '\0';
		}
		if (*pattern != *text)
			return false;
	}
	return *text == '\n' || *text == '\0';
}

u32 message_find(const char *text)
{
	for (u32 i = 0; i < MESSAGES; i++)
		if (message_match(messages[i].text, text))
			return i;
	return MESSAGES;
}

bool log_next(const char **at, const char *end, u64 *tick, const char **text)
{
	while (*at < end) {
		const char *line = *at, *p = line;
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (stop == NULL)
			return false;
		*at = stop + 1;
		for (*tick = 0; *p >= '0' && *p <= '9'; p++)
			*tick = *tick * 10 + (u64)(*p - '0');
		if (p == line || stop - p < 10 || memcmp(p + 1, "[CPU0  ] ", 9) != 0)
			continue;
		*text = p + 10;
		return true;
	}
	return false;
}
