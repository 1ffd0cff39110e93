/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main for a harness that was compiled with -fsanitize-coverage=trace-pc-guard: PATH-BINARY FILE|-... runs each input three
 * times in one process and compares how often each edge was taken. The same input must always take the same path: an edge
 * that differs is state that one run left to the next, or memory that nobody wrote. Prints "INPUT ADDRESS" for the first
 * edges that differ (addr2line says where they are), then "N of M inputs are unstable". `-`: file names on standard input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "types.h"

#define QUIET __attribute__((no_sanitize("coverage")))
#define EDGES 65536u
#define RUNS 3u
#define TOLD 4u		/* edges of one input */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
void __sanitizer_cov_trace_pc_guard_init(u32 *from, u32 *to);
void __sanitizer_cov_trace_pc_guard(u32 *guard);

static u32 edges, taken[EDGES], before[EDGES];
static void *place[EDGES];
static bool told[EDGES];
static u8 bytes[1 << 20];

QUIET void __sanitizer_cov_trace_pc_guard_init(u32 *from, u32 *to)
{
	for (; from < to && *from == 0 && edges < EDGES; from++)
		*from = ++edges;
}

QUIET void __sanitizer_cov_trace_pc_guard(u32 *guard)
{
	if (*guard == 0 || *guard >= EDGES)
		return;
	taken[*guard]++;
	place[*guard] = __builtin_return_address(0);
}

QUIET static void run(size_t size)
{
	u8 *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, size);
	memset(taken, 0, sizeof(taken));
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* True if a run differs from the first. */
QUIET static bool unstable(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size;
	bool differs = false;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	run(size);
	memcpy(before, taken, sizeof(before));
	for (u32 k = 1; k < RUNS && !differs; k++) {
		u32 shown = 0;

		run(size);
		differs = memcmp(before, taken, sizeof(before)) != 0;
		for (u32 e = 1; e < EDGES && differs && shown < TOLD; e++) {
			if (before[e] == taken[e] || told[e])
				continue;
			told[e] = true;
			shown++;
			printf("%s %p\n", path, place[e]);
		}
	}
	return differs;
}

QUIET int main(int argc, char **argv)
{
	char line[4096];
	u32 inputs = 0, bad = 0;

	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-") != 0) {
			inputs++;
			bad += unstable(argv[i]);
			continue;
		}
		while (fgets(line, sizeof(line), stdin) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			inputs++;
			bad += unstable(line);
		}
	}
	printf("%u of %u inputs are unstable\n", bad, inputs);
	return inputs == 0 ? 2 : bad != 0;
}
