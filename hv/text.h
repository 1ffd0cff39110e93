/* SPDX-License-Identifier: BSD-2-Clause */
/* Building one line of text in a fixed buffer; what does not fit is cut. */
#ifndef HV_TEXT_H
#define HV_TEXT_H

#include "types.h"

#define TEXT_BYTES 240u

struct text {
	u32 length;
	char bytes[TEXT_BYTES];
};

void text_begin(struct text *text);
void text_string(struct text *text, const char *string);
void text_decimal(struct text *text, u64 value);
/* In the SDM's way: 1F0H. */
void text_hex(struct text *text, u64 value);
/* The line, NUL-terminated; valid until the next text_begin. */
const char *text_end(struct text *text);

#endif
