/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted body of the memory door: a sparse array of 4 KiB pages, found by a hash of their address. */
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hosted.h"

#define BUCKETS 0x4000u
#define CRC32C_REFLECTED 0x82f63b78u

struct page {
	u64 frame;
	struct page *next;	/* in the bucket, or in the list of free pages */
	u8 byte[PAGE_BYTES];
};

static struct page *buckets[BUCKETS];
static u32 used[BUCKETS];	/* buckets that are not empty */
static u32 used_count;
static struct page *free_pages;
static struct page *recent;	/* the last page found */
static size_t page_count;

static hosted_mem_watcher *watch;


static u32 bucket_of(u64 frame)
{
	return (u32)(frame * 0x9e3779b97f4a7c15ull >> 50) % BUCKETS;
}

/* The page, or NULL if it was never written. */
static struct page *find(u64 frame)
{
	if (recent != NULL && recent->frame == frame)
		return recent;
	for (struct page *page = buckets[bucket_of(frame)]; page != NULL; page = page->next)
		if (page->frame == frame)
			return recent = page;
	return NULL;
}

static struct page *new_page(void)
{
	struct page *page = free_pages;

	if (page != NULL) {
		free_pages = page->next;
		return page;
	}
	page = malloc(sizeof(*page));
	if (page == NULL) {
		fprintf(stderr, "hosted memory: out of memory\n");
		abort();
	}
	return page;
}

static struct page *find_or_make(u64 frame)
{
	u32 bucket = bucket_of(frame);
	struct page *page = find(frame);

	if (page != NULL)
		return page;
	page = new_page();
	memset(page->byte, 0, sizeof(page->byte));
	page->frame = frame;
	page->next = buckets[bucket];
	if (page->next == NULL)
		used[used_count++] = bucket;
	buckets[bucket] = page;
	page_count++;
	return recent = page;
}

void hosted_mem_reset(void)
{
	for (u32 i = 0; i < used_count; i++) {
		while (buckets[used[i]] != NULL) {
			struct page *page = buckets[used[i]];

			buckets[used[i]] = page->next;
			page->next = free_pages;
			free_pages = page;
		}
	}
	used_count = 0;
	page_count = 0;
	recent = NULL;
	watch = NULL;
}

void hosted_mem_watch(hosted_mem_watcher *watcher)
{
	watch = watcher;
}

static void watched(u64 hpa, u64 bytes, bool write)
{
	if (watch != NULL)
		watch(hpa, bytes, write);
}

static u8 read_byte(u64 hpa)
{
	const struct page *page = find(hpa / PAGE_BYTES);

	return page == NULL ? 0 : page->byte[hpa % PAGE_BYTES];
}

u64 mem_read(u64 hpa, u32 width)
{
	u64 value = 0;

	watched(hpa, width, false);
	if (hpa % PAGE_BYTES <= PAGE_BYTES - width) {
		const struct page *page = find(hpa / PAGE_BYTES);

		if (page != NULL)
			memcpy(&value, page->byte + hpa % PAGE_BYTES, width);	/* the host is little-endian too */
		return value;
	}
	for (u32 i = 0; i < width; i++)
		value |= (u64)read_byte(hpa + i) << 8 * i;
	return value;
}

void mem_write(u64 hpa, u32 width, u64 value)
{
	watched(hpa, width, true);
	if (hpa % PAGE_BYTES <= PAGE_BYTES - width) {
		memcpy(find_or_make(hpa / PAGE_BYTES)->byte + hpa % PAGE_BYTES, &value, width);
		return;
	}
	for (u32 i = 0; i < width; i++)
		find_or_make((hpa + i) / PAGE_BYTES)->byte[(hpa + i) % PAGE_BYTES] = (u8)(value >> 8 * i);
}

void mem_zero(u64 hpa, u64 bytes)
{
	watched(hpa, bytes, true);
	if (used_count == 0)
		return;	/* all of it reads zero */
	while (bytes > 0) {
		u64 offset = hpa % PAGE_BYTES;
		u64 part = bytes < PAGE_BYTES - offset ? bytes : PAGE_BYTES - offset;
		struct page *page = find(hpa / PAGE_BYTES);

		if (page != NULL)
			memset(page->byte + offset, 0, part);
		hpa += part;
		bytes -= part;
	}
}

static u32 crc32c_byte[256];

static void make_table(void)
{
	for (u32 n = 0; n < 256; n++) {
		u32 crc = n;

		for (u32 k = 0; k < 8; k++)
			crc = crc >> 1 ^ ((crc & 1u) != 0 ? CRC32C_REFLECTED : 0);
		crc32c_byte[n] = crc;
	}
}

static u32 crc32c_word(u32 crc, u64 word)
{
	for (u32 i = 0; i < 8; i++)
		crc = crc >> 8 ^ crc32c_byte[(crc ^ (u32)(word >> 8 * i)) & 0xff];
	return crc;
}

u64 mem_hash(u64 hpa, u64 bytes)
{
	u32 h1 = 0xffffffff, h2 = 0x12345678;

	if (crc32c_byte[1] == 0)
		make_table();
	for (u64 i = 0; i < bytes; i += 8) {
		u64 word = mem_read(hpa + i, 8);

		h1 = crc32c_word(h1, word);
		h2 = crc32c_word(h2, word ^ 0x9e3779b97f4a7c15ull);
	}
	return h1 | (u64)h2 << 32;
}

/* There is no boot medium here. */
bool mem_load(u64 hpa, u64 source, u64 bytes)
{
	(void)hpa;
	(void)source;
	(void)bytes;
	return false;
}

bool mem_page_hash_ready(void)
{
	return true;
}

u64 mem_page_hash(u64 hpa)
{
	return mem_hash(hpa, PAGE_BYTES);
}
