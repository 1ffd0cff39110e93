/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C (Castagnoli, RFC 3720 B.4): initial value and final XOR all ones, reflected. */
#ifndef HV_CRC32C_H
#define HV_CRC32C_H

#include "types.h"

/*@ requires data: \valid_read(data + (0 .. bytes - 1));
    assigns  \nothing;
    exits    never: \false;
*/
u32 crc32c(const u8 *data, u32 bytes);

#endif
