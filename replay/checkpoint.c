/* SPDX-License-Identifier: BSD-2-Clause */
/* Making checkpoints and starting from them. */
#include "checkpoint.h"

#include "hv/crc32c.h"
#include "hv/input/checkpoint.h"
#include "replay.h"
#include "say.h"
#include "verb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512u
#define DISK_BYTES (16ull << 30)	/* takes room for what is written only */

/* One checkpoint in the file. */
struct entry {
	struct checkpoint_header header;
	u64 at;			/* of the header, bytes */
	u32 *list;
};

static char *path_of(const struct recording *recording)
{
	return say_format("%s.checkpoints", recording->path);
}

static u64 list_bytes(const struct entry *entry)
{
	return (entry->header.pages * 4 + SECTOR - 1) / SECTOR * SECTOR;
}

static u64 pages_at(const struct entry *entry)
{
	return entry->at + SECTOR + SNAPSHOT_SECTORS * (u64)SECTOR + list_bytes(entry);
}

static u64 entry_end(const struct entry *entry)
{
	return pages_at(entry) + entry->header.pages * PAGE_BYTES;
}

/* Reads the entry at `at`. Null: it is whole; else what is wrong with it; "" where there is none. */
static const char *entry_read(const struct recording *recording, int fd, u64 at, struct entry *entry)
{
	const struct checkpoint_header *header = &entry->header;

	*entry = (struct entry){ .at = at };
	if (pread(fd, &entry->header, SECTOR, (off_t)at) != SECTOR || header->magic == 0)
		return "";
	if (header->magic != CHECKPOINT_MAGIC || header->crc != crc32c((const u8 *)header, SECTOR - 4))
		return "its header is damaged";
	if (header->recording != recording->id || header->vm >= recording->plan.vm_count)
		return "it belongs to another recording";
	if (header->pages > recording->plan.vm[header->vm].ram_bytes / PAGE_BYTES)
		return "it has more pages than the VM";
	entry->list = say_alloc(list_bytes(entry));
	if (pread(fd, entry->list, list_bytes(entry), (off_t)(pages_at(entry) - list_bytes(entry))) !=
	    (ssize_t)list_bytes(entry) || crc32c((const u8 *)entry->list, (u32)list_bytes(entry)) != header->list_crc)
		return "its list of pages is damaged";
	for (u64 i = 0; i < header->pages; i++)
		if (entry->list[i] >= recording->plan.vm[header->vm].ram_bytes / PAGE_BYTES)
			return "its list of pages is impossible";
	return NULL;
}

bool checkpoint_exists(const struct recording *recording)
{
	char *path = path_of(recording);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct entry entry = { .list = NULL };
	bool good = fd >= 0 && entry_read(recording, fd, 0, &entry) == NULL;

	if (fd >= 0)
		close(fd);
	free(entry.list);
	free(path);
	return good;
}

/* ---- making */

static int kept(const struct recording *recording, const char *output, int status)
{
	char *path = path_of(recording);
	int fd = open(output, O_RDWR | O_CLOEXEC);
	struct entry entry = { .list = NULL };
	u64 at = 0, count = 0;

	if (status == STATUS_DIFFERS || status == STATUS_FAILED || status == STATUS_PLATFORM || status >= STATUS_SIGNAL) {
		unlink(output);
	} else {
		status = 0;	/* the guest's own does not matter here */
		while (fd >= 0 && entry_read(recording, fd, at, &entry) == NULL) {
			at = entry_end(&entry);
			count++;
			free(entry.list);
			entry.list = NULL;
		}
		if (fd < 0 || ftruncate(fd, (off_t)at) != 0 || rename(output, path) != 0)
			status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
		else
			say("%s: %llu checkpoints, %llu MiB", path, (unsigned long long)count, (unsigned long long)(at >> 20));
	}
	free(entry.list);
	if (fd >= 0)
		close(fd);
	free(path);
	return status;
}

static u64 longest(const struct recording *recording)
{
	u64 most = 0;

	for (u32 v = 0; v < recording->plan.vm_count; v++)
		most = recording->vm[v].position > most ? recording->vm[v].position : most;
	return most;
}

int checkpoint_make(struct recording *recording, struct run_spec *run, u64 every)
{
	char *temporary = say_format("%s.checkpoints.tmp", recording->path);
	struct replay_wish wish = {
		.until = TIME_NEVER, .silent = true, .output_bytes = DISK_BYTES, .output_file = temporary, .finish = kept,
	};
	int status;

	if (every == CHECKPOINT_EVERY)
		every = longest(recording) / CHECKPOINT_COUNT;
	wish.checkpoint_ticks = every / recording->digest_ticks * recording->digest_ticks;
	if (wish.checkpoint_ticks == 0)
		wish.checkpoint_ticks = recording->digest_ticks;
	unlink(temporary);
	status = replay_run(recording, run, &wish);
	if (status != 0)
		unlink(temporary);
	free(temporary);
	return status;
}

/* ---- starting from one */

/* What the VM's memory is made of at the checkpoint. */
struct memory {
	u64 *at;		/* of each page: where in the file; 0: as the image has it */
	u64 pages;
	struct entry last;	/* the checkpoint to start from */
};

static bool gather(const struct recording *recording, u32 index, u64 from, int fd, const char *path, struct memory *memory)
{
	struct entry entry;
	const char *why;
	u64 at = 0;
	u32 number = 0;

	memory->last.at = 0;
	memory->last.header.position = 0;
	while ((why = entry_read(recording, fd, at, &entry)) == NULL) {
		at = entry_end(&entry);
		if (entry.header.vm == index && entry.header.position <= from) {
			for (u64 i = 0; i < entry.header.pages; i++)
				memory->at[entry.list[i]] = pages_at(&entry) + i * PAGE_BYTES;
			memory->last = entry;
		}
		free(entry.list);
		number++;
	}
	free(entry.list);
	if (why[0] != '\0')
		say("%s: checkpoint %u at byte %llu: %s; using those before it", path, number, (unsigned long long)at, why);
	return memory->last.header.position != 0;
}

