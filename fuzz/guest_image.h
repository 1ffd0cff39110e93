/* SPDX-License-Identifier: BSD-2-Clause */
/* An input of the exit harness as a guest that shows it under the real hypervisor. */
#ifndef FUZZ_GUEST_IMAGE_H
#define FUZZ_GUEST_IMAGE_H

#include <stdio.h>
#include "types.h"

/* Writes the guest's assembly (GNU as, a flat image for 0:7C00H), and a line to `notes` for each step that no guest makes
 * happen. Returns how many those are. */
u32 guest_image(const u8 *data, size_t size, FILE *assembly, FILE *notes);

#endif
