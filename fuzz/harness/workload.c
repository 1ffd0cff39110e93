/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `workload`: any text as a workload file (replay/workload.h). What is accepted keeps every rule of reprise(1);
 * what is refused is refused with one message that begins with the file, and with a line that it has; a line in front
 * changes nothing but that number.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "oracle.h"
#include "replay/say.h"
#include "replay/workload.h"
#include "said.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static int file = -1;
static char path[64];

#define RULE(condition, rule) \
	do { if (!(condition)) oracle_fail("an accepted workload: " rule, "reprise(1), WORKLOAD FILE", "VM %u", v); } while (0)

static void check_sha256(const struct file_spec *spec, u32 v)
{
	RULE(spec->path != NULL || spec->sha256 == NULL, "a digest has its file");
	RULE(spec->sha256 == NULL || strspn(spec->sha256, "0123456789abcdefABCDEF") == 64, "a digest has 64 digits");
	RULE(spec->path == NULL || spec->origin != NULL, "a file knows where it was named");
}

static void check_vm(const struct run_spec *run, u32 v)
{
	const struct vm_spec *vm = &run->vm[v];
	size_t length = strnlen(vm->name, sizeof(vm->name));

	RULE(length >= 1 && length < sizeof(vm->name), "a name of 1 to 15 characters");
	for (size_t i = 0; i < length; i++)
		RULE(vm->name[i] > ' ' && vm->name[i] < 0x7f, "a printable name");
	for (u32 other = 0; other < v; other++)
		RULE(strcmp(vm->name, run->vm[other].name) != 0, "names differ");
	RULE(vm->kind == GUEST_KERNEL || vm->kind == GUEST_MULTIBOOT || vm->kind == GUEST_FLAT, "a kind");
	RULE(vm->image.path != NULL, "an image");
	RULE(vm->initrd.path == NULL || vm->kind == GUEST_KERNEL, "an initrd goes with a kernel");
	RULE(vm->module_count == 0 || vm->kind == GUEST_MULTIBOOT, "modules go with multiboot");
	RULE(vm->module_count <= GUEST_MODULES, "8 modules");
	RULE(vm->memory_bytes % 4096 == 0 && vm->memory_bytes >= 1 << 20 && vm->memory_bytes <= 2ull << 30, "memory");
	RULE(vm->cpu <= PLAN_CPU_AVX && vm->weight >= 1 && vm->weight <= 1000, "cpu, weight");
	RULE((vm->intercepts & ~PLAN_INTERCEPT_ALL) == 0 && (vm->flags & ~(PLAN_MAP_4K | PLAN_DIGEST)) == 0, "no unknown bits");
	check_sha256(&vm->image, v);
	check_sha256(&vm->initrd, v);
	for (u32 i = 0; i < vm->module_count; i++)
		check_sha256(&vm->module[i], v);
}

/* The line that a message names; 0: none. */
static long line_of(const char *message)
{
	size_t n = strlen(path);

	if (strncmp(message, path, n) != 0 || message[n] != ':')
		oracle_fail("a message begins with the file", "replay/workload.h", "%.200s", message);
	return isdigit((unsigned char)message[n + 1]) ? strtol(message + n + 1, NULL, 10) : 0;
}

static int read_text(const char *before, const u8 *data, size_t size, struct run_spec *run)
{
	size_t n = strlen(before);

	if (ftruncate(file, 0) != 0 || pwrite(file, before, n, 0) != (ssize_t)n || pwrite(file, data, size, (off_t)n) != (ssize_t)size)
		abort();
	said_reset();
	memset(run, 0, sizeof(*run));
	return workload_read(path, run);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	file = memfd_create("workload", 0);
	if (file < 0)
		abort();
	(void)dup2(file, 100);	/* one name, whatever else is open */
	file = 100;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct run_spec run;
	static char first[SAID_BYTES];
	long line, lines = 1, u;
	int status, again;
	u32 count;

	if (size > 1u << 16)
		return 0;
	for (size_t i = 0; i + 1 < size && data[i] != 0; i++)
		lines += data[i] == '\n' && data[i + 1] != 0;
	status = read_text("", data, size, &run);
	count = said_count;
	memcpy(first, said_first, sizeof(first));
	if (status != 0 && status != STATUS_REFUSED)
		oracle_fail("a workload is read or refused", "replay/workload.h", "status %d", status);
	if (count != (status == 0 ? 0 : 1))
		oracle_fail("one message if a workload is refused, else none", "replay/workload.h", "status %d, %u messages: %.100s", status,
			    count, first);
	line = count == 0 ? 0 : line_of(first);
	if (line > lines)
		oracle_fail("a message names a line of the file", "replay/workload.h", "line %ld of %ld: %.100s", line, lines, first);
	for (u32 v = 0; status == 0 && v < run.vm_count; v++)
		check_vm(&run, v);
	if (status == 0 && (run.vm_count < 1 || run.vm_count > VM_MAX || run.quantum_ticks < GUEST_QUANTUM_MIN ||
			    run.quantum_ticks > GUEST_QUANTUM_MAX || run.clock > PLAN_CLOCK_HOST || run.timeout_seconds < 0))
		oracle_fail("an accepted workload: mode", "reprise(1), WORKLOAD FILE", "%u VMs", run.vm_count);
	guest_free(&run);
	again = read_text("# a line in front\n", data, size, &run);
	guest_free(&run);
	u = again == 0 || said_count == 0 ? 0 : line_of(said_first);
	if (again != status || said_count != count || (line != 0 && u != line + 1))
		oracle_fail("a comment in front moves the line of a message and nothing else", "replay/workload.h",
			    "status %d then %d, line %ld then %ld: %.100s", status, again, line, u, first);
	return 0;
}
