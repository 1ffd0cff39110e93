/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing and restoring checkpoints of a replaying VM. */
#include "checkpoint.h"
#include "cpu.h"
#include "crc32c.h"
#include "gmem.h"
#include "host.h"
#include "input.h"
#include "state.h"

#define SECTOR_BYTES 512u
#define PAGE_SECTORS 8u
#define LIST_MAX 131072u		/* pages: 512 MiB, as much as 4 KiB mappings reach */

static const struct session *session;
static u64 next_sector;			/* of the output disk */
static u64 next_position[VM_MAX];
static bool full;
static struct checkpoint_header header __attribute__((aligned(512)));
static struct snapshot snapshot __attribute__((aligned(512)));
static u32 list[LIST_MAX] __attribute__((aligned(512)));

_Static_assert(LIST_MAX * PAGE_BYTES == 0x20000000, "512 MiB");

static u64 physical(const void *object)
{
	return cpu_physical((const u64 *)object);
}

void checkpoint_begin(const struct plan *plan, const struct session *the_session)
{
	session = the_session;
	for (vm_id vm = 0; vm < plan->vm_count; vm++)
		next_position[vm] = session->checkpoint_ticks;
}

/* Adds to the output disk; past its end there are no more checkpoints. */
static void put(const void *object, u64 hpa, u64 sectors)
{
	if (!full && (next_sector + sectors > session->output_sectors ||
		      !host_disk_write(HOST_DISK_OUTPUT, next_sector, sectors, object != NULL ? physical(object) : hpa))) {
		full = true;
		output_message("the checkpoints' disk is full: no more of them");
	}
	next_sector += sectors;
}

static void put_pages(vm_id vm, u32 count)
{
	for (u32 i = 0; i < count;) {
		u32 run = 1;

		while (i + run < count && run < CHECKPOINT_RUN_PAGES && list[i + run] == list[i] + run)
			run++;
		put(NULL, vm_ram[vm].hpa + list[i] * PAGE_BYTES, run * PAGE_SECTORS);
		i += run;
	}
}

void checkpoint_maybe(vm_id vm)
{
	u32 count, sectors;

	if ((session->flags & SESSION_CHECKPOINTS) == 0 || vcpus[vm].position < next_position[vm])
		return;
	next_position[vm] = (vcpus[vm].position / session->checkpoint_ticks + 1) * session->checkpoint_ticks;
	count = state_changed(vm, list, LIST_MAX);
	sectors = (count * 4 + SECTOR_BYTES - 1) / SECTOR_BYTES;
	for (u32 i = count; i < sectors * SECTOR_BYTES / 4; i++)
		list[i] = 0;
	snapshot_take(vm, &snapshot);
	header = (struct checkpoint_header){ .magic = CHECKPOINT_MAGIC, .recording = session->recording,
					     .vm = session->index[vm], .position = vcpus[vm].position, .pages = count };
	header.state_crc = crc32c((const u8 *)&snapshot, sizeof(snapshot));
	header.list_crc = crc32c((const u8 *)list, sectors * SECTOR_BYTES);
	header.memory = state_memory(vm);
	header.crc = crc32c((const u8 *)&header, SECTOR_BYTES - 4);
	put(&header, 0, 1);
	put(&snapshot, 0, SNAPSHOT_SECTORS);
	put(list, 0, sectors);
	put_pages(vm, count);
}

/* ---- restoring */

static u64 restore_at;		/* next sector of the journal disk */

static bool take(void *object, u64 hpa, u64 sectors)
{
	u64 at = restore_at;

	restore_at += sectors;
	return host_disk_read(HOST_DISK_JOURNAL, at, sectors, object != NULL ? physical(object) : hpa);
}

static bool load_pages(vm_id vm, u64 runs)
{
	const struct checkpoint_run *run = (const struct checkpoint_run *)(const void *)list;
	u64 frames = vm_ram[vm].bytes / PAGE_BYTES;

	for (u64 i = 0; i < runs; i++) {
		u32 pages = run[i].pages & ~CHECKPOINT_WRITTEN;

		if (pages < 1 || pages > CHECKPOINT_RUN_PAGES || run[i].gfn >= frames || pages > frames - run[i].gfn ||
		    !take(NULL, vm_ram[vm].hpa + run[i].gfn * PAGE_BYTES, pages * PAGE_SECTORS))
			return false;
		for (u32 k = 0; (run[i].pages & CHECKPOINT_WRITTEN) != 0 && k < pages; k++)
			state_loaded(vm, run[i].gfn + k);
	}
	return true;
}

static bool restore(vm_id vm)
{
	u64 sectors;

	restore_at = session->restore_sector[vm];
	if (!take(&header, 0, 1) || header.magic != CHECKPOINT_MAGIC || header.recording != session->recording ||
	    header.vm != session->index[vm] || header.crc != crc32c((const u8 *)&header, SECTOR_BYTES - 4) ||
	    header.pages > LIST_MAX / 2)
		return false;
	sectors = (header.pages * sizeof(struct checkpoint_run) + SECTOR_BYTES - 1) / SECTOR_BYTES;
	if (!take(&snapshot, 0, SNAPSHOT_SECTORS) ||
	    header.state_crc != crc32c((const u8 *)&snapshot, sizeof(snapshot)) || !take(list, 0, sectors) ||
	    header.list_crc != crc32c((const u8 *)list, (u32)(sectors * SECTOR_BYTES)) || !load_pages(vm, header.pages) ||
	    state_memory(vm) != header.memory)
		return false;
	snapshot_restore(vm, &snapshot);
	return true;
}

bool checkpoint_restore(vm_id vm)
{
	if (restore(vm))
		return true;
	output_message("the checkpoint is damaged: remove it, it will be made again");
	return false;
}
