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

/*@ predicate text_ok{L}(struct text *t) = t->length < TEXT_BYTES;

    // What was there is there, and something may have come after it.
    predicate text_kept{A, B}(struct text *t) =
      \at(t->length, A) <= \at(t->length, B) &&
      (\forall integer k; 0 <= k < \at(t->length, A) ==> \at(t->bytes[k], B) == \at(t->bytes[k], A));

    // A NUL ends it, and it is not in the line that is being built.
    predicate text_source{L}(struct text *t, char *s) =
      \exists integer n; 0 <= n && \valid_read(s + (0 .. n)) && s[n] == 0 && \separated(t, s + (0 .. n));
*/

/*@ requires valid:  \valid(text);
    assigns  text->length;
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  empty:  text->length == 0;
*/
void text_begin(struct text *text);

/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    requires string: text_source(text, string);
    assigns  text->length, text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  kept:   text_kept{Pre, Post}(text);
*/
void text_string(struct text *text, const char *string);

/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    assigns  text->length, text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  kept:   text_kept{Pre, Post}(text);
    ensures  some:   \old(text->length) < TEXT_BYTES - 1 ==> text->length > \old(text->length);
*/
void text_decimal(struct text *text, u64 value);

/* In the SDM's way: 1F0H. */
/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    assigns  text->length, text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  ok:     text_ok(text);
    ensures  kept:   text_kept{Pre, Post}(text);
    ensures  some:   \old(text->length) < TEXT_BYTES - 1 ==> text->length > \old(text->length);
*/
void text_hex(struct text *text, u64 value);

/* The line, NUL-terminated; valid until the next text_begin. */
/*@ requires valid:  \valid(text);
    requires ok:     text_ok(text);
    assigns  \result \from text;
    assigns  text->bytes[0 .. TEXT_BYTES - 1];
    exits    never:  \false;
    ensures  line:   \result == &text->bytes[0];
    ensures  end:    text->bytes[text->length] == '\0';
    ensures  kept:   text_kept{Pre, Post}(text);
*/
const char *text_end(struct text *text);

#endif
