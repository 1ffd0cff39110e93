/* SPDX-License-Identifier: BSD-2-Clause */
/* A page's hash: sixteen lanes of AES rounds (SDM 2A AESENC) with the page as round keys, 512 bits at a time. */
#include "mem.h"
#include "asm.h"
#include <immintrin.h>

#define XCR0_AVX512 0xe7u

bool mem_page_hash_ready(void)
{
	u32 r[4];

	asm_cpuid(7, 0, r);
	if ((r[1] & (1u << 16)) == 0 || (r[2] & (1u << 9)) == 0)	/* AVX512F, VAES */
		return false;
	asm_cpuid(0xd, 0, r);
	return (r[0] & XCR0_AVX512) == XCR0_AVX512;
}

u64 mem_page_hash(u64 hpa)
{
	const __m512i *page = (const __m512i *)hpa;
	__m512i a, b, c, d;
	__m128i x;

	asm_xsetbv(XCR0_AVX512);	/* swap_in sets it to what guests may have */
	a = _mm512_set1_epi64(0x243f6a8885a308d3);
	b = _mm512_set1_epi64(0x13198a2e03707344);
	c = _mm512_set1_epi64(0x4093822299f31d00);
	d = _mm512_set1_epi64(0x082efa98ec4e6c89);
#pragma GCC unroll 16
	for (u32 i = 0; i < 64; i += 4) {
		a = _mm512_aesenc_epi128(a, page[i]);
		b = _mm512_aesenc_epi128(b, page[i + 1]);
		c = _mm512_aesenc_epi128(c, page[i + 2]);
		d = _mm512_aesenc_epi128(d, page[i + 3]);
	}
	a = _mm512_aesenc_epi128(a, b);
	c = _mm512_aesenc_epi128(c, d);
	a = _mm512_aesenc_epi128(_mm512_aesenc_epi128(a, c), b);
	x = _mm_aesenc_si128(_mm512_extracti32x4_epi32(a, 0), _mm512_extracti32x4_epi32(a, 1));
	x = _mm_aesenc_si128(x, _mm512_extracti32x4_epi32(a, 2));
	x = _mm_aesenc_si128(x, _mm512_extracti32x4_epi32(a, 3));
	x = _mm_aesenc_si128(x, x);
	return (u64)_mm_cvtsi128_si64(x) ^ (u64)_mm_extract_epi64(x, 1);
}
