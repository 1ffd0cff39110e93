/* SPDX-License-Identifier: BSD-2-Clause */
/* Little-endian numbers in bytes, as the encodings of plan, session and journal hold them. */
#ifndef HV_BYTES_H
#define HV_BYTES_H

#include "types.h"

/*@ // The number that begins at `p`.
    logic integer le16{L}(u8 *p) = p[0] + 0x100 * p[1];
    logic integer le32{L}(u8 *p) = p[0] + 0x100 * p[1] + 0x10000 * p[2] + 0x1000000 * p[3];
    logic integer le64{L}(u8 *p) = le32(p) + 0x100000000 * le32(p + 4);

    // `count` bytes are the same at both places.
    predicate bytes_same{L}(u8 *p, u8 *q, integer count) = \forall integer k; 0 <= k < count ==> p[k] == q[k];
*/

/*@ requires valid: \valid(out + (0 .. 1));
    requires value: value <= 0xffff;
    assigns  out[0 .. 1];
    exits    never: \false;
    ensures  value: le16(out) == value;
*/
void bytes_put16(u8 *out, u32 value);

/*@ requires valid: \valid(out + (0 .. 3));
    assigns  out[0 .. 3];
    exits    never: \false;
    ensures  value: le32(out) == value;
*/
void bytes_put32(u8 *out, u32 value);

/*@ requires valid: \valid(out + (0 .. 7));
    assigns  out[0 .. 7];
    exits    never: \false;
    ensures  value: le64(out) == value;
*/
void bytes_put64(u8 *out, u64 value);

/*@ requires valid: \valid(out + (0 .. count - 1)) && \valid_read(from + (0 .. count - 1));
    requires apart: \separated(out + (0 .. count - 1), from + (0 .. count - 1));
    assigns  out[0 .. count - 1];
    exits    never: \false;
    ensures  same:  bytes_same(out, from, count);
*/
void bytes_copy(u8 *out, const u8 *from, u32 count);

/*@ requires valid: \valid(out + (0 .. count - 1));
    assigns  out[0 .. count - 1];
    exits    never: \false;
    ensures  zero:  \forall integer k; 0 <= k < count ==> out[k] == 0;
*/
void bytes_zero(u8 *out, u32 count);

/*@ requires valid: \valid_read(in + (0 .. 1));
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == le16(in);
*/
u32 bytes_get16(const u8 *in);

/*@ requires valid: \valid_read(in + (0 .. 3));
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == le32(in);
*/
u32 bytes_get32(const u8 *in);

/*@ requires valid: \valid_read(in + (0 .. 7));
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == le64(in);
*/
u64 bytes_get64(const u8 *in);

#endif
