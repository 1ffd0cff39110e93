/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb `corpus`: the exits of each VM of a recording as inputs of the exit harness, 48 to a seed. Those that reach nothing
 * new are left out by afl-cmin if it is there; the same bytes are never written twice.
 *
 *   trace record ──▶ step (spec/steps.def) ──▶ seed of 48 ──▶ FOLDER/.corpus-XXXXXX ──▶ afl-cmin ──▶ FOLDER/SHA256
 */
#include "corpus.h"

#include "hv/inject.h"
#include "say.h"
#include "spec/step.h"
#include "trace.h"
#include "verb.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED_EXITS 48u
#define SEED_BYTES (STEP_BYTES * (2 * SEED_EXITS + 4))
#define TICKS_MAX 0xffffu	/* of a step; a longer run is a step of its own */

/* The modes of fuzz/player.h's enum, as far as a trace tells them. */
enum mode { MODE_REAL = 0, MODE_PROTECTED = 3, MODE_LONG = 6, MODE_USER32 = 8, MODE_USER64 = 9, MODE_NONE = 0xff };

/* The seed that a VM's exits go to. */
struct seed {
	u8 bytes[SEED_BYTES];
	size_t used;
	u32 exits;
	enum mode mode;
	u64 position;	/* of the last exit, its own instruction counted */
};

static struct seed seeds[VM_MAX];
static const char *folder;
static char *all;	/* where every seed goes */
static u64 exits, written, whole_bytes;
/* ---- seeds */

static void add(struct seed *seed, const struct step *step)
{
	seed->used += step_encode(step, seed->used == 0, seed->bytes + seed->used);
}

static int save(const char *directory, const u8 *bytes, size_t count)
{
	u8 digest[32];
	char *path;
	FILE *out;
	int status = 0;

	file_sha256(bytes, count, digest);
	path = say_format("%s/%02x%02x%02x%02x%02x%02x", directory, digest[0], digest[1], digest[2], digest[3], digest[4], digest[5]);
	out = fopen(path, "we");
	if (out == NULL || fwrite(bytes, 1, count, out) != count)
		status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	if (out != NULL && fclose(out) != 0 && status == 0)
		status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	free(path);
	return status;
}

static int finish(struct seed *seed)
{
	int status = 0;

	if (seed->exits > 0) {
		status = save(all, seed->bytes, seed->used);
		written++;
		whole_bytes += seed->used;
	}
	seed->used = 0;
	seed->exits = 0;
	seed->mode = MODE_NONE;
	return status;
}

/* RIP and privilege say enough for a state in which the exit is possible. */
static enum mode mode_of(const struct trace_record *record)
{
	bool user = (record->flags & TRACE_USER) != 0;

	if (record->rip > 0xffffffffull)
		return user ? MODE_USER64 : MODE_LONG;
	if (user)
		return MODE_USER32;
	return record->rip < 0x100000 ? MODE_REAL : MODE_PROTECTED;
}

static void set_mode(struct seed *seed, enum mode mode)
{
	static const struct step flags = { .code = STEP_FLAGS, .operand = { 0x202, 0 } };	/* IF */
	const struct step step = { .code = STEP_MODE, .operand = { mode } };

	add(seed, &step);
	add(seed, &flags);
	seed->mode = mode;
}

static void io_step(const struct trace_record *record, u64 ticks, struct step *step)
{
	struct trace_io io;

	(void)trace_io(record, &io);
	step->code = STEP_IO;
	step->operand[0] = (io.width == 4 ? 2u : io.width - 1u) | (io.in ? 4u : 0) | (io.string ? 16u : 0) | (io.rep ? 32u : 0);
	step->operand[1] = io.port;
	step->operand[2] = ticks;
	step->operand[3] = !io.in && !io.string ? io.value : 0;
}

/* SDM 3C tables 27-3 and 27-4. */
static void register_step(const struct trace_record *record, u64 ticks, struct step *step)
{
	u64 q = record->qualification;
	u32 cr = (u32)q & 15;

	if ((record->reason & 0xffff) == EXIT_MOV_DR) {
		step->code = STEP_DR;
		step->operand[0] = (q >> 8 & 15) | (q & 16);
		step->operand[1] = q & 7;
	} else {
		step->code = STEP_CR;
		step->operand[0] = (q >> 4 & 3) << 4 | (q >> 8 & 15);
		step->operand[1] = cr == 3 ? 1 : cr == 4 ? 2 : cr == 8 ? 3 : 0;
	}
	step->operand[2] = (q >> 4 & 3) == 3 && step->code == STEP_CR ? q >> 16 & 0xffff : record->value;
	step->operand[3] = ticks;
}

/* An exit as the step that makes it. */
static void step_of(const struct trace_record *record, u64 ticks, struct step *step)
{
	memset(step, 0, sizeof(*step));
	switch (record->reason & 0xffff) {
	case EXIT_IO_INSTRUCTION:
		io_step(record, ticks, step);
		return;
	case EXIT_CPUID:
		*step = (struct step){ .code = STEP_CPUID, .operand = { record->detail, 0, ticks } };
		return;
	case EXIT_RDMSR:
		*step = (struct step){ .code = STEP_MSR, .operand = { 0, record->detail, 0, ticks } };
		return;
	case EXIT_WRMSR:
		*step = (struct step){ .code = STEP_MSR, .operand = { 1, record->detail, record->value, ticks } };
		return;
	case EXIT_HLT:
		*step = (struct step){ .code = STEP_HLT, .operand = { ticks } };
		return;
	case EXIT_CR_ACCESS:
	case EXIT_MOV_DR:
		register_step(record, ticks, step);
		return;
	case EXIT_EXCEPTION_NMI:
		*step = (struct step){ .code = STEP_EXCEPTION, .operand = { record->detail & 0xff,
				       EVENT_TYPE(record->detail) == EVENT_SOFTWARE_EXCEPTION ? 2 : 0, 0, record->qualification, 0, ticks } };
		return;
	case EXIT_EPT_VIOLATION:
		*step = (struct step){ .code = STEP_EPT, .operand = { record->address >> 8, record->address & 0xff, record->qualification, 0, ticks } };
		return;
	case EXIT_PREEMPTION_TIMER:	/* these come of themselves */
	case EXIT_INTERRUPT_WINDOW:
	case EXIT_NMI_WINDOW:
		*step = (struct step){ .code = STEP_RUN, .operand = { ticks } };
		return;
	default:
		*step = (struct step){ .code = STEP_EXIT, .operand = { record->reason & 0xff, record->length > 0 ? record->length - 1u : 0, ticks,
				       record->qualification, 0 } };
		return;
	}
}

