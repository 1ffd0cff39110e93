/* SPDX-License-Identifier: BSD-2-Clause */
/* The picture of a guest's RAM before its first instruction. */
#include "image.h"

#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SECTOR 512u

int image_open(struct image *image, u64 ram_bytes)
{
	memset(image, 0, sizeof(*image));
	image->ram_bytes = ram_bytes;
	image->ram = mmap(NULL, ram_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (image->ram == MAP_FAILED) {
		image->ram = NULL;
		return say_fail(STATUS_FAILED, "no address space for a guest of %llu MiB: %s",
				(unsigned long long)(ram_bytes >> 20), strerror(errno));
	}
	return 0;
}

void image_close(struct image *image)
{
	if (image->ram != NULL)
		munmap(image->ram, image->ram_bytes);
	image->ram = NULL;
}

int image_put(struct image *image, u64 gpa, const void *data, u64 bytes, u64 span, const char *what, const char *path)
{
	if (span < bytes)
		span = bytes;
	if (gpa > image->ram_bytes || span > image->ram_bytes - gpa)
		return say_fail(STATUS_REFUSED, "%s: %s needs memory up to %llu KiB, but the guest has %llu KiB; "
				"use a larger --memory", path, what,
				(unsigned long long)((gpa + span + 1023) >> 10),
				(unsigned long long)(image->ram_bytes >> 10));
	if (gpa < IMAGE_HIGH && gpa + span > IMAGE_LOW_END)
		return say_fail(STATUS_REFUSED, "%s: %s would lie in %llxH..%llxH, which meets the hole below 1 MiB",
				path, what, (unsigned long long)gpa, (unsigned long long)(gpa + span));
	for (u32 i = 0; i < image->place_count; i++) {
		const struct image_place *other = &image->place[i];

		if (gpa < other->gpa + other->bytes && other->gpa < gpa + span)
			return say_fail(STATUS_REFUSED, "%s: %s at %llxH..%llxH overlaps %s at %llxH..%llxH", path,
					what, (unsigned long long)gpa, (unsigned long long)(gpa + span), other->what,
					(unsigned long long)other->gpa,
					(unsigned long long)(other->gpa + other->bytes));
	}
	if (image->place_count == IMAGE_PLACES)
		return say_fail(STATUS_REFUSED, "%s: more than %d parts to load", path, IMAGE_PLACES);
	image->place[image->place_count++] = (struct image_place){ gpa, span, what };
	if (bytes != 0)
		memcpy(image->ram + gpa, data, bytes);
	return 0;
}

u64 image_end(const struct image *image)
{
	u64 end = IMAGE_HIGH;

	for (u32 i = 0; i < image->place_count; i++)
		if (image->place[i].gpa + image->place[i].bytes > end)
			end = image->place[i].gpa + image->place[i].bytes;
	return (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

u64 image_find_high(const struct image *image, u64 bytes, u64 limit)
{
	u64 top = limit < image->ram_bytes ? limit : image->ram_bytes;
	u64 gpa;

	if (bytes > top)
		return 0;
	gpa = (top - bytes) & ~(PAGE_BYTES - 1);
	return gpa >= image_end(image) ? gpa : 0;
}

static bool sector_is_zero(const u8 *at)
{
	return at[0] == 0 && memcmp(at, at + 1, SECTOR - 1) == 0;
}

/* Joins the two neighbours with the smallest gap. */
static void join_nearest(struct image_extent *extent, u32 *count)
{
	u32 best = 0;

	for (u32 i = 1; i + 1 < *count; i++)
		if (extent[i + 1].gpa - extent[i].gpa - extent[i].bytes <
		    extent[best + 1].gpa - extent[best].gpa - extent[best].bytes)
			best = i;
	extent[best].bytes = extent[best + 1].gpa + extent[best + 1].bytes - extent[best].gpa;
	memmove(&extent[best + 1], &extent[best + 2], (*count - best - 2) * sizeof(extent[0]));
	(*count)--;
}

static int place_order(const void *a, const void *b)
{
	const struct image_place *left = a, *right = b;

	return left->gpa < right->gpa ? -1 : left->gpa > right->gpa;
}

u32 image_extents(const struct image *image, struct image_extent extent[PLAN_IMAGES])
{
	struct image_place sorted[IMAGE_PLACES];
	struct image_extent found[PLAN_IMAGES + 1];
	u32 count = 0;

	memcpy(sorted, image->place, sizeof(sorted));
	qsort(sorted, image->place_count, sizeof(sorted[0]), place_order);
	for (u32 i = 0; i < image->place_count; i++) {
		u64 end = sorted[i].gpa + sorted[i].bytes;

		for (u64 at = sorted[i].gpa & ~(u64)(SECTOR - 1); at < end; at += SECTOR) {
			struct image_extent *last = count > 0 ? &found[count - 1] : NULL;

			if (sector_is_zero(image->ram + at))
				continue;
			if (last != NULL && at < last->gpa + last->bytes)
				continue;
			if (last != NULL && at - last->gpa - last->bytes < PAGE_BYTES) {
				last->bytes = at + SECTOR - last->gpa;
				continue;
			}
			if (count == PLAN_IMAGES + 1)
				join_nearest(found, &count);
			found[count].gpa = at & ~(PAGE_BYTES - 1);
			found[count].bytes = at + SECTOR - found[count].gpa;
			count++;
		}
	}
	if (count > PLAN_IMAGES)
		join_nearest(found, &count);
	memcpy(extent, found, count * sizeof(extent[0]));
	return count;
}
