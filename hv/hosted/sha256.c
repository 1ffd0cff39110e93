/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 of host-physical memory for the hosted body of the memory door (FIPS 180-4, section 6.2). */
#include "mem.h"

/* FIPS 180-4, section 4.2.2 */
static const u32 constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 x, u32 n)
{
	return x >> n | x << (32 - n);
}

static void compress(u32 h[8], const u8 block[64])
{
	u32 w[64];
	u32 v[8];	/* a, b, c, d, e, f, g, h of the standard */

	for (u32 t = 0; t < 16; t++)
		w[t] = (u32)block[4 * t] << 24 | (u32)block[4 * t + 1] << 16 | (u32)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (u32 t = 16; t < 64; t++) {
		u32 s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
		u32 s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;

		w[t] = s1 + w[t - 7] + s0 + w[t - 16];
	}
	for (u32 i = 0; i < 8; i++)
		v[i] = h[i];
	for (u32 t = 0; t < 64; t++) {
		u32 s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
		u32 s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
		u32 t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
		u32 t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		for (u32 i = 7; i > 0; i--)
			v[i] = v[i - 1];
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (u32 i = 0; i < 8; i++)
		h[i] += v[i];
}

/* Byte `at` of the padded message (section 5.1.1) of `padded` bytes. */
static u8 message_byte(u64 hpa, u64 bytes, u64 padded, u64 at)
{
	if (at < bytes)
		return (u8)mem_read(hpa + at, 1);
	if (at == bytes)
		return 0x80;
	if (at < padded - 8)
		return 0;
	return (u8)(bytes * 8 >> 8 * (padded - 1 - at));
}

void mem_sha256(u64 hpa, u64 bytes, u8 digest[32])
{
	u32 h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	u64 padded = (bytes + 1 + 8 + 63) / 64 * 64;
	u8 block[64];

	for (u64 at = 0; at < padded; at += 64) {
		for (u32 i = 0; i < 64; i++)
			block[i] = message_byte(hpa, bytes, padded, at + i);
		compress(h, block);
	}
	for (u32 i = 0; i < 32; i++)
		digest[i] = (u8)(h[i / 4] >> (24 - 8 * (i % 4)));
}
