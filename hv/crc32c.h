/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C (Castagnoli, RFC 3720 B.4): initial value and final XOR all ones, reflected. */
#ifndef HV_CRC32C_H
#define HV_CRC32C_H

#include "types.h"

u32 crc32c(const u8 *data, u32 bytes);

#endif
