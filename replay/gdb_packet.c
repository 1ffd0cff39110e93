/* SPDX-License-Identifier: BSD-2-Clause */
/* The framing and the hexadecimal of the gdb remote protocol. */
#include "gdb_packet.h"

#define ESCAPE '}'

static const char digits[] = "0123456789abcdef";

static int digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void put(struct gdb_reader *reader, u8 byte)
{
	if (reader->bytes < GDB_PACKET_MAX)
		reader->data[reader->bytes++] = byte;
	else
		reader->overflow = true;
}

static void begin(struct gdb_reader *reader)
{
	reader->state = GDB_INSIDE;
	reader->sum = 0;
	reader->bytes = 0;
	reader->overflow = reader->bad_sum = false;
}

static enum gdb_event outside(u8 byte)
{
	switch (byte) {
	case '+': return GDB_ACK;
	case '-': return GDB_NACK;
	case 3:	  return GDB_INTERRUPT;
	default:  return GDB_NOTHING;	/* noise between packets */
	}
}

enum gdb_event gdb_take(struct gdb_reader *reader, u8 byte)
{
	if (byte == '$') {	/* never sent as itself inside a packet: the one before was cut off */
		begin(reader);
		return GDB_NOTHING;
	}
	switch (reader->state) {
	case GDB_OUTSIDE:
		return outside(byte);
	case GDB_INSIDE:
		if (byte == '#') {
			reader->state = GDB_SUM1;
		} else {
			reader->sum = (u8)(reader->sum + byte);
			if (byte == ESCAPE)
				reader->state = GDB_ESCAPED;
			else
				put(reader, byte);
		}
		return GDB_NOTHING;
	case GDB_ESCAPED:
		reader->sum = (u8)(reader->sum + byte);
		put(reader, byte ^ 0x20);
		reader->state = GDB_INSIDE;
		return GDB_NOTHING;
	case GDB_SUM1:
		reader->bad_sum = digit(byte) < 0;
		reader->given = (u8)((u32)digit(byte) << 4);
		reader->state = GDB_SUM2;
		return GDB_NOTHING;
	case GDB_SUM2:
		reader->state = GDB_OUTSIDE;
		if (digit(byte) < 0 || reader->bad_sum || (reader->given | digit(byte)) != reader->sum || reader->overflow)
			return GDB_BAD;
		reader->data[reader->bytes] = '\0';
		return GDB_PACKET;
	}
	return GDB_NOTHING;
}

size_t gdb_frame(const void *data, size_t bytes, char *out, size_t room)
{
	const u8 *in = data;
	size_t at = 0;
	u8 sum = 0;

	if (room < 4)
		return 0;
	out[at++] = '$';
	for (size_t i = 0; i < bytes; i++) {
		u8 byte = in[i];

		if (at + 5 > room)
			return 0;
		if (byte == '$' || byte == '#' || byte == ESCAPE || byte == '*') {
			out[at++] = ESCAPE;
			sum = (u8)(sum + ESCAPE);
			byte ^= 0x20;
		}
		out[at++] = (char)byte;
		sum = (u8)(sum + byte);
	}
	if (at + 3 > room)
		return 0;
	out[at++] = '#';
	out[at++] = digits[sum >> 4];
	out[at++] = digits[sum & 15];
	return at;
}

void gdb_hex(const void *data, size_t bytes, char *out)
{
	const u8 *in = data;

	for (size_t i = 0; i < bytes; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

bool gdb_unhex(const char *text, size_t bytes, void *out)
{
	u8 *to = out;

	for (size_t i = 0; i < bytes; i++) {
		int high = digit((u8)text[2 * i]);
		int low = high < 0 ? -1 : digit((u8)text[2 * i + 1]);

		if (low < 0)
			return false;
		to[i] = (u8)(high << 4 | low);
	}
	return true;
}

bool gdb_number(const char **text, u64 *value)
{
	const char *at = *text;
	u64 number = 0;
	int next;

	for (u32 i = 0; (next = digit((u8)*at)) >= 0; i++, at++) {
		if ((number >> 60) != 0)
			return false;
		number = number << 4 | (u64)next;
	}
	if (at == *text)
		return false;
	*text = at;
	*value = number;
	return true;
}

bool gdb_thread(const char **text, s64 *thread)
{
	u64 value;

	if (**text == 'p') {	/* one process: its number says nothing */
		(*text)++;
		if (**text == '-')
			(*text)++;
		if (!gdb_number(text, &value))
			return false;
		if (**text != '.') {
			*thread = -1;
			return true;
		}
		(*text)++;
	}
	if ((*text)[0] == '-' && (*text)[1] == '1') {
		*text += 2;
		*thread = -1;
		return true;
	}
	if (!gdb_number(text, &value) || value > 0x7fffffff)
		return false;
	*thread = (s64)value;
	return true;
}
