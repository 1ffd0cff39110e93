/* SPDX-License-Identifier: BSD-2-Clause */
/* The workload file's keys, and the checks of each value while its line is known (libconfuse). */
#include "workload_grammar.h"

#include "guest.h"
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct workload_reading workload_reading;

static void complain(cfg_t *cfg, const char *format, va_list args)
{
	char *text = NULL;

	if (workload_reading.failed)
		return;
	workload_reading.failed = true;
	if (cfg->line > workload_reading.lines) {
		say("%s:%d: the file ends inside a vm { ... } or a value", workload_reading.path,
		    workload_reading.lines);
		return;
	}
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	say("%s:%d: %s", workload_reading.path, cfg->line, text ? text : format);
	free(text);
}

char *workload_resolve(const char *path)
{
	return path[0] == '/' ? say_format("%s", path) : say_format("%s/%s", workload_reading.directory, path);
}

static int check_path(cfg_t *cfg, const char *path)
{
	char *real = workload_resolve(path);
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
	char *path = say_format("%s", cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1));
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

cfg_t *workload_grammar(void)
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
	static cfg_opt_t options[] = { CFG_STR("clock", "virtual", CFGF_NONE),
				       CFG_STR("pace", NULL, CFGF_NODEFAULT),
				       CFG_STR("timeout", NULL, CFGF_NODEFAULT),
				       CFG_STR("seed", NULL, CFGF_NODEFAULT),
				       CFG_INT("quantum", GUEST_QUANTUM_DEFAULT, CFGF_NONE),
				       CFG_SEC("vm", vm_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
				       CFG_INT(WORKLOAD_END_KEY, 0, CFGF_NONE),
				       CFG_END() };
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
