/* SPDX-License-Identifier: BSD-2-Clause */
#include "states.h"

#include "say.h"
#include "snapshots.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR STATES_SECTOR_BYTES
#define PAGES_MAX (1ull << 20)	/* 4 GiB of guest RAM */
#define PAGES_SAID 8u

static u64 check_of(u64 check, const void *data, u64 bytes)
{
	return states_check(check, data, bytes / 8);
}

static u64 page_bytes(u64 pages)
{
	return (pages * sizeof(struct states_page) + SECTOR - 1) / SECTOR * SECTOR;
}

static const char *header_check(const struct states_header *header)
{
	if (header->magic == 0)
		return "";
	if (header->magic != STATES_MAGIC || header->pages > PAGES_MAX ||
	    header->header_check != check_of(STATES_MAGIC, header, sizeof(*header) - 8))
		return "its header is damaged";
	return NULL;
}

const char *states_entry(const struct bytes *data, u64 at, struct states_entry *entry)
{
	const u8 *from = data->data + at;
	u64 left = data->count - at;
	const char *why;
	u64 check, chunk;

	if (left < SECTOR)
		return left == 0 ? "" : "it is cut short";
	memcpy(&entry->header, from, SECTOR);
	why = header_check(&entry->header);
	if (why != NULL)
		return why;
	chunk = page_bytes(entry->header.pages);
	entry->bytes = SECTOR + sizeof(entry->snapshot) + chunk;
	if (left < entry->bytes)
		return "it is cut short";
	memcpy(&entry->snapshot, from + SECTOR, sizeof(entry->snapshot));
	check = check_of(STATES_MAGIC, &entry->snapshot, sizeof(entry->snapshot));
	if (entry->header.check != check_of(check, from + SECTOR + sizeof(entry->snapshot), chunk))
		return "its checksum does not match";
	entry->page = (const struct states_page *)(const void *)(from + SECTOR + sizeof(entry->snapshot));
	return NULL;
}

void states_read(int fd, const struct session *session, u32 part, struct bytes *out)
{
	off_t start = (off_t)((session->states_sector + part * session->states_sectors) * SECTOR);
	u64 room = session->states_sectors * SECTOR;
	struct states_header header;
	struct states_entry entry;

	*out = (struct bytes){ NULL, 0 };
	for (;;) {
		u64 bytes;
		u8 *more;

		if (room - out->count < SECTOR ||
		    pread(fd, &header, sizeof(header), start + (off_t)out->count) != sizeof(header) ||
		    header_check(&header) != NULL)
			return;
		bytes = SECTOR + sizeof(struct snapshot) + page_bytes(header.pages);
		more = bytes <= room - out->count ? realloc(out->data, out->count + bytes) : NULL;
		if (more == NULL)
			return;
		out->data = more;
		if (pread(fd, more + out->count, bytes, start + (off_t)out->count) != (ssize_t)bytes ||
		    states_entry(&(struct bytes){ more, out->count + bytes }, out->count, &entry) != NULL)
			return;
		out->count += bytes;
	}
}

const char *states_check_all(const struct bytes *data, u64 recording, u32 vm, u64 *at)
{
	struct states_entry entry;
	const char *why;

	*at = 0;
	while ((why = states_entry(data, *at, &entry)) == NULL) {
		if (entry.header.recording != recording || entry.header.vm != vm)
			return "it belongs to another recording or VM";
		*at += entry.bytes;
	}
	return why[0] != '\0' ? why : NULL;
}

/* ---- pages */

/* The hash of each page as of the last entry that was taken in; 0: never written. */
struct table {
	u32 *hash;
	u64 pages;
};

static void table_take(struct table *table, const struct states_entry *entry)
{
	for (u64 i = 0; i < entry->header.pages; i++)
		if (entry->page[i].gfn < table->pages)
			table->hash[entry->page[i].gfn] = entry->page[i].hash;
}

static struct table table_make(void)
{
	return (struct table){ say_alloc(PAGES_MAX * sizeof(u32)), PAGES_MAX };
}

static char *hash_text(u32 hash)
{
	return hash != 0 ? say_format("a hash of %08XH", hash) : say_format("a page never written");
}

static void pages_say(const struct table *found, const struct table *recorded)
{
	u64 count = 0;

	for (u64 gfn = 0; gfn < PAGES_MAX; gfn++) {
		char *a, *b;

		if (found->hash[gfn] == recorded->hash[gfn] || count++ >= PAGES_SAID)
			continue;
		a = hash_text(found->hash[gfn]);
		b = hash_text(recorded->hash[gfn]);
		say("  memory, the page at GPA %llXH: found %s, recorded %s", (unsigned long long)(gfn * PAGE_BYTES), a, b);
		free(a);
		free(b);
	}
	if (count > PAGES_SAID)
		say("  and %llu more pages", (unsigned long long)(count - PAGES_SAID));
}

bool states_say(const struct bytes *found, const struct bytes *recorded)
{
	struct table pages = table_make(), then = table_make();
	static struct states_entry now, entry;
	bool met = false;

	if (states_entry(found, 0, &now) == NULL) {
		table_take(&pages, &now);
		for (u64 at = 0; !met && states_entry(recorded, at, &entry) == NULL; at += entry.bytes) {
			table_take(&then, &entry);
			met = entry.header.position == now.header.position && entry.header.time == now.header.time;
		}
	}
	if (met) {
		snapshots_say(&now.snapshot, &entry.snapshot);
		pages_say(&pages, &then);
	}
	free(pages.hash);
	free(then.hash);
	return met;
}
