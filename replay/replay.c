/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `replay`: the recording's plan under a hypervisor that takes its inputs from the recording's journal. */
#include "replay.h"

#include "checkpoint.h"
#include "differs.h"
#include "outcome.h"
#include "recording.h"
#include "run.h"
#include "say.h"
#include "states.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_DISK "journal.disk"
#define OUTPUT_DISK "output.disk"
#define CYLINDER_BYTES (16u * 63u * 512u)	/* Bochs takes whole cylinders */

static struct recording *recording;
static struct replay_wish wish;
static char *output_path, *journal_path;
static struct session session;
static struct {
	u32 index[VM_MAX];		/* of each VM in the recording */
	u64 compared[VM_MAX];		/* bytes of its console that agree */
	bool console_differs[VM_MAX], ended[VM_MAX];
	bool lacks[VM_MAX];		/* its journal lacks what came in */
	struct differs differs[VM_MAX];
	u64 total;			/* instructions of all VMs together */
	u64 reached[VM_MAX];
	u64 started_at[VM_MAX];		/* the position of the checkpoint it starts from */
	double begin;
} replay;

/* The recording's plan without the VMs that are not wanted, and its images as pictures. */
static int make_layout(const struct run_spec *run, u64 hv_bytes, struct layout *layout)
{
	int status;

	memset(layout, 0, sizeof(*layout));
	layout->plan = recording->plan;
	layout->plan.vm_count = run->vm_count;
	layout->plan.pace = PLAN_PACE_FAST;
	for (u32 v = 0; v < run->vm_count; v++)
		layout->plan.vm[v] = recording->plan.vm[replay.index[v]];
	for (u32 v = run->vm_count; v < VM_MAX; v++)
		memset(&layout->plan.vm[v], 0, sizeof(layout->plan.vm[v]));
	status = layout_memory(layout, LAYOUT_HV_END, true);
	for (u32 v = 0; v < run->vm_count && status == 0; v++) {
		const struct plan_vm *vm = &layout->plan.vm[v];

		status = image_open(&layout->image[v], vm->ram_bytes);
		for (u32 i = 0; i < vm->image_count && status == 0; i++)
			memcpy(layout->image[v].ram + vm->image[i].gpa, recording->image[replay.index[v]][i].data,
			       vm->image[i].bytes);
	}
	if (status == 0)
		layout_medium(layout, hv_bytes);
	return status;
}

