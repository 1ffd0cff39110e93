/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz/show and fuzz/edit: an input of the exit harness as a story or as text, and text back as an input.
 *
 *   tool text FILE       the steps, one a line
 *   tool story FILE      the steps and what each exit was, up to the first broken rule
 *   tool bytes FILE      text from FILE, the input's bytes to standard output
 *   tool random SEED N   the bytes of N random steps, for measurements
 *   tool loop SECONDS FILE   exits a second
 *   tool check FILE...   text and bytes of each step are the same thing
 *   tool guest FILE      assembly of a guest that does the same; what it cannot do to standard error
 *   tool count FILE...   steps, exits and bytes of inputs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "guest_image.h"
#include "guests.h"
#include "spec/step.h"

static u8 bytes[1 << 20];

static size_t read_all(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t n;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(bytes, 1, sizeof(bytes), file);
	if (file != stdin)
		fclose(file);
	return n;
}

static int show_text(const char *path)
{
	static struct step steps[STEPS_MAX];
	u32 n = steps_decode(bytes, read_all(path), steps, STEPS_MAX);

	for (u32 i = 0; i < n; i++) {
		step_print(stdout, &steps[i]);
		putchar('\n');
	}
	return 0;
}

static int show_story(const char *path)
{
	size_t n = read_all(path);

	setvbuf(stdout, NULL, _IOLBF, 0);
	guests_story(stdout);
	printf("%u exits, no rule is broken\n", guests_run(bytes, n, true));
	return 0;
}

static int write_bytes(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char line[512], why[80];
	bool first = true;
	u32 number = 0;

	if (file == NULL) {
		perror(path);
		return 2;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		struct step step;
		u8 out[STEP_BYTES];
		size_t blank = strspn(line, " \t");

		number++;
		if (line[blank] == '\n' || line[blank] == '\0' || line[blank] == '#')
			continue;
		if (!step_parse(line, &step, why)) {
			fprintf(stderr, "%s:%u: %s\n", path, number, why);
			return 2;
		}
		if (first != (step.code == STEP_MACHINE)) {
			fprintf(stderr, "%s:%u: `machine` comes first, and once\n", path, number);
			return 2;
		}
		fwrite(out, 1, step_encode(&step, first, out), stdout);
		first = false;
	}
	return 0;
}

static u64 random_state;

static u64 random_u64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static int write_random(u64 seed, u32 n)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	for (u32 i = 0; i < n; i++) {
		struct step step = { .code = i == 0 ? STEP_MACHINE : (u8)(1 + (random_u64() >> 20) % (STEP_CODES - 1)) };
		u8 out[STEP_BYTES];

		for (u32 k = 0; k < STEP_OPERANDS; k++)
			step.operand[k] = random_u64() >> 8 * (random_u64() >> 30 & 7);
		fwrite(out, 1, step_encode(&step, i == 0, out), stdout);
	}
	return 0;
}

/* Each step as text and back is the same step. */
static int check(int argc, char **argv)
{
	static struct step steps[STEPS_MAX];
	char line[512], why[80];
	u32 checked = 0;

	for (int i = 0; i < argc; i++) {
		u32 n = steps_decode(bytes, read_all(argv[i]), steps, STEPS_MAX);

		for (u32 k = 0; k < n; k++, checked++) {
			FILE *out = fmemopen(line, sizeof(line), "w");
			struct step again;
			u8 before[STEP_BYTES], after[STEP_BYTES];
			size_t length = step_encode(&steps[k], false, before);

			step_print(out, &steps[k]);
			fclose(out);
			if (!step_parse(line, &again, why) || step_encode(&again, false, after) != length ||
			    memcmp(before, after, length) != 0) {
				fprintf(stderr, "%s: step %u as text and back is another\n", argv[i], k);
				return 1;
			}
		}
	}
	printf("%u steps\n", checked);
	return 0;
}

static int count(int argc, char **argv)
{
	u64 total_exits = 0, total_bytes = 0;

	for (int i = 0; i < argc; i++) {
		size_t n = read_all(argv[i]);

		total_exits += guests_run(bytes, n, true);
		total_bytes += n;
	}
	printf("%d inputs, %llu exits, %llu bytes\n", argc, (unsigned long long)total_exits, (unsigned long long)total_bytes);
	return 0;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The exit harness in a plain loop, step oracle on, without the replay. */
static int loop(double seconds, const char *path)
{
	size_t n = read_all(path);
	double start = seconds_now();
	u64 exits = 0;

	while (seconds_now() - start < seconds)
		for (u32 i = 0; i < 16; i++)
			exits += guests_run(bytes, n, false);
	printf("%.0f\n", (double)exits / (seconds_now() - start));
	return 0;
}

int main(int argc, char **argv)
{
	guests_begin();
	if (argc == 3 && strcmp(argv[1], "text") == 0)
		return show_text(argv[2]);
	if (argc == 3 && strcmp(argv[1], "story") == 0)
		return show_story(argv[2]);
	if (argc == 3 && strcmp(argv[1], "bytes") == 0)
		return write_bytes(argv[2]);
	if (argc == 4 && strcmp(argv[1], "random") == 0)
		return write_random(strtoull(argv[2], NULL, 0), (u32)strtoul(argv[3], NULL, 0));
	if (argc == 4 && strcmp(argv[1], "loop") == 0)
		return loop(atof(argv[2]), argv[3]);
	if (argc >= 3 && strcmp(argv[1], "check") == 0)
		return check(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "guest") == 0) {
		size_t n = read_all(argv[2]);

		return guest_image(bytes, n, stdout, stderr) != 0;
	}
	if (argc >= 3 && strcmp(argv[1], "count") == 0)
		return count(argc - 2, argv + 2);
	fprintf(stderr, "usage: tool text|story|bytes FILE, tool random SEED N, tool count FILE...\n");
	return 2;
}
