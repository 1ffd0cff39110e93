/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mem_load reads from. */
#ifndef HV_NATIVE_MEDIUM_H
#define HV_NATIVE_MEDIUM_H

#include "types.h"

/* From now on the boot medium is [hpa, hpa + bytes) in memory (a multiboot module), not the disk. */
void native_medium_module(u64 hpa, u64 bytes);

#endif
