/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole modes of a guest: segments, control registers, descriptor and page tables. */
#ifndef FUZZ_PLAYER_MODE_H
#define FUZZ_PLAYER_MODE_H

#include "types.h"

/* Puts the VM into `mode` (enum player_mode). */
void player_mode(vm_id vm, u32 mode);

#endif
