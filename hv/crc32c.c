/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C by nibbles: 16 table entries, small enough for the hypervisor. */
#include "crc32c.h"

/* table[n] = CRC of the nibble n with the reflected polynomial 82F63B78H. */
static const u32 table[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75
};

u32 crc32c(const u8 *data, u32 bytes)
{
	u32 crc = 0xffffffffu;

	/*@ loop invariant index: i <= bytes;
	    loop assigns i, crc;
	    loop variant bytes - i;
	*/
	for (u32 i = 0; i < bytes; i++) {
		crc ^= data[i];
		crc = (crc >> 4) ^ table[crc & 15u];
		crc = (crc >> 4) ^ table[crc & 15u];
	}
	return ~crc;
}
