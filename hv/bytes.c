/* SPDX-License-Identifier: BSD-2-Clause */
/* Little-endian numbers in bytes. */
#include "bytes.h"

void bytes_put16(u8 *out, u32 value)
{
	out[0] = (u8)(value % 0x100u);
	out[1] = (u8)(value / 0x100u);
}

void bytes_put32(u8 *out, u32 value)
{
	out[0] = (u8)(value % 0x100u);
	out[1] = (u8)(value / 0x100u % 0x100u);
	out[2] = (u8)(value / 0x10000u % 0x100u);
	out[3] = (u8)(value / 0x1000000u);
}

void bytes_put64(u8 *out, u64 value)
{
	bytes_put32(out, (u32)(value % 0x100000000ull));
	bytes_put32(out + 4, (u32)(value / 0x100000000ull));
}

void bytes_copy(u8 *out, const u8 *from, u32 count)
{
	/*@ loop invariant range: 0 <= i <= count;
	    loop invariant same:  bytes_same(out, from, i);
	    loop assigns i, out[0 .. count - 1];
	    loop variant count - i;
	*/
	for (u32 i = 0; i < count; i++)
		out[i] = from[i];
}

void bytes_zero(u8 *out, u32 count)
{
	/*@ loop invariant range: 0 <= i <= count;
	    loop invariant zero:  \forall integer k; 0 <= k < i ==> out[k] == 0;
	    loop assigns i, out[0 .. count - 1];
	    loop variant count - i;
	*/
	for (u32 i = 0; i < count; i++)
		out[i] = 0;
}

u32 bytes_get16(const u8 *in)
{
	return in[0] + 0x100u * in[1];
}

u32 bytes_get32(const u8 *in)
{
	return in[0] + 0x100u * in[1] + 0x10000u * in[2] + 0x1000000u * in[3];
}

u64 bytes_get64(const u8 *in)
{
	return bytes_get32(in) + 0x100000000ull * bytes_get32(in + 4);
}
