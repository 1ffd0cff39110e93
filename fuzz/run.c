/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plain main for a harness: HARNESS [--seconds N] FILE|DIR...
 *
 * Runs each input once, in the order of their names; with --seconds over and over for that long. Prints the number of
 * inputs and, with --seconds, how many there were a second. A crash names its input on the way down.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "types.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

struct input {
	char *name;
	u8 *bytes;
	size_t size;
};

static struct input *inputs;
static size_t count;
static volatile const char *running = "nothing";

static void on_crash(int number)
{
	static const char text[] = "fuzz: input ";

	(void)!write(2, text, sizeof(text) - 1);
	(void)!write(2, (const char *)running, strlen((const char *)running));
	(void)!write(2, "\n", 1);
	signal(number, SIG_DFL);
	raise(number);
}

_Noreturn static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void add_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct input *input;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		die(path);
	rewind(file);
	inputs = realloc(inputs, (count + 1) * sizeof(*inputs));
	if (inputs == NULL)
		die("memory");
	input = &inputs[count++];
	input->name = strdup(path);
	input->size = (size_t)size;
	input->bytes = malloc(input->size + 1);
	if (input->bytes == NULL || fread(input->bytes, 1, input->size, file) != input->size)
		die(path);
	fclose(file);
}

static void add(const char *path)
{
	struct stat status;
	struct dirent **names;
	char full[4096];
	int n;

	if (stat(path, &status) != 0)
		die(path);
	if (!S_ISDIR(status.st_mode)) {
		add_file(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name);
			add(full);
		}
		free(names[i]);
	}
	free(names);
}

static void run_all(void)
{
	for (size_t i = 0; i < count; i++) {
		u8 *copy = malloc(inputs[i].size);	/* of its own, so that a sanitizer sees its end */

		running = inputs[i].name;
		if (copy == NULL && inputs[i].size != 0)
			die("memory");
		memcpy(copy, inputs[i].bytes, inputs[i].size);
		(void)LLVMFuzzerTestOneInput(copy, inputs[i].size);
		free(copy);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double seconds = 0, start;
	size_t runs = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = atof(argv[++i]);
		else
			add(argv[i]);
	}
	if (count == 0) {
		fprintf(stderr, "usage: %s [--seconds N] FILE|DIR...\n", argv[0]);
		return 2;
	}
	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	start = now();
	do {
		run_all();
		runs += count;
	} while (now() - start < seconds);
	if (seconds > 0)
		printf("%zu inputs, %.0f a second\n", runs, (double)runs / (now() - start));
	else
		printf("%zu inputs\n", runs);
	return 0;
}
