/* SPDX-License-Identifier: BSD-2-Clause */
/* The workload file: one or more VMs and how to run them (libconfuse). */
#include "workload.h"

#include "file.h"
#include "say.h"
#include "workload_grammar.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)

static char *copy(const char *text)
{
	return text ? say_format("%s", text) : NULL;
}

static void file_take(struct file_spec *file, const char *path, const char *sha256)
{
	if (path == NULL)
		return;
	file->path = workload_resolve(path);
	file->sha256 = copy(sha256);
	file->origin = say_format("%s: ", workload_reading.path);
}

static void module_take(struct vm_spec *vm, cfg_t *cfg, unsigned int index)
{
	struct file_spec *module = &vm->module[index];
	char *text = copy(cfg_getnstr(cfg, "modules", index));
	char *colon = strchr(text, ':');

	if (colon != NULL) {
		*colon = '\0';
		module->cmdline = copy(colon + 1);
	}
	file_take(module, text,
		  index < cfg_size(cfg, "modules-sha256") ? cfg_getnstr(cfg, "modules-sha256", index) : NULL);
	free(text);
}

static void vm_take(struct vm_spec *vm, cfg_t *cfg)
{
	static const char *const kind_names[] = { "", "kernel", "multiboot", "flat" };

	guest_defaults(vm);
	guest_parse_name(cfg_title(cfg), vm->name);
	for (int kind = GUEST_KERNEL; kind <= GUEST_FLAT; kind++) {
		if (cfg_getstr(cfg, kind_names[kind]) != NULL) {
			char *key = say_format("%s-sha256", kind_names[kind]);

			vm->kind = (enum guest_kind)kind;
			file_take(&vm->image, cfg_getstr(cfg, kind_names[kind]), cfg_getstr(cfg, key));
			free(key);
		}
	}
	file_take(&vm->initrd, cfg_getstr(cfg, "initrd"), cfg_getstr(cfg, "initrd-sha256"));
	vm->module_count = cfg_size(cfg, "modules");
	for (unsigned int i = 0; i < vm->module_count; i++)
		module_take(vm, cfg, i);
	vm->append = copy(cfg_getstr(cfg, "append"));
	vm->console = copy(cfg_getstr(cfg, "console"));
	guest_parse_size(cfg_getstr(cfg, "memory"), &vm->memory_bytes);
	guest_parse_cpu(cfg_getstr(cfg, "cpu"), &vm->cpu);
	vm->weight = (u32)cfg_getint(cfg, "weight");
	for (unsigned int i = 0; i < cfg_size(cfg, "intercept"); i++)
		guest_parse_intercept(cfg_getnstr(cfg, "intercept", i), &vm->intercepts);
	vm->flags = (cfg_getbool(cfg, "map-4k") ? PLAN_MAP_4K : 0) | (cfg_getbool(cfg, "digest") ? PLAN_DIGEST : 0);
	vm->seeded = cfg_getstr(cfg, "seed") != NULL &&
		     guest_parse_number(cfg_getstr(cfg, "seed"), 0, UINT64_MAX, &vm->seed);
	vm->rtc_given = cfg_getint(cfg, "rtc") >= 0;
	vm->rtc_seconds = vm->rtc_given ? (u64)cfg_getint(cfg, "rtc") : 0;
}

static void run_take(struct run_spec *run, cfg_t *cfg)
{
	const char *seed = cfg_getstr(cfg, "seed");

	run->vm_count = cfg_size(cfg, "vm");
	for (u32 i = 0; i < run->vm_count; i++)
		vm_take(&run->vm[i], cfg_getnsec(cfg, "vm", i));
	guest_parse_clock(cfg_getstr(cfg, "clock"), &run->clock);
	if (cfg_getstr(cfg, "pace") != NULL)
		guest_parse_pace(cfg_getstr(cfg, "pace"), &run->pace);
	if (cfg_getstr(cfg, "timeout") != NULL)
		guest_parse_seconds(cfg_getstr(cfg, "timeout"), &run->timeout_seconds);
	run->quantum_ticks = (u64)cfg_getint(cfg, "quantum");
	run->seeded = seed != NULL && guest_parse_number(seed, 0, UINT64_MAX, &run->seed);
}

/* Blanks the comments, because libconfuse 3.3 counts their lines wrongly; newlines and strings stay. Returns how many
 * lines there are. */
static int comments_blank(char *text)
{
	char quote = '\0';	/* inside a string */
	char comment = '\0';	/* inside a comment: '#' ends with the line, '*' with its mark */
	int lines = 1;

	for (char *at = text; *at != '\0'; at++) {
		lines += *at == '\n' && at[1] != '\0';
		if (comment == '*' && at[0] == '*' && at[1] == '/') {
			comment = '\0';
			at[0] = at[1] = ' ';
		} else if (comment == '#' && *at == '\n') {
			comment = '\0';
		} else if (comment != '\0') {
			*at = *at == '\n' ? '\n' : ' ';
		} else if (quote != '\0') {
			if (*at == '\\' && at[1] != '\0' && at[1] != '\n')
				at++;
			else if (*at == quote)
				quote = '\0';
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'))) {
			comment = at[1] == '*' && *at == '/' ? '*' : '#';
			*at = ' ';
			if (comment == '*')
				*++at = ' ';
		}
	}
	return lines;
}

static void parse(const struct bytes *file, struct run_spec *run)
{
	char *text = say_format("%.*s", (int)file->count, (const char *)file->data);
	cfg_t *cfg = workload_grammar();
	char *whole;
	int result;

	workload_reading.lines = comments_blank(text);
	whole = say_format("%s\n" WORKLOAD_END_KEY " = 1\n", text);
	result = cfg_parse_buf(cfg, whole);
	if (result == CFG_SUCCESS && !workload_reading.failed && cfg_getint(cfg, WORKLOAD_END_KEY) != 1)
		say("%s:%d: the file ends inside a vm { ... } or a value", workload_reading.path,
		    workload_reading.lines);
	else if (result == CFG_SUCCESS && !workload_reading.failed && cfg_size(cfg, "vm") == 0)
		say("%s: it describes no VM (vm \"NAME\" { ... })", workload_reading.path);
	else if (result == CFG_SUCCESS && !workload_reading.failed)
		run_take(run, cfg);
	else if (!workload_reading.failed)
		say("%s:%d: syntax error", workload_reading.path, cfg->line);
	cfg_free(cfg);
	free(text);
	free(whole);
}

int workload_read(const char *path, struct run_spec *run)
{
	struct file_spec spec = { .path = copy(path) };
	char *parent = copy(path);
	struct bytes file;
	int status = file_read(&spec, FILE_MAX, &file);

	if (status == 0) {
		workload_reading.path = path;
		workload_reading.directory = dirname(parent);
		workload_reading.failed = false;
		parse(&file, run);
		free(file.data);
		status = run->vm_count > 0 ? 0 : STATUS_REFUSED;
	}
	free(parent);
	free(spec.path);
	return status;
}
