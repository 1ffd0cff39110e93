/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/crc32c.h by the processor's CRC32 instruction (SDM 2A): journals are checksummed at each input of the exit harness.
 * All harnesses link it in place of hv/crc32c.c; no test compares the two yet. */
#include "hv/crc32c.h"
#include <nmmintrin.h>
#include <string.h>

__attribute__((target("sse4.2"))) u32 crc32c(const u8 *bytes, u32 count)
{
	u64 crc = 0xffffffffu, word;

	for (; count >= 8; bytes += 8, count -= 8) {
		memcpy(&word, bytes, 8);
		crc = _mm_crc32_u64(crc, word);
	}
	for (; count > 0; bytes++, count--)
		crc = _mm_crc32_u8((u32)crc, *bytes);
	return ~(u32)crc;
}
