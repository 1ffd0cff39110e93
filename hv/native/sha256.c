/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4) with the SHA extensions, which native_vmxon requires. Runs before any guest's vector state is
 * live. Compiled with -mavx -msha. */
#include <immintrin.h>
#include "asm.h"
#include "mem.h"

static const u32 k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

/* state[0] = A B E F, state[1] = C D G H from high to low, as SHA256RNDS2 wants them. */
static void blocks(__m128i state[2], const u8 *data, u64 count)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
	__m128i s0 = state[0], s1 = state[1], m[4];

	for (; count > 0; count--, data += 64) {
		__m128i save0 = s0, save1 = s1;

#pragma GCC unroll 16
		for (u32 i = 0; i < 16; i++) {
			__m128i w;

			if (i < 4)
				w = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + 16 * i)), swap);
			else
				w = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(m[i % 4], m[(i + 1) % 4]),
						      _mm_alignr_epi8(m[(i + 3) % 4], m[(i + 2) % 4], 4)),
					m[(i + 3) % 4]);
			m[i % 4] = w;
			w = _mm_add_epi32(w, _mm_load_si128((const __m128i *)(const void *)&k[4 * i]));
			s1 = _mm_sha256rnds2_epu32(s1, s0, w);
			s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(w, 0x0e));
		}
		s0 = _mm_add_epi32(s0, save0);
		s1 = _mm_add_epi32(s1, save1);
	}
	state[0] = s0;
	state[1] = s1;
}

static void put_be32(u8 *out, u32 value)
{
	for (u32 i = 0; i < 4; i++)
		out[i] = (u8)(value >> (24 - 8 * i));
}

void mem_sha256(u64 hpa, u64 bytes, u8 digest[32])
{
	__m128i state[2] = { _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
			     _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19) };
	u64 whole = bytes / 64, rest = bytes % 64, tail_bytes = rest < 56 ? 64 : 128;
	u8 tail[128] = { 0 };

	blocks(state, (const u8 *)hpa, whole);
	for (u64 i = 0; i < rest; i++)
		tail[i] = ((const u8 *)hpa)[whole * 64 + i];
	tail[rest] = 0x80;
	put_be32(&tail[tail_bytes - 8], (u32)(bytes >> 29));
	put_be32(&tail[tail_bytes - 4], (u32)(bytes << 3));
	blocks(state, tail, tail_bytes / 64);
	put_be32(&digest[0], (u32)_mm_extract_epi32(state[0], 3));
	put_be32(&digest[4], (u32)_mm_extract_epi32(state[0], 2));
	put_be32(&digest[16], (u32)_mm_extract_epi32(state[0], 1));
	put_be32(&digest[20], (u32)_mm_extract_epi32(state[0], 0));
	put_be32(&digest[8], (u32)_mm_extract_epi32(state[1], 3));
	put_be32(&digest[12], (u32)_mm_extract_epi32(state[1], 2));
	put_be32(&digest[24], (u32)_mm_extract_epi32(state[1], 1));
	put_be32(&digest[28], (u32)_mm_extract_epi32(state[1], 0));
}
