/* SPDX-License-Identifier: BSD-2-Clause */
/* The compressed payload of a Linux bzImage: gzip (zlib), xz (liblzma), legacy LZ4 (liblz4). */
#include "unpack.h"

#include "say.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LZ4_MAGIC 0x184c2102u
#define LZ4_BLOCK_MAX (8u << 20)	/* unpacked size of every block of a legacy frame but the last */
#define SIZE_BYTES 4u

static bool gzip_unpack(const struct bytes *in, struct bytes *out)
{
	z_stream stream = { .next_in = in->data, .avail_in = (uInt)in->count,
			    .next_out = out->data, .avail_out = (uInt)out->count };
	bool done;

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return false;
	done = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == out->count;
	inflateEnd(&stream);
	return done;
}

static bool xz_unpack(const struct bytes *in, struct bytes *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	bool done;

	if (lzma_stream_decoder(&stream, UINT64_MAX, 0) != LZMA_OK)
		return false;
	stream.next_in = in->data;
	stream.avail_in = in->count;
	stream.next_out = out->data;
	stream.avail_out = out->count;
	done = lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END && stream.total_out == out->count;
	lzma_end(&stream);
	return done;
}

/* A legacy frame: the magic, then blocks of a u32 length and that many bytes, until the input ends. */
static bool lz4_unpack(const struct bytes *in, struct bytes *out)
{
	u64 from = 4, to = 0;

	while (to < out->count) {
		u64 room = out->count - to < LZ4_BLOCK_MAX ? out->count - to : LZ4_BLOCK_MAX;
		u32 length;
		int got;

		if (in->count - from < 4)
			return false;
		length = le32(in->data + from);
		from += 4;
		if (length == LZ4_MAGIC)
			continue;
		if (length > in->count - from || length > INT32_MAX)
			return false;
		got = LZ4_decompress_safe((const char *)in->data + from, (char *)out->data + to, (int)length,
					  (int)room);
		if (got <= 0)
			return false;
		from += length;
		to += (u64)got;
	}
	return true;
}

static const char *foreign_format(const struct bytes *in)
{
	static const struct { const char *name, *magic; size_t bytes; } formats[] = {
		{ "zstd", "\x28\xb5\x2f\xfd", 4 },
		{ "bzip2", "BZh", 3 },
		{ "lzop", "\x89LZO", 4 },
		{ "lzma", "\x5d\x00\x00", 3 },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (memcmp(in->data, formats[i].magic, formats[i].bytes) == 0)
			return formats[i].name;
	return "an unknown method";
}

int unpack(const struct bytes *payload, const char *path, struct bytes *out)
{
	struct bytes in = *payload;
	const char *method;
	bool done;

	if (in.count < 16)
		return say_fail(STATUS_REFUSED, "%s: the bzImage is truncated: its payload has %llu bytes", path,
				(unsigned long long)in.count);
	out->count = le32(in.data + in.count - SIZE_BYTES);
	if (out->count == 0 || out->count > UNPACK_MAX)
		return say_fail(STATUS_REFUSED,
				"%s: the bzImage is damaged: it claims an unpacked kernel of %llu bytes", path,
				(unsigned long long)out->count);
	out->data = say_alloc(out->count);
	if (in.data[0] == 0x1f && in.data[1] == 0x8b) {
		method = "gzip";
		done = gzip_unpack(&in, out);
	} else if (memcmp(in.data, "\xfd" "7zXZ", 6) == 0) {
		in.count -= SIZE_BYTES;
		method = "xz";
		done = xz_unpack(&in, out);
	} else if (le32(in.data) == LZ4_MAGIC) {
		in.count -= SIZE_BYTES;
		method = "LZ4";
		done = lz4_unpack(&in, out);
	} else {
		free(out->data);
		return say_fail(STATUS_REFUSED,
				"%s: the kernel is packed with %s; LZ4, gzip and xz are read here, or give "
				"the unpacked vmlinux",
				path, foreign_format(&in));
	}
	if (done)
		return 0;
	free(out->data);
	return say_fail(STATUS_REFUSED, "%s: the bzImage is damaged: its %s payload does not unpack", path, method);
}
