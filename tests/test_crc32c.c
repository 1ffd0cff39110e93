/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/crc32c.c and the fuzzer's faster body of it, fuzz/crc32c.c, against the polynomial bit by bit and a published value. */
#include "crc32c.h"
#include "random.h"
#include "test.h"

u32 fuzz_crc32c(const u8 *bytes, u32 count);	/* fuzz/crc32c.c under another name: tests/ links both */

static u32 by_bits(const u8 *bytes, u32 count)
{
	u32 crc = 0xffffffff;

	for (u32 i = 0; i < count * 8; i++) {
		u32 bit = (crc ^ (u32)bytes[i / 8] >> i % 8) & 1;

		crc = crc >> 1 ^ (bit != 0 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void published(void)
{
	CU_ASSERT_EQUAL(crc32c((const u8 *)"123456789", 9), 0xe3069283);
	CU_ASSERT_EQUAL(fuzz_crc32c((const u8 *)"123456789", 9), 0xe3069283);
}

static void every_length(void)
{
	u8 bytes[600];
	u32 wrong = 0;

	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)random_u64();
	for (u32 from = 0; from < 9; from++) {
		for (u32 count = 0; count <= 512; count++) {
			u32 must = by_bits(bytes + from, count);

			wrong += crc32c(bytes + from, count) != must;
			wrong += fuzz_crc32c(bytes + from, count) != must;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

const struct test_case test_crc32c_cases[] = {
	{ "both give the published value of 123456789", published },
	{ "both are the polynomial at every length and alignment", every_length },
	{ 0 }
};