static bool write_journal(int fd)
{
	u8 sector[SESSION_BYTES];
	u64 bytes = (session.states_sector + session.states_sectors * session.vm_count) * SESSION_BYTES;
	struct stat st;

	session_encode(&session, sector);
	if (pwrite(fd, sector, sizeof(sector), 0) != sizeof(sector))
		return false;
	for (u32 v = 0; v < session.vm_count; v++) {
		const struct bytes *journal = &recording->vm[replay.index[v]].journal;
		u64 at = (1 + v * session.sectors) * SESSION_BYTES;

		if (journal->count > 0 && pwrite(fd, journal->data, journal->count, (off_t)at) != (ssize_t)journal->count)
			return false;
	}
	if (fstat(fd, &st) == 0 && (u64)st.st_size > bytes)	/* a checkpoint lies behind */
		bytes = (u64)st.st_size;
	return ftruncate(fd, (off_t)((bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES * CYLINDER_BYTES)) == 0;
}

/* A disk without contents: it takes room for what is written only. */
static int make_output(struct run_spec *run, const struct temp *temp)
{
	u64 bytes = (wish.output_bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES * CYLINDER_BYTES;
	int fd, failed;

	run->output = wish.output_file != NULL ? say_format("%s", wish.output_file) : temp_path(temp, OUTPUT_DISK);
	fd = open(run->output, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	failed = fd < 0 || ftruncate(fd, (off_t)bytes) != 0;
	if (failed)
		say("%s: %s", run->output, strerror(errno));
	if (fd >= 0)
		close(fd);
	output_path = say_format("%s", run->output);
	return failed ? STATUS_FAILED : 0;
}

/* Starts each VM from a checkpoint, if there is one early enough. */
static void restore(const struct run_spec *run, struct layout *layout, int fd)
{
	u64 sector = session.states_sector + session.states_sectors * session.vm_count;

	for (u32 v = 0; v < run->vm_count; v++) {
		u64 next = sector;

		replay.started_at[v] = checkpoint_compose(recording, replay.index[v], wish.from, &layout->image[v], fd, &next);
		if (replay.started_at[v] == 0)
			continue;
		session.restore_sector[v] = sector;
		sector = next;
		layout->plan.vm[v].image_count = 0;	/* all of its memory comes from the checkpoint */
	}
}

static int prepare(struct run_spec *run, struct layout *layout, const struct temp *temp)
{
	u64 most = 0;
	bool good;
	int fd;

	session = (struct session){
		.vm_count = run->vm_count, .recording = recording->id, .digest_ticks = recording->digest_ticks,
		.flags = wish.checkpoint_ticks > 0 ? SESSION_CHECKPOINTS : 0, .checkpoint_ticks = wish.checkpoint_ticks,
		.output_sectors = wish.output_bytes / SESSION_BYTES,
		.table_hpa = layout->table_hpa, .table_bytes = layout->table_bytes, .until = wish.until, .sectors = 2,
	};
	for (u32 v = 0; v < run->vm_count; v++) {
		u64 pages = recording->plan.vm[replay.index[v]].ram_bytes / PAGE_BYTES;

		session.index[v] = replay.index[v];
		if (session.sectors < recording->vm[replay.index[v]].blocks + 2)
			session.sectors = recording->vm[replay.index[v]].blocks + 2;
		most = pages > most ? pages : most;
	}
	session.states_sector = 1 + session.sectors * session.vm_count;
	session.states_sectors = 1 + SNAPSHOT_SECTORS + most * sizeof(struct states_page) / SESSION_BYTES + 1;
	run->journal = temp_path(temp, JOURNAL_DISK);
	journal_path = say_format("%s", run->journal);
	fd = open(run->journal, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0 && wish.from > 0)
		restore(run, layout, fd);
	good = fd >= 0 && write_journal(fd);
	if (!good)
		say("%s: %s", run->journal, strerror(errno));
	if (fd >= 0)
		close(fd);
	replay.begin = outcome_now();
	return !good ? STATUS_FAILED : wish.output_bytes > 0 ? make_output(run, temp) : 0;
}

static const char *hex_text(u8 byte)
{
	static char text[8];

	snprintf(text, sizeof(text), "%02XH", byte);
	return text;
}

/* A finished recording holds what the guest wrote: it must come again. */
static void console(u32 vm, const char *text, u32 bytes)
{
	const struct bytes *recorded;
	u64 *at = &replay.compared[vm];

	if (!recording->finished || replay.console_differs[vm] || replay.started_at[vm] > 0)
		return;
	recorded = &recording->vm[replay.index[vm]].console;
	for (u32 i = 0; i < bytes; i++, ++*at) {
		if (*at < recorded->count && recorded->data[*at] == (u8)text[i])
			continue;
		say("%s: its console differs from the recording at byte %llu: found %02XH, recorded %s", recording->plan.vm[replay.index[vm]].name,
		    (unsigned long long)*at, (u8)text[i], *at < recorded->count ? hex_text(recorded->data[*at]) : "its end");
		replay.console_differs[vm] = true;
		return;
	}
}

static void progress(const struct link_report *report)
{
	u64 sum = 0;
	double seconds = outcome_now() - replay.begin;

	replay.reached[report->vm] = report->position;
	for (u32 v = 0; v < VM_MAX; v++)
		sum += replay.reached[v];
	if (isatty(STDERR_FILENO) && (wish.silent || !isatty(STDOUT_FILENO)) && replay.total > 0 && sum <= replay.total)
		say_progress("position %llu, %llu %%, %.0f million instructions a second, %.0f s to go",
			     (unsigned long long)report->position, (unsigned long long)(sum * 100 / replay.total),
			     (double)sum / seconds / 1e6, seconds * (double)(replay.total - sum) / (double)sum);
}

/* The VM has ended for it; the state that it had is on the journal disk. */
static void tell_differences(u32 vm)
{
	int fd = open(journal_path, O_RDONLY | O_CLOEXEC);
	struct bytes found = { NULL, 0 };

	if (fd >= 0) {
		states_read(fd, &session, vm, &found);
		close(fd);
	}
	differs_say(recording, replay.index[vm], &replay.differs[vm], &found);
	free(found.data);
}

static bool report(const struct link_report *report)
{
	u32 vm = report->vm;
	u32 index = vm < VM_MAX ? replay.index[vm] : 0;
	const char *name = (const char *)recording->plan.vm[index].name;

	if (vm >= VM_MAX)
		return false;
	switch (report->type) {
	case LINK_DIFFERS:
		differs_add(&replay.differs[vm], report);
		return true;
	case LINK_STATE:
		say_progress_done();
		if (!wish.silent)
			state_print(name, report);
		return true;
	case LINK_REACHED:
		progress(report);
		return true;
	case LINK_END:
		replay.ended[vm] = true;
		say_progress_done();
		if (replay.differs[vm].count > 0)
			tell_differences(vm);
		if (report->code == LINK_END_JOURNAL)
			say("%s: the recording ends here, at position %llu", name, (unsigned long long)report->position);
		if (report->code == LINK_END_JOURNAL && recording->finished && recording->vm[index].events == 0 && recording->length[index] > 0) {
			say("%s: but it was recorded up to position %llu: its journal lacks what came in from here on", name,
			    (unsigned long long)recording->length[index]);
			replay.lacks[vm] = true;
		}
		return false;
	default:
		return false;
	}
}

/* What the hypervisor could not see: consoles that are shorter than they were. */
static int finish(int status)
{
	bool differs = false;

	for (u32 v = 0; v < VM_MAX; v++) {
		const struct recording_vm *vm = &recording->vm[replay.index[v]];

		if (replay.ended[v] && recording->finished && replay.started_at[v] == 0 && wish.until == TIME_NEVER && replay.differs[v].count == 0 && !replay.lacks[v] &&
		    !replay.console_differs[v] && replay.compared[v] != vm->console.count && vm->ended) {
			say("%s: its console ends after %llu bytes, the recorded one after %llu",
			    recording->plan.vm[replay.index[v]].name, (unsigned long long)replay.compared[v],
			    (unsigned long long)vm->console.count);
			differs = true;
		}
		differs = differs || replay.differs[v].count > 0 || replay.lacks[v] || replay.console_differs[v];
	}
	status = differs ? STATUS_DIFFERS : status;
	if (wish.finish != NULL)
		status = wish.finish(recording, output_path, status);
	return status;
}

/* The VMs as the tool knows them: names for messages; input comes from the journal only. */
static int choose_vms(struct run_spec *run)
{
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		const char *name = (const char *)recording->plan.vm[v].name;

		if (wish.only != NULL && strcmp(wish.only, name) != 0)
			continue;
		strcpy(run->vm[run->vm_count].name, name);
		run->vm[run->vm_count].memory_bytes = recording->plan.vm[v].ram_bytes;
		run->vm[run->vm_count].console = wish.silent ? say_format("file:/dev/null") : NULL;
		replay.index[run->vm_count++] = v;
		replay.total += recording->vm[v].position < wish.until ? recording->vm[v].position : wish.until;
	}
	if (run->vm_count == 0)
		return say_fail(STATUS_REFUSED, "%s: it has no VM '%s'", recording->path, wish.only);
	return 0;
}

const struct run_hooks *replay_begin(struct recording *the_recording, struct run_spec *run, const struct replay_wish *the_wish)
{
	static struct run_hooks hooks = {
		.layout = make_layout, .prepare = prepare, .console = console, .report = report, .finish = finish,
	};

	memset(&replay, 0, sizeof(replay));
	recording = the_recording;
	wish = *the_wish;
	say_progress_quiet();
	hooks.hv = wish.hv != NULL ? wish.hv : "hv-replay.bin";
	run->ips = 4000000;
	run->pace = PLAN_PACE_FAST;
	run->no_input = true;
	return choose_vms(run) == 0 ? &hooks : NULL;
}

int replay_run(struct recording *the_recording, struct run_spec *run, const struct replay_wish *the_wish)
{
	const struct run_hooks *hooks = NULL;
	int status = STATUS_REFUSED;

	if (the_recording->edits.count > 0)	/* its changes are made by the debugger */
		say("%s is a fork: 'reprise debug' and 'reprise query %s --from end console' go through it", the_recording->path,
		    the_recording->path);
	else
		hooks = replay_begin(the_recording, run, the_wish);
	if (hooks != NULL)
		status = run_guests(run, hooks);
	else
		guest_free(run);
	free(output_path);
	free(journal_path);
	output_path = journal_path = NULL;
	return status;
}
