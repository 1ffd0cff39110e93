/* SPDX-License-Identifier: BSD-2-Clause */
/* The compressed payload of a Linux bzImage. */
#ifndef REPLAY_UNPACK_H
#define REPLAY_UNPACK_H

#include "file.h"

/* The largest kernel that is unpacked. */
#define UNPACK_MAX (1ull << 30)

/* Decompresses a payload (gzip, xz or legacy LZ4, told by its magic), whose last 4 bytes give the unpacked size as
 * Linux's build appends it. Returns 0 or STATUS_REFUSED after a message that names `path`. The caller frees
 * out->data. */
int unpack(const struct bytes *payload, const char *path, struct bytes *out);

#endif
