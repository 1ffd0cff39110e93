/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `gdb`: bytes from gdb's side of the remote protocol (replay/gdb_packet.h). A packet is what stands between the
 * last '$' and the '#' whose sum is right, with its escapes undone; frames, hexadecimal and numbers are read back as they
 * were written.
 */
#include <stdlib.h>
#include <string.h>
#include "oracle.h"
#include "replay/gdb_packet.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct gdb_reader reader, second;

static int hex(u8 c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return at == NULL || (c >= 0x10 && c < 0x20) ? -1 : (int)(at - digits);
}

/* The packet that ends with the two digits before data[end], from its bytes alone. */
static void check_packet(const u8 *data, size_t end)
{
	size_t hash = end - 3, dollar = hash, n = 0;
	u8 sum = 0;

	if (end < 4 || data[hash] != '#')
		oracle_fail("a packet ends with # and two digits", "gdb, Remote Protocol: Overview", "byte %zu", end);
	while (dollar > 0 && data[dollar - 1] != '$')
		dollar--;
	for (size_t i = dollar; i < hash; i++) {
		u8 byte = data[i];

		sum = (u8)(sum + byte);
		if (byte == '}') {
			byte = data[++i];
			sum = (u8)(sum + byte);
			byte ^= 0x20;
		}
		if (n >= reader.bytes || reader.data[n] != byte)
			oracle_fail("a packet's data with its escapes undone", "gdb, Remote Protocol: Overview", "byte %zu is %02x of %u", n,
				    byte, reader.bytes);
		n++;
	}
	if (n != reader.bytes || reader.data[n] != 0)
		oracle_fail("a packet's length", "gdb, Remote Protocol: Overview", "%u, must be %zu", reader.bytes, n);
	if (hex(data[end - 2]) < 0 || hex(data[end - 1]) < 0 || sum != hex(data[end - 2]) * 16 + hex(data[end - 1]))
		oracle_fail("a packet's sum", "gdb, Remote Protocol: Overview", "%02x", sum);
}

/* Data as a packet, and back. */
static void there_and_back(const u8 *data, size_t size)
{
	static char frame[2 * GDB_PACKET_MAX + 8], text[2 * GDB_PACKET_MAX + 1];
	static u8 back[GDB_PACKET_MAX];
	size_t bytes = size < GDB_PACKET_MAX ? size : GDB_PACKET_MAX, length = gdb_frame(data, bytes, frame, 2 * bytes + 4);
	enum gdb_event event = GDB_NOTHING;

	if (length == 0 || length > 2 * bytes + 4)
		oracle_fail("a frame fits into 2n + 4 bytes", "replay/gdb_packet.h", "%zu of %zu", length, bytes);
	memset(&second, 0, sizeof(second));
	for (size_t i = 0; i < length; i++) {
		event = gdb_take(&second, (u8)frame[i]);
		if (event != GDB_NOTHING && i + 1 < length)
			oracle_fail("a frame is one packet", "replay/gdb_packet.h", "event %u at %zu", event, i);
	}
	if (event != GDB_PACKET || second.bytes != bytes || memcmp(second.data, data, bytes) != 0)
		oracle_fail("a frame is read back", "replay/gdb_packet.h", "event %u, %u of %zu bytes", event, second.bytes, bytes);
	if (length > 4 && gdb_frame(data, bytes, frame, length - 1) != 0)
		oracle_fail("what does not fit is not framed", "replay/gdb_packet.h", "%zu", length);
	gdb_hex(data, bytes, text);
	if (strlen(text) != 2 * bytes || !gdb_unhex(text, bytes, back) || memcmp(back, data, bytes) != 0)
		oracle_fail("hexadecimal is read back", "replay/gdb_packet.h", "%zu bytes", bytes);
}

static void numbers(const u8 *data, size_t size)
{
	char text[64];
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1, digits = 0;
	const char *at = text;
	u64 value = 0, must = 0;
	s64 thread = 0;
	bool fits = true, good;

	memcpy(text, data, n);
	text[n] = '\0';
	for (; hex((u8)text[digits]) >= 0; digits++) {
		fits = fits && must >> 60 == 0;
		must = must << 4 | (u64)hex((u8)text[digits]);
	}
	good = gdb_number(&at, &value);
	if (good != (digits > 0 && fits) || (good && (value != must || at != text + digits)))
		oracle_fail("a number in hexadecimal", "replay/gdb_packet.h", "'%s': %d %llx", text, good, (unsigned long long)value);
	at = text;
	if (gdb_thread(&at, &thread) && (at == text || at > text + n || thread < -1))
		oracle_fail("a thread", "replay/gdb_packet.h", "'%s': %lld", text, (long long)thread);
	(void)gdb_unhex(text, 8, text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	memset(&reader, 0, sizeof(reader));
	for (size_t i = 0; i < size; i++) {
		if (gdb_take(&reader, data[i]) == GDB_PACKET)
			check_packet(data, i + 1);
		if (reader.bytes > GDB_PACKET_MAX)
			oracle_fail("a packet ends at its limit", "replay/gdb_packet.h", "%u bytes", reader.bytes);
	}
	there_and_back(data, size);
	numbers(data, size);
	return 0;
}
