/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `recording`: a container (replay/FORMAT.md) and the journal disk beside it. Input that begins with '@' is text that
 * lists members; the harness makes digests, checksums and the archive around them, so that what lies behind those is looked
 * at; '!' leaves a member as it is. Anything else is the file itself.
 *
 *   @recording.json    the manifest             @plan      lines of OFFSET VALUE: bytes changed in a valid plan
 *   @journal/0         records of VM 0          @image     an image of VM 0, named by its digest
 *   @SHA256SUMS        lines added to it        @disk      the journal disk after a good session
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hv/crc32c.h"
#include "oracle.h"
#include "replay/container.h"
#include "replay/journal_file.h"
#include "replay/recording.h"
#include "replay/say.h"
#include "said.h"

#define ARCHIVE_BYTES (1u << 20)
#define SUMS_BYTES 16384u
#define FILE_NAME "some.rpl"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static u8 archive_bytes[ARCHIVE_BYTES], member[1 << 16];
static struct archive *archive;
static char sums[SUMS_BYTES];
static size_t sums_used;
static struct plan plan;
static int disk = -1;

/* The build is what the manifest says: recording_parse is not asked about it. */
int recording_build(char build[RECORDING_BUILD_BYTES])
{
	(void)build;
	return STATUS_FAILED;
}

static void put(const char *name, const u8 *bytes, size_t count, bool summed)
{
	struct archive_entry *entry = archive_entry_new();
	u8 digest[32];
	char text[65];

	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)count);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	(void)archive_write_header(archive, entry);
	(void)archive_write_data(archive, bytes, count);
	archive_entry_free(entry);
	if (!summed || sums_used + strlen(name) + 70 > SUMS_BYTES)
		return;
	file_sha256(bytes, count, digest);
	container_hex(digest, 32, text);
	sums_used += (size_t)snprintf(sums + sums_used, SUMS_BYTES - sums_used, "%s  %s\n", text, name);
}

static void put_image(const u8 *bytes, size_t count)
{
	struct plan_vm *vm = &plan.vm[0];
	char text[65], name[NAME_MAX_BYTES];
	u8 digest[32];

	file_sha256(bytes, count, digest);
	container_hex(digest, 32, text);
	snprintf(name, sizeof(name), "images/%s", text);
	if (vm->image_count < PLAN_IMAGES) {
		struct plan_image *image = &vm->image[vm->image_count];

		*image = (struct plan_image){ .gpa = 0x10000ull * vm->image_count, .bytes = count };
		memcpy(image->sha256, digest, 32);
		vm->image_count++;
	}
	put(name, bytes, count, true);
}

static void put_plan(const char *text)
{
	u8 bytes[PLAN_BYTES];
	unsigned offset, value;
	int used;
	u32 crc;

	plan_encode(&plan, bytes);
	for (; sscanf(text, "%u %u%n", &offset, &value, &used) == 2; text += used)
		bytes[offset % PLAN_BYTES] = (u8)value;
	crc = crc32c(bytes + PLAN_HEADER_BYTES, PLAN_BYTES - PLAN_HEADER_BYTES);
	memcpy(bytes + 16, &crc, 4);
	put(PLAN, bytes, PLAN_BYTES, true);
}

/* Records as blocks, each sealed. */
static size_t seal(u32 vm, const u8 *records, size_t count, u8 *out, size_t room)
{
	struct journal_cursor at = { .vm = vm, .recording = 0x1122334455667788ull };
	size_t n = 0;

	for (size_t from = 0; from < count && n + JOURNAL_BLOCK_BYTES <= room; n += JOURNAL_BLOCK_BYTES) {
		size_t part = count - from < JOURNAL_RECORD_BYTES ? count - from : JOURNAL_RECORD_BYTES;

		journal_begin_block(out + n, &at);
		memcpy(out + n + JOURNAL_HEADER_BYTES, records + from, part);
		at.used = (u32)part;
		journal_seal_block(out + n, &at);
		from += part;
		at.sequence++;
	}
	return n;
}

static void read_disk(const u8 *bytes, size_t count)
{
	struct session session = { .vm_count = 1, .recording = 0x1122334455667788ull, .sectors = 8, .digest_ticks = 1000000,
				   .table_hpa = 0x8000000, .table_bytes = 0x10000, .until = TIME_NEVER, .checkpoint_ticks = 1000000 };
	static struct recording recording;
	u8 sector[SESSION_BYTES];
	struct bytes blocks;

	session_encode(&session, sector);
	if (count >= 2 && bytes[0] == '+')	/* '+': sealed blocks after the session; else bytes as they are */
		count = seal(0, bytes + 1, count - 1, member, sizeof(member));
	else
		memcpy(member, bytes, count);
	if (ftruncate(disk, 0) != 0 || pwrite(disk, sector, SESSION_BYTES, 0) != SESSION_BYTES ||
	    pwrite(disk, member, count, SESSION_BYTES) != (ssize_t)count)
		abort();
	memset(&recording, 0, sizeof(recording));
	recording.id = session.recording;
	journal_file_read(disk, &session, 0, &blocks);
	if (blocks.count % JOURNAL_BLOCK_BYTES != 0 || blocks.count > 8 * JOURNAL_BLOCK_BYTES)
		oracle_fail("the journal disk is read in blocks of its room", "replay/journal_file.h", "%llu bytes",
			    (unsigned long long)blocks.count);
	(void)recording_scan(&recording, 0, blocks.data, blocks.count, "disk", true);
	free(blocks.data);
	recording_free(&recording);
}

