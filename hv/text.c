/* SPDX-License-Identifier: BSD-2-Clause */
/* Building one line of text in a fixed buffer. */
#include "text.h"

static void put(struct text *text, char c)
{
	if (text->length < TEXT_BYTES - 1)
		text->bytes[text->length++] = c;
}

void text_begin(struct text *text)
{
	text->length = 0;
}

void text_string(struct text *text, const char *string)
{
	for (u32 i = 0; string[i] != '\0' && i < TEXT_BYTES; i++)
		put(text, string[i]);
}

void text_decimal(struct text *text, u64 value)
{
	u64 unit = 1;

	while (value / unit >= 10)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		put(text, (char)('0' + value / unit % 10));
}

void text_hex(struct text *text, u64 value)
{
	u32 digits = 1;

	while (digits < 16 && (value >> (4 * digits)) != 0)
		digits++;
	for (u32 i = digits; i > 0; i--)
		put(text, "0123456789ABCDEF"[(value >> (4 * (i - 1))) & 15u]);
	put(text, 'H');
}

const char *text_end(struct text *text)
{
	text->bytes[text->length] = '\0';
	return text->bytes;
}
