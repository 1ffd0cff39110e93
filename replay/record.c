/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb `record`: a run whose inputs go to a journal.
 *
 *   FILE.rpl           written before the run without, and after it with journal and consoles
 *   FILE.rpl.journal   the journal disk while the run lasts; Bochs writes it
 */
#include "record.h"

#include "journal_file.h"
#include "options.h"
#include "recording.h"
#include "run.h"
#include "say.h"
#include "states.h"
#include "until_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define CYLINDER_BYTES (16u * 63u * 512u)	/* Bochs takes whole cylinders */
#define STATES_SHARE 16u			/* of the journal disk, for one of the journals */
#define DISK_SECTORS_MAX (1ull << 28)	/* LBA28 */
#define VM_BYTES_MAX (512ull << 20)		/* what the hypervisor can map in 4 KiB pages */

static struct recording recording;
static char *journal;			/* its path; not NULL while there is one to collect */
static struct session session;

static int journal_make(const struct run_spec *run, const struct layout *layout)
{
	u8 sector[SESSION_BYTES];
	u64 vms = layout->plan.vm_count;
	u64 bytes;
	int fd = open(journal, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);

	session = (struct session){ .vm_count = layout->plan.vm_count, .recording = recording.id, .until = TIME_NEVER };
	session.sectors = run->journal_bytes / SESSION_BYTES / vms;
	session.states_sector = 1 + session.sectors * vms;
	session.states_sectors = session.sectors * STATES_SHARE;
	if (session.states_sectors > (DISK_SECTORS_MAX - session.states_sector) / vms)
		session.states_sectors = (DISK_SECTORS_MAX - session.states_sector) / vms;
	if (session.states_sectors > SESSION_STATES_MAX)
		session.states_sectors = SESSION_STATES_MAX;
	bytes = (session.states_sector + session.states_sectors * vms) * SESSION_BYTES;
	bytes = (bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES * CYLINDER_BYTES;
	session.digest_ticks = recording.digest_ticks;
	session.table_hpa = layout->table_hpa;
	session.table_bytes = layout->table_bytes;
	for (u32 v = 0; v < VM_MAX; v++)
		session.index[v] = v;
	session_encode(&session, sector);
	if (fd < 0 || write(fd, sector, sizeof(sector)) != sizeof(sector) || ftruncate(fd, (off_t)bytes) != 0) {
		say("%s: the journal cannot be made: %s", journal, strerror(errno));
		if (fd >= 0)
			close(fd);
		return STATUS_FAILED;
	}
	close(fd);
	return 0;
}

/* What a VM was made from, for `reprise info`. */
static char *guest_text(const struct vm_spec *vm)
{
	const char *kind = vm->kind == GUEST_KERNEL ? "kernel" : vm->kind == GUEST_MULTIBOOT ? "multiboot" : "flat";
	char *text = say_format("%s %s", kind, vm->image.path);
	char *more;

	if (vm->initrd.path != NULL) {
		more = say_format("%s, initrd %s", text, vm->initrd.path);
		free(text);
		text = more;
	}
	if (vm->append != NULL) {
		more = say_format("%s, append %s", text, vm->append);
		free(text);
		text = more;
	}
	return text;
}

/* The largest multiple of the quantum that digests may be apart. */
static u64 digest_ticks(u64 quantum_ticks)
{
	return quantum_ticks >= SESSION_DIGEST_MAX ? SESSION_DIGEST_MAX : SESSION_DIGEST_MAX / quantum_ticks * quantum_ticks;
}

static int prepare(struct run_spec *run, struct layout *layout, const struct temp *temp)
{
	int status = recording_build(recording.build);

	(void)temp;
	if (status != 0)
		return status;
	recording.path = say_format("%s", run->record);
	recording.created = (u64)time(NULL);
	recording.digest_ticks = digest_ticks(layout->plan.quantum_ticks);
	recording.host_clock = layout->plan.clock == PLAN_CLOCK_HOST;
	recording.plan = layout->plan;
	plan_encode(&layout->plan, recording.plan_bytes);
	while (recording.id == 0)
		if (getrandom(&recording.id, sizeof(recording.id), 0) != sizeof(recording.id))
			return say_fail(STATUS_FAILED, "no random number: %s", strerror(errno));
	for (u32 v = 0; v < layout->plan.vm_count; v++) {
		const struct plan_vm *vm = &layout->plan.vm[v];

		recording.guest[v] = guest_text(&run->vm[v]);
		for (u32 i = 0; i < vm->image_count; i++)
			recording.image[v][i] = (struct bytes){ layout->image[v].ram + vm->image[i].gpa,
								vm->image[i].bytes };
	}
	journal = recording_journal_path(recording.path);
	status = journal_make(run, layout);
	if (status == 0)
		status = recording_write(&recording);
	if (status == 0)
		run->journal = say_format("%s", journal);
	return status;
}

static void console(u32 vm, const char *text, u32 bytes)
{
	struct bytes *out = &recording.vm[vm].console;

	if (vm >= VM_MAX)
		return;
	if ((out->count & (out->count + bytes)) < bytes || out->data == NULL) {	/* grow at powers of two at the latest */
		u64 room = 4096;

		while (room < out->count + bytes)
			room *= 2;
		out->data = realloc(out->data, room * 2);
		if (out->data == NULL)
			exit(say_fail(STATUS_FAILED, "no memory for the consoles"));
	}
	memcpy(out->data + out->count, text, bytes);
	out->count += bytes;
}

/* The journal moves into the container. */
static int collect(void)
{
	int fd = open(journal, O_RDONLY | O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return say_fail(STATUS_FAILED, "%s: %s", journal, strerror(errno));
	for (u32 v = 0; v < session.vm_count; v++) {
		struct bytes blocks;

		journal_file_read(fd, &session, v, &blocks);
		(void)recording_scan(&recording, v, blocks.data, blocks.count, journal, true);
		free(blocks.data);
		states_read(fd, &session, v, &recording.vm[v].states);
	}
	close(fd);
	recording.finished = true;
	status = recording_write(&recording);
	if (status == 0)
		unlink(journal);
	return status;
}

static int finish(int status)
{
	u64 inputs = 0, bytes = 0, position = 0;
	int error;

	if (journal == NULL || session.vm_count == 0)
		return status;
	error = collect();
	for (u32 v = 0; v < session.vm_count; v++) {
		inputs += recording.vm[v].inputs;
		bytes += recording.vm[v].journal.count;
		position += recording.vm[v].position;
	}
	if (error == 0)
		say("recorded %s: %llu instructions, %llu inputs, a journal of %llu bytes", recording.path,
		    (unsigned long long)position, (unsigned long long)inputs, (unsigned long long)bytes);
	for (u32 v = 0; v < VM_MAX; v++)	/* they belong to the layout */
		memset(recording.image[v], 0, sizeof(recording.image[v]));
	recording_free(&recording);
	free(journal);
	journal = NULL;
	return error != 0 ? error : status;
}

int record_main(int argc, char **argv)
{
	static const struct run_hooks hooks = {
		.hv = "hv-record.bin", .prepare = prepare, .console = console, .finish = finish
	};
	static struct run_spec spec;
	int status;

	if (until_fail_wanted(argc, argv))
		return until_fail_main(argc, argv);
	status = options_record(argc, argv, &spec);

	for (u32 v = 0; v < spec.vm_count && status == 0; v++) {
		spec.vm[v].flags |= PLAN_MAP_4K;	/* for digests of memory */
		if (spec.vm[v].memory_bytes > VM_BYTES_MAX)
			status = say_fail(STATUS_REFUSED, "%s: at most 512M of RAM can be recorded", spec.vm[v].name);
	}
	if (status == 0)
		return run_guests(&spec, &hooks);
	guest_free(&spec);
	return status;
}
