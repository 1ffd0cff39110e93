/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of the runner inside stock Bochs: boot disk, data disk, configuration, a watch over progress. */
#include "model/host/bochs.h"
#include "boot/header.h"
#include "model/ept_case.h"
#include "model/exit_case.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CYLINDER (16ull * 63 * 512)
#define STALL_SECONDS 8

static const char configuration[] =
	"cpu: model=tigerlake, count=1, ips=4000000, reset_on_triple_fault=0\n"
	"memory: guest=128, host=128\n"
	"romimage: file=/usr/share/bochs/BIOS-bochs-latest\n"
	"vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n"
	"display_library: term\n"
	"clock: sync=none, time0=1000000000\n"
	"log: bochs.log\n"
	"panic: action=fatal, cpu0=report\n"
	"error: action=report, cpu0=%s\n"
	"info: action=ignore\n"
	"sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy\n"
	"ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n"
	"ata0-master: type=disk, path=boot.img, mode=flat\n"
	"ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15\n"
	"ata1-master: type=disk, path=data.img, mode=flat\n"
	"boot: disk\n"
	"optromimage1: file=oprom.bin, address=0xd0000\n";

static void write_file(const char *directory, const char *name, const void *data, size_t bytes, u64 size)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes || (size > bytes && ftruncate(fd, (off_t)size) != 0))
		err(2, "%s", path);
	close(fd);
}

static void *read_file(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "re");
	char *data = NULL;
	size_t room = 0;

	*bytes = 0;
	if (f == NULL)
		err(2, "%s", path);
	do {
		room += 1 << 20;
		data = realloc(data, room);
		if (data == NULL)
			err(2, "memory");
		*bytes += fread(data + *bytes, 1, room - *bytes, f);
	} while (*bytes == room);
	fclose(f);
	return data;
}

static void *map_file(const char *directory, const char *name, u64 *bytes)
{
	char path[400];
	struct stat st;
	void *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		err(2, "%s", path);
	*bytes = (u64)st.st_size;
	at = *bytes == 0 ? NULL : mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		err(2, "%s", path);
	return at;
}

/* The translation cases of a run in blocks; *bytes of them. */
static u8 *pack(const struct model_params *params, const struct ept_case *ept, size_t *bytes)
{
	static struct ept_case c;
	static union { struct ept_packed packed; u8 room[sizeof(struct ept_packed) + EPT_WRITES * 16]; } one;
	size_t room = 0, used = EPT_BLOCK, start = 0;
	u8 *blocks = NULL;

	for (u64 n = params->first; n < params->first + params->count; n++) {
		u32 size;

		if (ept == NULL)
			ept_generate(params->seed, n, &c);
		else
			c = ept[n - params->first];
		size = ept_pack(&c, &one.packed);
		if (used + size > EPT_BLOCK) {	/* a new block */
			start = room;
			room += EPT_BLOCK;
			blocks = realloc(blocks, room);
			if (blocks == NULL)
				err(2, "memory");
			memset(blocks + start, 0, 8);
			used = 8;
		}
		memcpy(blocks + start + used, &one, size);
		++*(u64 *)(void *)(blocks + start);
		used += size;
	}
	*bytes = room;
	return blocks;
}

static void prepare(const char *build, const char *directory, const struct model_params *given, const struct model_case *cases,
		    const struct ept_case *ept, u64 data_bytes)
{
	char path[400], text[2048];
	struct model_params copy = *given, *params = &copy;
	u32 case_count = cases != NULL ? (u32)given->count : 0;
	size_t runner_bytes, rom_bytes, packed_bytes = 0;
	u8 *packed = given->suite == SUITE_EPT ? pack(given, ept, &packed_bytes) : NULL;
	int bytes;
	u8 *image, *runner, *rom;
	u32 sectors, words[5];

	snprintf(path, sizeof(path), "%s/model/runner.bin", build);
	runner = read_file(path, &runner_bytes);
	snprintf(path, sizeof(path), "%s/oprom.bin", build);
	rom = read_file(path, &rom_bytes);
	sectors = (u32)((runner_bytes + 511) / 512);
	image = calloc(1 + sectors + case_count + packed_bytes / 512, 512);
	if (image == NULL)
		err(2, "memory");
	words[0] = BOOT_MAGIC, words[1] = 1, words[2] = sectors, words[3] = 0, words[4] = 1 + sectors;
	params->cases_sector = cases != NULL || packed != NULL ? 1 + sectors : 0;
	for (u32 i = 0; i < case_count; i++)
		memcpy(image + (1 + sectors + i) * 512, &cases[i], sizeof(cases[i]));
	if (packed != NULL)
		memcpy(image + (1 + sectors) * 512, packed, packed_bytes);
	case_count += (u32)(packed_bytes / 512);
	memcpy(image, words, sizeof(words));
	memcpy(image + MODEL_PARAMS, params, sizeof(*params));
	memcpy(image + 512, runner, runner_bytes);
	write_file(directory, "boot.img", image, (1 + sectors + case_count) * 512u,
		   ((1 + sectors + case_count) * 512u + CYLINDER - 1) / CYLINDER * CYLINDER);
	write_file(directory, "data.img", "", 0, data_bytes);
	write_file(directory, "oprom.bin", rom, rom_bytes, 0);
	bytes = snprintf(text, sizeof(text), configuration, params->suite == SUITE_ENTRY || params->suite == SUITE_INSTRUCTION ? "report" : "ignore");
	write_file(directory, "rc", text, (size_t)bytes, 0);
	write_file(directory, "go", "c\nq\n", 4, 0);
	free(image);
	free(packed);
	free(runner);
	free(rom);
}

