/* SPDX-License-Identifier: BSD-2-Clause */
/* The workload file: one or more VMs and how to run them (libconfuse). */
#include "workload.h"

#include "file.h"
#include "say.h"

#include <confuse.h>
#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set on a last line that we add: it is read at the top level only if everything before it is closed. */
#define END_KEY "end-of-file"
#define FILE_MAX (1u << 20)

/* libconfuse's callbacks take no context. */
static struct {
	const char *path;
	const char *directory;
	int lines;		/* of the file itself, without the last line that we add */
	bool failed;		/* one message is enough */
} reading;

static void complain(cfg_t *cfg, const char *format, va_list args)
{
	char *text = NULL;

	if (reading.failed)
		return;
	reading.failed = true;
	if (cfg->line > reading.lines) {
		say("%s:%d: the file ends inside a vm { ... } or a value", reading.path, reading.lines);
		return;
	}
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	say("%s:%d: %s", reading.path, cfg->line, text ? text : format);
	free(text);
}

static char *copy(const char *text)
{
	return text ? say_format("%s", text) : NULL;
}

/* A path of the file, relative to the workload's directory. */
static char *resolve(const char *path)
{
	return path[0] == '/' ? copy(path) : say_format("%s/%s", reading.directory, path);
}

static int check_path(cfg_t *cfg, const char *path)
{
	char *real = resolve(path);
	int error = access(real, R_OK) == 0 ? 0 : errno;

	if (error != 0)
		cfg_error(cfg, "%s: %s", real, strerror(error));
	free(real);
	return error ? -1 : 0;
}

static int check_file(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_path(cfg, cfg_opt_getnstr(opt, 0));
}

static int check_module(cfg_t *cfg, cfg_opt_t *opt)
{
	char *path = copy(cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1));
	int bad;

	path[strcspn(path, ":")] = '\0';
	bad = check_path(cfg, path);
	free(path);
	return bad;
}

/* The value that was just read, against guest.h's parsers. */
static int check_text(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_name(opt);
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	double seconds;
	u64 bytes;
	u32 word = 0;
	int pace;
	bool good = true;

	if (strcmp(name, "memory") == 0)
		good = guest_parse_size(text, &bytes) && guest_memory_good(bytes);
	else if (strcmp(name, "cpu") == 0)
		good = guest_parse_cpu(text, &word);
	else if (strcmp(name, "clock") == 0)
		good = guest_parse_clock(text, &word);
	else if (strcmp(name, "pace") == 0)
		good = guest_parse_pace(text, &pace);
	else if (strcmp(name, "intercept") == 0)
		good = guest_parse_intercept(text, &word);
	else if (strcmp(name, "console") == 0)
		good = guest_parse_console(text);
	else if (strcmp(name, "timeout") == 0)
		good = guest_parse_seconds(text, &seconds);
	else if (strcmp(name, "seed") == 0)
		good = guest_parse_number(text, 0, UINT64_MAX, &bytes);
	else
		good = guest_parse_sha256(text);
	if (!good)
		cfg_error(cfg, "'%s' is no possible value for '%s'", text, name);
	return good ? 0 : -1;
}

static int check_number(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_name(opt);
	long value = cfg_opt_getnint(opt, 0);
	long min = 0, max = UINT32_MAX;

	if (strcmp(name, "weight") == 0) {
		min = 1;
		max = GUEST_WEIGHT_MAX;
	} else if (strcmp(name, "quantum") == 0) {
		min = GUEST_QUANTUM_MIN;
		max = GUEST_QUANTUM_MAX;
	}
	if (value >= min && value <= max)
		return 0;
	cfg_error(cfg, "%ld is no possible value for '%s' (%ld to %ld)", value, name, min, max);
	return -1;
}

static int check_vm(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *vm = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	char name[PLAN_NAME_BYTES];
	int kinds = (cfg_getstr(vm, "kernel") != NULL) + (cfg_getstr(vm, "multiboot") != NULL) +
		    (cfg_getstr(vm, "flat") != NULL);
	const char *problem = NULL;

	if (!guest_parse_name(cfg_title(vm), name))
		problem = "its name needs 1 to 15 printable characters without spaces";
	else if (cfg_opt_size(opt) > VM_MAX)
		problem = "more than 8 VMs";
	else if (kinds != 1)
		problem = "give one of kernel, multiboot and flat";
	else if (cfg_getstr(vm, "initrd") != NULL && cfg_getstr(vm, "kernel") == NULL)
		problem = "initrd goes with kernel";
	else if (cfg_size(vm, "modules") > 0 && cfg_getstr(vm, "multiboot") == NULL)
		problem = "modules go with multiboot";
	else if (cfg_size(vm, "modules") > GUEST_MODULES)
		problem = "more than 8 modules";
	else if (cfg_size(vm, "modules-sha256") > cfg_size(vm, "modules"))
		problem = "more modules-sha256 than modules";
	if (problem == NULL)
		return 0;
	cfg_error(cfg, "vm \"%s\": %s", cfg_title(vm), problem);
	return -1;
}

