/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading an ELF executable's PT_LOAD segments at their physical addresses. */
#ifndef REPLAY_ELF_H
#define REPLAY_ELF_H

#include "image.h"

struct elf_info {
	bool is64;
	u64 entry;		/* physical: e_entry translated by the segment that holds it */
	u64 start, end;		/* of all segments in guest-physical memory */
};

bool elf_is(const struct bytes *file);

/* Puts the segments of an x86 ELF32 or ELF64 executable into `image`. Returns 0 or STATUS_REFUSED after a message. */
int elf_load(struct image *image, const struct bytes *file, const char *what, const char *path, struct elf_info *info);

#endif
