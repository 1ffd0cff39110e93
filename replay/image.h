/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest before its first instruction: the picture of its RAM, and the registers it starts with. The kernel loaders
 * paint into the picture; what is not zero becomes the plan's images.
 */
#ifndef REPLAY_IMAGE_H
#define REPLAY_IMAGE_H

#include "file.h"

#define IMAGE_PLACES 40
#define IMAGE_LOW_END 0x9fc00ull	/* end of the RAM below 640 KiB, where a PC keeps its EBDA */
#define IMAGE_HIGH 0x100000ull

struct image_place {
	u64 gpa, bytes;
	const char *what;	/* "the kernel", "the initrd": a literal */
};

struct image {
	u8 *ram;
	u64 ram_bytes;
	struct image_place place[IMAGE_PLACES];
	u32 place_count;
	u32 start;		/* enum plan_start */
	u64 rip, rsp, rax, rbx, rdx, rsi, cr3, gdt;
};

/* A run of bytes that is not all zero: gpa a multiple of 4096, bytes a multiple of 512. */
struct image_extent {
	u64 gpa, bytes;
};

int image_open(struct image *image, u64 ram_bytes);
void image_close(struct image *image);

/* Copies `bytes` bytes to guest-physical `gpa` and reserves [gpa, gpa + span). `path` is the file at fault. Returns
 * 0, or STATUS_REFUSED after a message if it does not fit or meets something else. */
int image_put(struct image *image, u64 gpa, const void *data, u64 bytes, u64 span, const char *what, const char *path);

/* The highest multiple of 4096 at or below `limit` where `bytes` bytes fit above everything else; 0 if nowhere. */
u64 image_find_high(const struct image *image, u64 bytes, u64 limit);

/* The end of everything placed, rounded up to 4096. */
u64 image_end(const struct image *image);

/* Writes at most PLAN_IMAGES extents that cover every byte of the picture that is not zero; returns how many. */
u32 image_extents(const struct image *image, struct image_extent extent[PLAN_IMAGES]);

#endif
