/* SPDX-License-Identifier: BSD-2-Clause */
#include "states.h"
#include "cpu.h"
#include "host.h"
#include "state.h"

#define CHUNK_PAGES 1024u	/* written at once */
#define WORD 8u

static const struct session *session;
static u64 next_sector[VM_MAX];		/* within the VM's part */
static bool closed[VM_MAX];
/* The front of an entry, which is all of most: one command of the disk is dearer than what it carries. */
static struct {
	struct states_header header;
	struct snapshot snapshot;
	struct states_page page[CHUNK_PAGES];
} front __attribute__((aligned(512)));
static struct states_page more[CHUNK_PAGES] __attribute__((aligned(512)));

_Static_assert(sizeof(struct states_page) == WORD, "a page's entry is one word");
_Static_assert(offsetof(__typeof__(front), snapshot) == STATES_SECTOR_BYTES, "the snapshot follows the header");

void states_begin(const struct session *the_session)
{
	session = the_session;
	for (vm_id vm = 0; vm < VM_MAX; vm++) {
		next_sector[vm] = 0;
		closed[vm] = session->states_sectors == 0;
	}
}

/* Writes to the VM's part, from its sector `at` on. */
static bool put(vm_id vm, u64 at, const void *object, u32 sectors)
{
	return at + sectors <= session->states_sectors &&
	       host_disk_write(HOST_DISK_JOURNAL, session->states_sector + vm * session->states_sectors + at, sectors,
			       cpu_physical((const u64 *)object));
}

/* Sectors of `count` pages; the last is filled up. */
static u32 complete(struct states_page *page, u32 count)
{
	u32 sectors = (count * WORD + STATES_SECTOR_BYTES - 1) / STATES_SECTOR_BYTES;

	for (u32 i = count; i < sectors * STATES_SECTOR_BYTES / WORD; i++)
		page[i] = (struct states_page){ 0, 0 };
	front.header.pages += count;
	front.header.check = states_check(front.header.check, (const u64 *)(const void *)page,
					  sectors * STATES_SECTOR_BYTES / WORD);
	return sectors;
}

bool states_write(vm_id vm, bool all)
{
	u32 (*give)(vm_id vm, u64 *from, struct states_page *page, u32 max) = all ? state_written : state_pages;
	u64 from = 0, at = next_sector[vm] + 1 + SNAPSHOT_SECTORS;
	u32 sectors, count;
	bool good;

	if (closed[vm])
		return false;
	snapshot_take(vm, &front.snapshot);
	front.header = (struct states_header){ .magic = STATES_MAGIC, .recording = session->recording,
					       .vm = session->index[vm], .position = vcpus[vm].position,
					       .time = vcpu_time(vm) };
	front.header.check = states_check(STATES_MAGIC, (const u64 *)(const void *)&front.snapshot, sizeof(front.snapshot) / WORD);
	sectors = complete(front.page, give(vm, &from, front.page, CHUNK_PAGES));
	at += sectors;
	good = true;
	while (good && (count = give(vm, &from, more, CHUNK_PAGES)) > 0) {
		u32 n = complete(more, count);

		good = put(vm, at, more, n);
		at += n;
	}
	front.header.header_check = states_check(STATES_MAGIC, (const u64 *)(const void *)&front.header,
						 sizeof(front.header) / WORD - 1);
	closed[vm] = !good || !put(vm, next_sector[vm], &front, 1 + SNAPSHOT_SECTORS + sectors);
	next_sector[vm] = at;
	return !closed[vm];
}
