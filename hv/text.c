/* SPDX-License-Identifier: BSD-2-Clause */
/* Building one line of text in a fixed buffer. */
#include "text.h"

#define DIGITS 20u	/* 2^64 - 1 in decimal */

/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    assigns  text->length, text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  kept:   text_kept{Pre, Post}(text);
    ensures  put:    \old(text->length) < TEXT_BYTES - 1 ==>
                     text->length == \old(text->length) + 1 && text->bytes[\old(text->length)] == c;
    ensures  cut:    \old(text->length) >= TEXT_BYTES - 1 ==> text->length == \old(text->length);
*/
static void put(struct text *text, char c)
{
	if (text->length < TEXT_BYTES - 1) {
		text->bytes[text->length] = c;
		text->length++;
	}
}

/*@ requires digit:  value < 16;
    assigns  \nothing;
    exits    never:  \false;
    ensures  text:   \result == (value < 10 ? '0' + value : 'A' + value - 10);
*/
static char digit(u64 value)
{
	return (char)(value < 10 ? '0' + (u32)value : 'A' + (u32)value - 10);
}

/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    requires base:   base == 10 || base == 16;
    assigns  text->length, text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  kept:   text_kept{Pre, Post}(text);
    ensures  some:   \old(text->length) < TEXT_BYTES - 1 ==> text->length > \old(text->length);
*/
static void number(struct text *text, u64 value, u64 base)
{
	u8 digits[DIGITS];	/* the last first */
	u32 count = 0;

	/*@ loop invariant range:  0 <= count <= DIGITS;
	    loop invariant digits: \forall integer k; 0 <= k < count ==> digits[k] < 16;
	    loop assigns value, count, digits[0 .. DIGITS - 1];
	    loop variant DIGITS - count;
	*/
	while (count < DIGITS) {
		digits[count] = (u8)(value % base);
		count++;
		value /= base;
		if (value == 0)
			break;
	}
	/*@ loop invariant range:  0 <= count <= \at(count, LoopEntry);
	    loop invariant ok:     text_ok(text);
	    loop invariant kept:   text_kept{Pre, Here}(text);
	    loop invariant some:   count == 0 && \at(text->length, Pre) < TEXT_BYTES - 1 ==>
	                           text->length > \at(text->length, Pre);
	    loop assigns count, text->length, text->bytes[0 .. TEXT_BYTES - 1];
	    loop variant count;
	*/
	while (count > 0) {
		count--;
		put(text, digit(digits[count]));
	}
}

void text_begin(struct text *text)
{
	text->length = 0;
}

void text_string(struct text *text, const char *string)
{
	/*@ loop invariant range:  0 <= i <= TEXT_BYTES;
	    loop invariant string: \forall integer k; 0 <= k < i ==> string[k] != '\0';
	    loop invariant ok:     text_ok(text);
	    loop invariant kept:   text_kept{Pre, Here}(text);
	    loop assigns i, text->length, text->bytes[0 .. TEXT_BYTES - 1];
	    loop variant TEXT_BYTES - i;
	*/
	for (u32 i = 0; i < TEXT_BYTES && string[i] != '\0'; i++)
		put(text, string[i]);
}

void text_decimal(struct text *text, u64 value)
{
	number(text, value, 10);
}

void text_hex(struct text *text, u64 value)
{
	number(text, value, 16);
	put(text, 'H');
}

const char *text_end(struct text *text)
{
	text->bytes[text->length] = '\0';
	return text->bytes;
}