static bool count_event(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	(void)event, (void)block;
	if (offset < JOURNAL_HEADER_BYTES || offset + bytes > JOURNAL_BLOCK_BYTES)
		oracle_fail("an event lies in its block", "replay/recording.h", "%u bytes at %u", bytes, offset);
	++*(u64 *)context;
	return true;
}

static void check_accepted(const struct recording *recording)
{
	const struct plan_host host = { .hv_end = 0, .host_end = 1ull << 32 };
	vm_id bad;

	if (plan_validate(&recording->plan, &host, &bad) != PLAN_OK)
		oracle_fail("an accepted recording has a plan that is valid", "replay/FORMAT.md", "VM %u", bad);
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		const struct recording_vm *vm = &recording->vm[v];
		u64 events = 0;

		for (u32 i = 0; i < recording->plan.vm[v].image_count; i++) {
			u8 digest[32];

			file_sha256(recording->image[v][i].data, recording->image[v][i].count, digest);
			if (memcmp(digest, recording->plan.vm[v].image[i].sha256, 32) != 0 ||
			    recording->image[v][i].count != recording->plan.vm[v].image[i].bytes)
				oracle_fail("an image is what the plan names", "replay/FORMAT.md", "image %u of VM %u", i, v);
		}
		recording_events(recording, v, count_event, &events);
		if (events != vm->events || vm->events != vm->inputs + vm->digests + vm->ended ||
		    vm->journal.count != vm->blocks * JOURNAL_BLOCK_BYTES)
			oracle_fail("events are counted", "replay/recording.h", "%llu, found %llu", (unsigned long long)vm->events,
				    (unsigned long long)events);
	}
}

static void parse(const u8 *bytes, size_t count, bool strict)
{
	static struct recording recording;
	struct bytes file = { .data = (u8 *)bytes, .count = count };
	int status;

	said_reset();
	status = recording_parse(FILE_NAME, &file, NULL, strict, &recording);
	if (status != 0 && status != STATUS_REFUSED)
		oracle_fail("a recording is read or refused", "replay/recording.h", "status %d", status);
	if (status != 0 && (said_count != 1 || strncmp(said_first, FILE_NAME, strlen(FILE_NAME)) != 0))
		oracle_fail("one message about the file if a recording is refused", "replay/recording.h", "%u messages: %.100s", said_count,
			    said_first);
	if (status == 0 && strict && said_count != 0)
		oracle_fail("a recording without damage is read in silence", "replay/recording.h", "%.100s", said_first);
	if (status == 0)
		check_accepted(&recording);
	recording_free(&recording);
}

/* One member of the text: its name to the end of its line, then bytes up to the next '@' that begins a line. */
static void put_member(char *name, const u8 *bytes, size_t count)
{
	static char text[4096];
	size_t length = strlen(name);
	u32 vm;

	if (length > 0 && name[length - 1] == '!') {
		name[length - 1] = '\0';
		put(name, bytes, count, true);
	} else if (strcmp(name, "image") == 0) {
		put_image(bytes, count);
	} else if (strcmp(name, "plan") == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)count, (const char *)bytes);
		put_plan(text);
	} else if (sscanf(name, "journal/%u", &vm) == 1) {
		size_t n = seal(vm, bytes, count, member, sizeof(member));

		put(name, member, n, true);
	} else if (strcmp(name, SUMS) == 0) {
		size_t n = count < SUMS_BYTES - sums_used ? count : SUMS_BYTES - sums_used;

		memcpy(sums + sums_used, bytes, n);
		sums_used += n;
	} else if (strcmp(name, "disk") == 0) {
		read_disk(bytes, count < sizeof(member) ? count : sizeof(member));
	} else {
		put(name, bytes, count, length > 0);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	disk = memfd_create("disk", 0);
	return disk < 0 ? abort(), 1 : 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	size_t used = 0, at = 0;

	if (size > 1u << 15)
		return 0;
	said_reset();
	if (size == 0 || data[0] != '@') {
		parse(data, size, false);
		return 0;
	}
	sums_used = 0;
	memset(&plan, 0, sizeof(plan));
	plan.vm_count = 1;
	plan.quantum_ticks = 1000000;
	plan.vm[0] = (struct plan_vm){ .name = "a", .ram_hpa = 0x10000000, .ram_bytes = 0x400000, .weight = 1, .seed = { 1 } };
	archive = archive_write_new();
	archive_write_set_format_pax_restricted(archive);
	if (size % 8 == 0)	/* zstd takes most of the time of a run */
		archive_write_add_filter_zstd(archive);
	archive_write_set_bytes_in_last_block(archive, 1);
	if (archive_write_open_memory(archive, archive_bytes, ARCHIVE_BYTES, &used) != ARCHIVE_OK)
		abort();
	while (at < size) {	/* data[at] is '@' */
		char name[NAME_MAX_BYTES];
		size_t line = at + 1, n, next;

		for (n = 0; line + n < size && data[line + n] != '\n' && n < sizeof(name) - 1; n++)
			name[n] = (char)data[line + n];
		name[n] = '\0';
		line += n + (line + n < size);
		for (next = line; next < size && !(data[next] == '@' && data[next - 1] == '\n'); next++)
			;
		put_member(name, data + line, next - line);
		at = next;
	}
	put(SUMS, (const u8 *)sums, sums_used, false);
	(void)archive_write_close(archive);
	archive_write_free(archive);
	parse(archive_bytes, used, false);
	parse(archive_bytes, used, true);
	return 0;
}