static int take_record(const struct trace_record *record)
{
	struct seed *seed = &seeds[record->vm];
	u64 ticks = record->position > seed->position ? record->position - seed->position : 0;
	enum mode mode = mode_of(record);
	struct step step;
	int status;

	if (seed->exits == SEED_EXITS && (status = finish(seed)) != 0)
		return status;
	if (seed->used == 0) {	/* vm0: a start in the mode's class; host: a quantum of 1 G ticks */
		const struct step machine = { .code = STEP_MACHINE, .operand = { 0, 12, mode == MODE_REAL ? 0 : 2, 0, 0 } };

		add(seed, &machine);
	}
	if (mode != seed->mode)
		set_mode(seed, mode);
	if (ticks > TICKS_MAX) {
		const struct step run = { .code = STEP_RUN, .operand = { ticks - TICKS_MAX < 4000000000u ? ticks - TICKS_MAX : 4000000000u } };

		add(seed, &run);
		ticks = TICKS_MAX;
	}
	step_of(record, ticks, &step);
	add(seed, &step);
	seed->exits++;
	seed->position = record->position + 1;
	exits++;
	return 0;
}

/* ---- those that reach something new */

static u64 count_files(const char *directory, u64 *bytes)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	struct stat info;
	u64 n = 0;

	*bytes = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
			continue;
		n++;
		*bytes += (u64)info.st_size;
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* Moves every file into the folder, and removes the directory. */
static int move_all(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int status = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *from = say_format("%s/%s", directory, entry->d_name), *to = say_format("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] != '.' && rename(from, to) != 0)
			status = say_fail(STATUS_FAILED, "%s: %s", to, strerror(errno));
		free(from);
		free(to);
	}
	if (dir != NULL)
		closedir(dir);
	return status;
}

static void remove_all(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(directory);
}

/* afl-cmin of everything in `from` into `to`. False: it is not there, or failed. */
static bool minimize(const char *harness, const char *from, const char *to)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
			_exit(127);
		setenv("AFL_QUIET", "1", 1);
		setenv("AFL_ALLOW_TMP", "1", 1);
		execlp("afl-cmin", "afl-cmin", "-i", from, "-o", to, "--", harness, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int reduce(void)
{
	char *harness = file_of_build("fuzz/afl/exit"), *small = say_format("%s.min", all);
	const char *why = NULL;
	u64 bytes, n;
	int status;

	if (access(harness, X_OK) != 0)
		why = "there is no harness ('make fuzz-afl' builds it)";
	else if (!minimize(harness, all, small))
		why = "afl-cmin is not here or failed (it is in Debian's afl++)";
	n = count_files(why == NULL ? small : all, &bytes);
	status = move_all(why == NULL ? small : all);
	printf("%llu exits in %llu seeds of %llu bytes, %.1f bytes an exit; ", (unsigned long long)exits, (unsigned long long)written,
	       (unsigned long long)whole_bytes, exits > 0 ? (double)whole_bytes / (double)exits : 0);
	if (why == NULL)
		printf("%llu of them, %llu bytes, reach what all reach\n", (unsigned long long)n, (unsigned long long)bytes);
	else
		printf("%llu differ and are kept: %s\n", (unsigned long long)n, why);
	remove_all(small);
	free(small);
	free(harness);
	return status;
}

static int take(struct trace *trace)
{
	struct trace_record record;
	int status = 0;

	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return say_fail(STATUS_REFUSED, "%s: %s", folder, strerror(errno));
	all = say_format("%s/.corpus-XXXXXX", folder);
	if (mkdtemp(all) == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", folder, strerror(errno));
	for (u32 v = 0; v < VM_MAX; v++)
		seeds[v].mode = MODE_NONE;
	while (status == 0 && trace_next(trace, &record))
		if (record.vm < VM_MAX)
			status = take_record(&record);
	for (u32 v = 0; v < VM_MAX && status == 0; v++)
		status = finish(&seeds[v]);
	if (status == 0 && exits == 0)
		status = say_fail(STATUS_REFUSED, "the recording has no exits");
	if (status == 0)
		status = reduce();
	remove_all(all);
	free(all);
	return status;
}

static const struct argp_option option_table[] = {
	{ "output", 'o', "FOLDER", 0, "where the seeds go; it is made if it is not there", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static bool take_option(int key, char *arg)
{
	if (key == 'o')
		folder = arg;
	return true;
}

static const char *check_options(void)
{
	return folder == NULL ? "-o FOLDER says where the seeds go" : NULL;
}

int corpus_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .check = check_options, .runs = true,
		.doc = "Turn a recording into seeds for fuzzing: each exit as one step of the exit harness, 48 to a seed. What reaches "
		       "nothing new is left out, if AFL++ and the harness are there.",
	};

	return trace_verb(argc, argv, &verb, NULL, take);
}