static pid_t start(const char *directory)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(directory) != 0)
		_exit(2);
	setsid();
	if (freopen("/dev/null", "r", stdin) == NULL || freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
		_exit(2);
	setenv("TERM", "linux", 1);
	execlp("bochs", "bochs", "-q", "-unlock", "-f", "rc", "-rc", "go", (char *)NULL);
	_exit(2);
}

/* Waits for the end; kills a run whose data disk and log have not changed for a while. */
static void watch(pid_t pid, const char *directory)
{
	struct timespec tick = { 0, 20000000 }, last = { 0, 0 };
	time_t since = time(NULL);
	off_t last_log = 0;
	char data[400], log[400];

	snprintf(data, sizeof(data), "%s/data.img", directory);
	snprintf(log, sizeof(log), "%s/bochs.log", directory);
	while (waitpid(pid, NULL, WNOHANG) != pid) {
		struct stat d, l;

		nanosleep(&tick, NULL);
		if (stat(data, &d) == 0 && stat(log, &l) == 0 &&
		    (d.st_mtim.tv_sec != last.tv_sec || d.st_mtim.tv_nsec != last.tv_nsec || l.st_size != last_log)) {
			last = d.st_mtim;
			last_log = l.st_size;
			since = time(NULL);
		}
		if (time(NULL) - since > STALL_SECONDS) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
	}
}

static u32 record_of(u32 suite)
{
	return suite == SUITE_EPT ? sizeof(struct ept_result) : suite == SUITE_EXIT || suite == SUITE_COUNTER ? sizeof(struct exit_result) : sizeof(struct model_result);
}

static u64 open_results(const struct model_params *params, struct bochs_run *run)
{
	u8 *disk = map_file(run->directory, "data.img", &run->bytes);
	u64 done = 0;

	run->log = map_file(run->directory, "bochs.log", &run->log_bytes);
	run->header = (struct model_header *)(void *)disk;
	run->results = disk + MODEL_RESULTS;
	run->record_bytes = record_of(params->suite);
	run->count = params->count;
	while (done < params->count && *(const u64 *)(const void *)(disk + MODEL_RESULTS + done * run->record_bytes) != 0)
		done++;
	return done;
}

u64 bochs_run(const char *build, const struct model_params *params, const struct model_case *cases, const struct ept_case *ept,
	      struct bochs_run *run)
{
	const char *tmp = getenv("TMPDIR");
	u32 record = record_of(params->suite);
	u64 slots = (params->count + MODEL_BATCH - 1) / MODEL_BATCH * MODEL_BATCH;
	u64 bytes = MODEL_RESULTS + slots * record;
	u64 data_bytes = (bytes + CYLINDER - 1) / CYLINDER * CYLINDER;

	snprintf(run->directory, sizeof(run->directory), "%s/model-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
	if (mkdtemp(run->directory) == NULL)
		err(2, "%s", run->directory);
	prepare(build, run->directory, params, cases, ept, data_bytes);
	watch(start(run->directory), run->directory);
	return open_results(params, run);
}

u64 bochs_reopen(const char *directory, struct model_params *params, struct bochs_run *run)
{
	u64 bytes;
	u8 *boot = map_file(directory, "boot.img", &bytes);

	memcpy(params, boot + MODEL_PARAMS, sizeof(*params));
	munmap(boot, bytes);
	snprintf(run->directory, sizeof(run->directory), "%s", directory);
	return open_results(params, run);
}

void bochs_free(struct bochs_run *run)
{
	static const char *const names[] = { "boot.img", "data.img", "oprom.bin", "rc", "go", "bochs.log", "out", "err", "boot.img.lock", "data.img.lock" };
	char path[400];

	munmap(run->header, run->bytes);
	if (run->log != NULL)
		munmap(run->log, run->log_bytes);
	if (getenv("REPRISE_MODEL_KEEP") != NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", run->directory, names[i]);
		unlink(path);
	}
	rmdir(run->directory);
}
