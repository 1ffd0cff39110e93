/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files in memory, with the digest that the workload names. */
#ifndef REPLAY_FILE_H
#define REPLAY_FILE_H

#include "guest.h"

struct bytes {
	u8 *data;
	u64 count;
};

/* Reads all of spec->path, at most `max` bytes, and checks spec->sha256 if there is one. Returns 0 or STATUS_REFUSED
 * after a message. The caller frees out->data. */
int file_read(const struct file_spec *spec, u64 max, struct bytes *out);

/* SHA-256 of data[0..count). */
void file_sha256(const void *data, u64 count, u8 digest[32]);

/* The file named `name` of the hypervisor's build: in $REPRISE_LIBDIR, or beside the reprise executable. The caller
 * frees it. */
char *file_of_build(const char *name);

/* The last component of a path. */
const char *file_base(const char *path);

/* The unaligned little-endian number at `at`. */
u16 le16(const u8 *at);
u32 le32(const u8 *at);
void put_le32(u8 *at, u32 value);
void put_le64(u8 *at, u64 value);

#endif
