/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that options and workload entries may have, and a guest's defaults. */
#include "guest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool guest_parse_number(const char *text, u64 min, u64 max, u64 *value)
{
	char *end;
	unsigned long long number;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno != 0 || *end != '\0' || number < min || number > max)
		return false;
	*value = number;
	return true;
}

bool guest_parse_size(const char *text, u64 *bytes)
{
	static const char suffixes[] = "KMG";
	char *end;
	const char *suffix;
	unsigned long long number;
	unsigned int shift = 0;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno != 0)
		return false;
	if (*end != '\0') {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (suffix == NULL || end[1] != '\0')
			return false;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (number > UINT64_MAX >> shift)
		return false;
	*bytes = number << shift;
	return true;
}

bool guest_parse_cpu(const char *text, u32 *cpu)
{
	if (strcmp(text, "base") == 0)
		*cpu = PLAN_CPU_BASE;
	else if (strcmp(text, "avx") == 0)
		*cpu = PLAN_CPU_AVX;
	else
		return false;
	return true;
}

bool guest_parse_clock(const char *text, u32 *clock)
{
	if (strcmp(text, "virtual") == 0)
		*clock = PLAN_CLOCK_VIRTUAL;
	else if (strcmp(text, "host") == 0)
		*clock = PLAN_CLOCK_HOST;
	else
		return false;
	return true;
}

bool guest_parse_pace(const char *text, int *pace)
{
	if (strcmp(text, "fast") == 0)
		*pace = PLAN_PACE_FAST;
	else if (strcmp(text, "real") == 0)
		*pace = PLAN_PACE_REAL;
	else
		return false;
	return true;
}

bool guest_parse_intercept(const char *text, u32 *set)
{
	static const struct { const char *name; u32 bits; } names[] = {
		{ "all", PLAN_INTERCEPT_ALL },
		{ "exceptions", PLAN_INTERCEPT_EXCEPTIONS },
		{ "rdtsc", PLAN_INTERCEPT_RDTSC },
		{ "cr3", PLAN_INTERCEPT_CR3 },
		{ "invlpg", PLAN_INTERCEPT_INVLPG },
		{ "pause", PLAN_INTERCEPT_PAUSE },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i].name) == 0) {
			*set |= names[i].bits;
			return true;
		}
	}
	return false;
}

bool guest_parse_name(const char *text, char name[PLAN_NAME_BYTES])
{
	size_t length = strlen(text);

	if (length == 0 || length >= PLAN_NAME_BYTES)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isgraph((unsigned char)text[i]) || (text[i] & 0x80))
			return false;
	memset(name, 0, PLAN_NAME_BYTES);
	memcpy(name, text, length);
	return true;
}

bool guest_parse_console(const char *text)
{
	const char *port;
	u64 number;

	if (strcmp(text, "stdio") == 0)
		return true;
	if (strncmp(text, "file:", 5) == 0)
		return text[5] != '\0';
	if (strncmp(text, "tcp:", 4) != 0)
		return false;
	port = strrchr(text, ':') + 1;
	return guest_parse_number(port, 1, 65535, &number);
}

bool guest_parse_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

bool guest_parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && *end == '\0' && *seconds > 0 && *seconds < 1e9;
}

bool guest_memory_good(u64 bytes)
{
	return bytes % PAGE_BYTES == 0 && bytes >= GUEST_MEMORY_MIN && bytes <= GUEST_MEMORY_MAX;
}

void guest_defaults(struct vm_spec *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->memory_bytes = GUEST_MEMORY_DEFAULT;
	vm->weight = GUEST_WEIGHT_DEFAULT;
	vm->cpu = PLAN_CPU_BASE;
}

static void file_free(struct file_spec *file)
{
	free(file->path);
	free(file->cmdline);
	free(file->sha256);
	free(file->origin);
}

void guest_free(struct run_spec *run)
{
	for (u32 i = 0; i < run->vm_count; i++) {
		struct vm_spec *vm = &run->vm[i];

		file_free(&vm->image);
		file_free(&vm->initrd);
		for (u32 m = 0; m < vm->module_count; m++)
			file_free(&vm->module[m]);
		free(vm->append);
		free(vm->console);
		free(vm->origin);
	}
	free(run->iso);
	free(run->report);
	free(run->gdb);
	free(run->record);
	free(run->script);
	free(run->journal);
	free(run->output);
	memset(run, 0, sizeof(*run));
}