static void file_take(struct file_spec *file, const char *path, const char *sha256)
{
	if (path == NULL)
		return;
	file->path = resolve(path);
	file->sha256 = copy(sha256);
	file->origin = say_format("%s: ", reading.path);
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
	file_take(module, text, index < cfg_size(cfg, "modules-sha256") ? cfg_getnstr(cfg, "modules-sha256", index) : NULL);
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

static cfg_t *grammar(void)
{
	static cfg_opt_t vm_options[] = {
		CFG_STR("kernel", NULL, CFGF_NODEFAULT), CFG_STR("kernel-sha256", NULL, CFGF_NODEFAULT),
		CFG_STR("initrd", NULL, CFGF_NODEFAULT), CFG_STR("initrd-sha256", NULL, CFGF_NODEFAULT),
		CFG_STR("multiboot", NULL, CFGF_NODEFAULT), CFG_STR("multiboot-sha256", NULL, CFGF_NODEFAULT),
		CFG_STR("flat", NULL, CFGF_NODEFAULT), CFG_STR("flat-sha256", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("modules", NULL, CFGF_NODEFAULT), CFG_STR_LIST("modules-sha256", NULL, CFGF_NODEFAULT),
		CFG_STR("append", NULL, CFGF_NODEFAULT), CFG_STR("console", NULL, CFGF_NODEFAULT),
		CFG_STR("memory", "128M", CFGF_NONE), CFG_STR("cpu", "base", CFGF_NONE),
		CFG_STR_LIST("intercept", NULL, CFGF_NODEFAULT), CFG_INT("weight", GUEST_WEIGHT_DEFAULT, CFGF_NONE),
		CFG_BOOL("map-4k", cfg_false, CFGF_NONE), CFG_BOOL("digest", cfg_false, CFGF_NONE),
		CFG_STR("seed", NULL, CFGF_NODEFAULT), CFG_INT("rtc", -1, CFGF_NONE), CFG_END()
	};
	static cfg_opt_t options[] = {
		CFG_STR("clock", "virtual", CFGF_NONE), CFG_STR("pace", NULL, CFGF_NODEFAULT),
		CFG_STR("timeout", NULL, CFGF_NODEFAULT), CFG_STR("seed", NULL, CFGF_NODEFAULT),
		CFG_INT("quantum", GUEST_QUANTUM_DEFAULT, CFGF_NONE),
		CFG_SEC("vm", vm_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES), CFG_INT(END_KEY, 0, CFGF_NONE), CFG_END()
	};
	static const char *const files[] = { "vm|kernel", "vm|initrd", "vm|multiboot", "vm|flat" };
	static const char *const texts[] = {
		"vm|memory", "vm|cpu", "vm|intercept", "vm|console", "vm|seed", "vm|kernel-sha256", "vm|initrd-sha256",
		"vm|multiboot-sha256", "vm|flat-sha256", "vm|modules-sha256", "clock", "pace", "timeout", "seed"
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (cfg == NULL)
		exit(say_fail(STATUS_FAILED, "libconfuse cannot start"));
	cfg_set_error_function(cfg, complain);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cfg_set_validate_func(cfg, files[i], check_file);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cfg_set_validate_func(cfg, texts[i], check_text);
	cfg_set_validate_func(cfg, "vm|modules", check_module);
	cfg_set_validate_func(cfg, "vm|weight", check_number);
	cfg_set_validate_func(cfg, "vm|rtc", check_number);
	cfg_set_validate_func(cfg, "quantum", check_number);
	cfg_set_validate_func(cfg, "vm", check_vm);
	return cfg;
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
	cfg_t *cfg = grammar();
	char *whole;
	int result;

	reading.lines = comments_blank(text);
	whole = say_format("%s\n" END_KEY " = 1\n", text);
	result = cfg_parse_buf(cfg, whole);
	if (result == CFG_SUCCESS && !reading.failed && cfg_getint(cfg, END_KEY) != 1)
		say("%s:%d: the file ends inside a vm { ... } or a value", reading.path, reading.lines);
	else if (result == CFG_SUCCESS && !reading.failed && cfg_size(cfg, "vm") == 0)
		say("%s: it describes no VM (vm \"NAME\" { ... })", reading.path);
	else if (result == CFG_SUCCESS && !reading.failed)
		run_take(run, cfg);
	else if (!reading.failed)
		say("%s:%d: syntax error", reading.path, cfg->line);
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
		reading.path = path;
		reading.directory = dirname(parent);
		reading.failed = false;
		parse(&file, run);
		free(file.data);
		status = run->vm_count > 0 ? 0 : STATUS_REFUSED;
	}
	free(parent);
	free(spec.path);
	return status;
}