static bool is_zero(const u8 *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

/* The next run of pages that come from the same place, from page *gfn on; false: none is left. */
static bool next_run(const struct memory *memory, const struct image *image, u64 *gfn, struct checkpoint_run *run)
{
	bool written;

	while (*gfn < memory->pages && memory->at[*gfn] == 0 && is_zero(image->ram + *gfn * PAGE_BYTES))
		++*gfn;
	if (*gfn == memory->pages)
		return false;
	written = memory->at[*gfn] != 0;
	*run = (struct checkpoint_run){ .gfn = (u32)*gfn, .pages = 0 };
	while (*gfn < memory->pages && run->pages < CHECKPOINT_RUN_PAGES && (memory->at[*gfn] != 0) == written &&
	       (written || !is_zero(image->ram + *gfn * PAGE_BYTES))) {
		run->pages++;
		++*gfn;
	}
	run->pages |= written ? CHECKPOINT_WRITTEN : 0;
	return true;
}

static bool write_pages(const struct memory *memory, const struct image *image, const struct checkpoint_run *run, int from,
			int to, u64 at)
{
	u32 pages = run->pages & ~CHECKPOINT_WRITTEN;
	u8 buffer[CHECKPOINT_RUN_PAGES * PAGE_BYTES];
	const u8 *data = image->ram + run->gfn * PAGE_BYTES;

	if ((run->pages & CHECKPOINT_WRITTEN) != 0) {
		data = buffer;
		for (u32 i = 0; i < pages;) {	/* neighbours in the file are read at once */
			u64 start = memory->at[run->gfn + i];
			u32 n = 1;

			while (i + n < pages && memory->at[run->gfn + i + n] == start + n * PAGE_BYTES)
				n++;
			if (pread(from, buffer + i * PAGE_BYTES, n * PAGE_BYTES, (off_t)start) != (ssize_t)(n * PAGE_BYTES))
				return false;
			i += n;
		}
	}
	return pwrite(to, data, pages * PAGE_BYTES, (off_t)at) == (ssize_t)(pages * PAGE_BYTES);
}

static bool write_all(const struct memory *memory, const struct image *image, int from, int to, u64 *sector)
{
	u64 room = (memory->pages * sizeof(struct checkpoint_run) + SECTOR - 1) / SECTOR * SECTOR, count = 0, gfn = 0, bytes;
	u64 state_bytes = SNAPSHOT_SECTORS * (u64)SECTOR;
	struct checkpoint_run *runs = say_alloc(room);
	u64 at = *sector * SECTOR;
	struct checkpoint_header header = memory->last.header;
	u8 *state = say_alloc(state_bytes);
	bool good = pread(from, state, state_bytes, (off_t)(memory->last.at + SECTOR)) == (ssize_t)state_bytes;

	while (next_run(memory, image, &gfn, &runs[count]))
		count++;
	bytes = (count * sizeof(struct checkpoint_run) + SECTOR - 1) / SECTOR * SECTOR;
	header.pages = count;
	header.list_crc = crc32c((const u8 *)runs, (u32)bytes);
	header.crc = crc32c((const u8 *)&header, SECTOR - 4);
	good = good && pwrite(to, &header, SECTOR, (off_t)at) == SECTOR &&
	       pwrite(to, state, state_bytes, (off_t)(at + SECTOR)) == (ssize_t)state_bytes &&
	       pwrite(to, runs, bytes, (off_t)(at + SECTOR + state_bytes)) == (ssize_t)bytes;
	at += SECTOR + state_bytes + bytes;
	for (u64 i = 0; i < count && good; i++) {
		good = write_pages(memory, image, &runs[i], from, to, at);
		at += (runs[i].pages & ~CHECKPOINT_WRITTEN) * PAGE_BYTES;
	}
	*sector = at / SECTOR;
	free(runs);
	free(state);
	return good;
}

u64 checkpoint_compose(const struct recording *recording, u32 index, u64 from, const struct image *image, int fd,
		       u64 *sector)
{
	char *path = path_of(recording);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct memory memory = { .pages = recording->plan.vm[index].ram_bytes / PAGE_BYTES };
	bool good;

	memory.at = say_alloc(memory.pages * sizeof(u64));
	good = file >= 0 && gather(recording, index, from, file, path, &memory);
	if (good && !write_all(&memory, image, file, fd, sector)) {
		say("%s: %s; starting at the start", path, strerror(errno));
		good = false;
	}
	if (file >= 0)
		close(file);
	free(memory.at);
	free(path);
	return good ? memory.last.header.position : 0;
}

/* ---- the verb */

static const struct argp_option option_table[] = {
	{ "every", 'e', "N", 0, "instructions between two checkpoints (default: at every digest, at most 128 of them)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static u64 every = CHECKPOINT_EVERY;

static bool take_option(int key, char *arg)
{
	return key == 'e' && guest_parse_number(arg, CHECKPOINT_EVERY_MIN, TIME_NEVER / 2, &every);
}

int checkpoint_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .runs = true,
		.doc = "Replay a recording and write checkpoints beside it, from which --from starts.",
	};
	static struct run_spec run;
	static struct recording recording;
	int status = verb_open(argc, argv, &verb, &run, &recording);

	if (status == 0)
		status = checkpoint_make(&recording, &run, every);
	else
		guest_free(&run);
	recording_free(&recording);
	return status;
}
