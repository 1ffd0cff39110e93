/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framing and the hexadecimal of the gdb remote protocol: "$data#sum", '}' escapes, 03H for Ctrl-C. Pure functions
 * over bytes; nothing here knows what a command means.
 */
#ifndef REPLAY_GDB_PACKET_H
#define REPLAY_GDB_PACKET_H

#include "hv/types.h"

#include <stdbool.h>
#include <stddef.h>

#define GDB_PACKET_MAX 16384u	/* as qSupported says; longer ones are refused */

enum gdb_event {
	GDB_NOTHING,		/* more bytes are needed */
	GDB_PACKET,		/* reader->data[0..bytes), NUL-terminated */
	GDB_BAD,		/* a wrong checksum or too long: ask again ('-') */
	GDB_INTERRUPT,
	GDB_ACK,
	GDB_NACK
};

struct gdb_reader {
	enum { GDB_OUTSIDE, GDB_INSIDE, GDB_ESCAPED, GDB_SUM1, GDB_SUM2 } state;
	u8 sum, given;
	bool overflow, bad_sum;
	u32 bytes;
	u8 data[GDB_PACKET_MAX + 1];
};

/* Takes one byte. */
enum gdb_event gdb_take(struct gdb_reader *reader, u8 byte);

/* Frames `bytes` of data as one packet into out[0..room), with escapes where `binary` data needs them. Returns the
 * packet's length, 0 if it does not fit. 2 * bytes + 4 is always enough. */
size_t gdb_frame(const void *data, size_t bytes, char *out, size_t room);

/* Hexadecimal, two digits a byte, NUL-terminated: out has 2 * bytes + 1. */
void gdb_hex(const void *data, size_t bytes, char *out);

/* Back again: exactly `bytes` bytes out of text; false if there are not 2 * bytes hexadecimal digits. */
bool gdb_unhex(const char *text, size_t bytes, void *out);

/* A number in hexadecimal (at most 64 bits, at least one digit); *text moves behind it. */
bool gdb_number(const char **text, u64 *value);

/* "p1.2", "2", "-1", "0": a thread. -1 is all, 0 any. *text moves behind it. */
bool gdb_thread(const char **text, s64 *thread);

#endif
