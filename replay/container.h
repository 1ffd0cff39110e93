/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of a container (replay/FORMAT.md), for its writer and its reader. */
#ifndef REPLAY_CONTAINER_H
#define REPLAY_CONTAINER_H

#include "hv/types.h"

#define MANIFEST "recording.json"
#define PLAN "plan"
#define SUMS "SHA256SUMS"
#define EDITS "edits"
#define COUNTER "bochs-2.7-tsc"
#define NAME_MAX_BYTES 96

/* `bytes` bytes as 2 * bytes hexadecimal digits and a NUL. */
static inline void container_hex(const u8 *data, u32 bytes, char *out)
{
	for (u32 i = 0; i < bytes; i++) {
		out[2 * i] = "0123456789abcdef"[data[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
	}
	out[2 * bytes] = '\0';
}

#endif
