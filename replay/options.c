/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `reprise run` (argp). */
#include "options.h"

#include "say.h"
#include "workload.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_key {
	OPT_KERNEL = 0x100,
	OPT_INITRD,
	OPT_APPEND,
	OPT_MULTIBOOT,
	OPT_MODULE,
	OPT_FLAT,
	OPT_MEMORY,
	OPT_CPU,
	OPT_WORKLOAD,
	OPT_CONSOLE,
	OPT_TIMEOUT,
	OPT_ISO,
	OPT_PACE,
	OPT_CLOCK,
	OPT_SEED,
	OPT_QUANTUM,
	OPT_WEIGHT,
	OPT_NAME,
	OPT_INTERCEPT,
	OPT_MAP_4K,
	OPT_DIGEST,
	OPT_REPORT,
	OPT_KEEP,
	OPT_RTC,
	OPT_IPS,
	OPT_SCRIPT,
	OPT_GDB,
	OPT_JOURNAL_SIZE
};

#define JOURNAL_DEFAULT (64ull << 20)
#define JOURNAL_MIN (4ull << 10)
#define JOURNAL_MAX (8ull << 30)

static const struct argp_option record_table[] = {
	{ NULL, 0, NULL, 0, "Recording:", 0 },
	{ "output", 'o', "FILE.rpl", 0, "the recording to make", 0 },
	{ "journal-size", OPT_JOURNAL_SIZE, "SIZE", 0, "room for the journals (default 64M)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "What to run:", 1 },
	{ "kernel", OPT_KERNEL, "FILE", 0, "a Linux bzImage, or an ELF that starts by Linux's boot protocol", 0 },
	{ "initrd", OPT_INITRD, "FILE", 0, "initial RAM disk for --kernel", 0 },
	{ "append", OPT_APPEND, "STRING", 0, "kernel command line; '+STRING' adds to the default one, or adds to it after a +", 0 },
	{ "multiboot", OPT_MULTIBOOT, "FILE", 0, "a multiboot (version 1) kernel", 0 },
	{ "module", OPT_MODULE, "FILE[:ARGS]", 0, "a multiboot module; may be repeated", 0 },
	{ "flat", OPT_FLAT, "FILE", 0, "a flat image, started in real mode at 0:7C00H as a boot sector is", 0 },
	{ "workload", OPT_WORKLOAD, "FILE", 0, "one or more VMs described in a file, see reprise(1)", 0 },
	{ NULL, 0, NULL, 0, "The virtual machine:", 2 },
	{ "memory", OPT_MEMORY, "SIZE", 0, "RAM, with suffix K, M or G (default 128M)", 0 },
	{ "cpu", OPT_CPU, "base|avx", 0, "what CPUID offers (default base)", 0 },
	{ "console", OPT_CONSOLE, "WHERE", 0, "stdio, file:PATH or tcp:[HOST:]PORT (default stdio)", 0 },
	{ "name", OPT_NAME, "NAME", 0, "the VM's name in messages (default vm0)", 0 },
	{ "weight", OPT_WEIGHT, "N", 0, "its share of the CPU, 1 to 1000 (default 100)", 0 },
	{ "rtc", OPT_RTC, "SECONDS", 0, "its clock at the start, since 1970 UTC (default now; fixed by --seed)", 0 },
	{ NULL, 0, NULL, 0, "Time:", 3 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "stop after so much host time (exit status 124)", 0 },
	{ "pace", OPT_PACE, "real|fast", 0, "idle guests wait for host time, or jump (default real on a terminal)", 0 },
	{ "clock", OPT_CLOCK, "virtual|host", 0, "count instructions, or follow the host (default virtual)", 0 },
	{ "seed", OPT_SEED, "N", 0, "entropy, and when input comes, from this number: the same number, the same run", 0 },
	{ "script", OPT_SCRIPT, "FILE", 0, "with --seed: what is typed on the consoles; the seed decides when", 0 },
	{ "quantum", OPT_QUANTUM, "N", 0, "ticks between two moments when a VM may be stopped (default 5000000)", 0 },
	{ "ips", OPT_IPS, "N", 0, "instructions per emulated second that Bochs assumes (default 4000000)", 0 },
	{ NULL, 0, NULL, 0, "For tests:", 4 },
	{ "intercept", OPT_INTERCEPT, "LIST", 0, "further exits: all, exceptions, rdtsc, cr3, invlpg, pause", 0 },
	{ "map-4k", OPT_MAP_4K, NULL, 0, "map guest RAM in 4 KiB pages only", 0 },
	{ "digest", OPT_DIGEST, NULL, 0, "report a digest of the guest's RAM at its end", 0 },
	{ "report", OPT_REPORT, "FILE", 0, "write every report of the hypervisor to FILE, as JSON", 0 },
	{ "keep", OPT_KEEP, NULL, 0, "keep the temporary directory and say where it is", 0 },
	{ NULL, 0, NULL, 0, "Other:", 5 },
	{ "iso", OPT_ISO, "FILE", 0, "run nothing: write a bootable CD image of the same guests", 0 },
	{ "gdb", OPT_GDB, "[HOST:]PORT", OPTION_ARG_OPTIONAL, "under gdb, or serve one there", 0 },
	{ "verbose", 'v', NULL, 0, "say more about what happens", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

/* The parser's state: `vm_option` is the first option that describes the VM of the command line. */
struct parse {
	struct run_spec *run;
	struct vm_spec vm;
	const char *workload;
	const char *vm_option;
	bool has_clock, has_pace, has_quantum, has_timeout;
};

static const char *option_name(int key)
{
	for (size_t i = 0; i < sizeof(option_table) / sizeof(option_table[0]); i++)
		if (option_table[i].key == key && option_table[i].name != NULL)
			return option_table[i].name;
	return "?";
}

static char *copy(const char *text)
{
	return say_format("%s", text);
}

static void kind_set(struct parse *parse, struct argp_state *state, enum guest_kind kind, const char *path)
{
	if (parse->vm.kind != GUEST_NONE)
		argp_error(state, "give only one of --kernel, --multiboot and --flat, and that once");
	parse->vm.kind = kind;
	parse->vm.image.path = copy(path);
}

static void module_add(struct parse *parse, struct argp_state *state, const char *text)
{
	struct file_spec *module = &parse->vm.module[parse->vm.module_count];
	const char *colon = strchr(text, ':');

	if (parse->vm.module_count == GUEST_MODULES)
		argp_error(state, "more than %d modules", GUEST_MODULES);
	module->path = copy(text);
	if (colon != NULL) {
		module->path[colon - text] = '\0';
		module->cmdline = copy(colon + 1);
	}
	parse->vm.module_count++;
}

static bool intercept_list(const char *list, u32 *set)
{
	char *text = copy(list);
	char *rest = text;
	char *word;
	bool good = true;

	while (good && (word = strsep(&rest, ",")) != NULL)
		good = guest_parse_intercept(word, set);
	free(text);
	return good;
}

/* Options of the one VM that the command line describes. False: not one of them. */
static bool parse_vm(struct parse *parse, int key, char *arg, struct argp_state *state, bool *good)
{
	struct vm_spec *vm = &parse->vm;
	u64 number = 0;

	switch (key) {
	case OPT_KERNEL:
		kind_set(parse, state, GUEST_KERNEL, arg);
		break;
	case OPT_MULTIBOOT:
		kind_set(parse, state, GUEST_MULTIBOOT, arg);
		break;
	case OPT_FLAT:
		kind_set(parse, state, GUEST_FLAT, arg);
		break;
	case OPT_INITRD:
		vm->initrd.path = copy(arg);
		break;
	case OPT_APPEND:
		vm->append = copy(arg);
		break;
	case OPT_MODULE:
		module_add(parse, state, arg);
		break;
	case OPT_MEMORY:
		*good = guest_parse_size(arg, &vm->memory_bytes);
		break;
	case OPT_CPU:
		*good = guest_parse_cpu(arg, &vm->cpu);
		break;
	case OPT_CONSOLE:
		*good = guest_parse_console(arg);
		vm->console = copy(arg);
		break;
	case OPT_NAME:
		*good = guest_parse_name(arg, vm->name);
		break;
	case OPT_WEIGHT:
		*good = guest_parse_number(arg, 1, GUEST_WEIGHT_MAX, &number);
		vm->weight = (u32)number;
		break;
	case OPT_RTC:
		*good = guest_parse_number(arg, 0, UINT32_MAX, &vm->rtc_seconds);
		vm->rtc_given = true;
		break;
	case OPT_INTERCEPT:
		*good = intercept_list(arg, &vm->intercepts);
		break;
	case OPT_MAP_4K:
		vm->flags |= PLAN_MAP_4K;
		break;
	case OPT_DIGEST:
		vm->flags |= PLAN_DIGEST;
		break;
	default:
		return false;
	}
	if (parse->vm_option == NULL)
		parse->vm_option = option_name(key);
	return true;
}

static bool parse_run(struct parse *parse, int key, char *arg, bool *good)
{
	struct run_spec *run = parse->run;

	switch (key) {
	case OPT_WORKLOAD:
		parse->workload = arg;
		break;
	case OPT_TIMEOUT:
		*good = guest_parse_seconds(arg, &run->timeout_seconds);
		parse->has_timeout = true;
		break;
	case OPT_PACE:
		*good = guest_parse_pace(arg, &run->pace);
		parse->has_pace = true;
		break;
	case OPT_CLOCK:
		*good = guest_parse_clock(arg, &run->clock);
		parse->has_clock = true;
		break;
	case OPT_SEED:
		*good = guest_parse_number(arg, 0, UINT64_MAX, &run->seed);
		run->seeded = true;
		break;
	case OPT_SCRIPT:
		free(run->script);
		run->script = copy(arg);
		break;
	case OPT_QUANTUM:
		*good = guest_parse_number(arg, GUEST_QUANTUM_MIN, GUEST_QUANTUM_MAX, &run->quantum_ticks);
		parse->has_quantum = true;
		break;
	case OPT_IPS:
		*good = guest_parse_number(arg, 1000000, 1000000000, &run->ips);
		break;
	case OPT_GDB:
		run->gdb = copy(arg == NULL ? "" : arg);
		break;
	case OPT_REPORT:
		run->report = copy(arg);
		break;
	case OPT_ISO:
		run->iso = copy(arg);
		break;
	case OPT_KEEP:
		run->keep = true;
		break;
	case 'v':
		run->verbose = true;
		break;
	default:
		return false;
	}
	return true;
}

static void check_together(const struct parse *parse, struct argp_state *state)
{
	const struct vm_spec *vm = &parse->vm;

	if (parse->workload != NULL && parse->vm_option != NULL)
		argp_error(state, "--%s describes a VM, but --workload does that already", parse->vm_option);
	if (parse->workload != NULL)
		return;
	if (vm->kind == GUEST_NONE)
		argp_error(state, "nothing to run: give --kernel, --multiboot, --flat or --workload");
	if (vm->initrd.path != NULL && vm->kind != GUEST_KERNEL)
		argp_error(state, "--initrd goes with --kernel");
	if (vm->module_count > 0 && vm->kind != GUEST_MULTIBOOT)
		argp_error(state, "--module goes with --multiboot");
	if (vm->append != NULL && vm->kind == GUEST_FLAT)
		argp_error(state, "--append goes with --kernel or --multiboot");
	if (!guest_memory_good(vm->memory_bytes))
		argp_error(state, "--memory: a multiple of 4K from 1M to 2G is needed");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	bool good = true;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	if (key == ARGP_KEY_END)
		check_together(parse, state);
	if (!parse_vm(parse, key, arg, state, &good) && !parse_run(parse, key, arg, &good))
		return ARGP_ERR_UNKNOWN;
	if (!good)
		argp_error(state, "--%s: '%s' is not possible (see --help)", option_name(key), arg);
	return 0;
}

static error_t parse_record(int key, char *arg, struct argp_state *state)
{
	struct run_spec *run = state->input;

	switch (key) {
	case 'o':
		free(run->record);
		run->record = copy(arg);
		return 0;
	case OPT_JOURNAL_SIZE:
		if (!guest_parse_size(arg, &run->journal_bytes) || run->journal_bytes < JOURNAL_MIN ||
		    run->journal_bytes > JOURNAL_MAX)
			argp_error(state, "--journal-size: from 4K to 8G");
		return 0;
	case ARGP_KEY_END:
		if (run->record == NULL)
			argp_error(state, "where to? give -o FILE.rpl");
		if (run->iso != NULL)
			argp_error(state, "--iso goes with 'reprise run'");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int options_parse(int argc, char **argv, const struct argp *argp, struct parse *parse);

#define STATUSES "\vExit status: what the guest wrote to port F4H; 0 for an orderly end; 64 usage, 120 guest failure, " \
	"121 refused input, 122 missing platform, 123 hypervisor failure, 124 time-out, 128+N signal N. " \
	"On a terminal, Ctrl-A x leaves and Ctrl-A h lists the other keys. See reprise(1)."

int options_run(int argc, char **argv, struct run_spec *run)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Run guests under the Reprise hypervisor, in stock Bochs." STATUSES,
	};
	struct parse parse = { .run = run };

	return options_parse(argc, argv, &argp, &parse);
}

/* argp passes parse.run to the parser of -o and parse to that of the rest. */
static error_t parse_both(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = parse;
		state->child_inputs[1] = parse->run;
		return 0;
	}
	(void)arg;
	return ARGP_ERR_UNKNOWN;
}

int options_record(int argc, char **argv, struct run_spec *run)
{
	static const struct argp run_argp = { .options = option_table, .parser = parse_option };
	static const struct argp record_argp = { .options = record_table, .parser = parse_record };
	static const struct argp_child children[] = {
		{ &run_argp, 0, NULL, 0 }, { &record_argp, 0, NULL, 0 }, { NULL, 0, NULL, 0 }
	};
	static const struct argp argp = {
		.parser = parse_both,
		.children = children,
		.doc = "Run guests as 'reprise run' does, and record them: 'reprise replay' has the same run again." STATUSES,
	};
	struct parse parse = { .run = run };

	return options_parse(argc, argv, &argp, &parse);
}

static int options_parse(int argc, char **argv, const struct argp *argp, struct parse *out)
{
	struct run_spec *run = out->run;
	struct run_spec given;

	memset(run, 0, sizeof(*run));
	run->pace = isatty(STDIN_FILENO) ? PLAN_PACE_REAL : PLAN_PACE_FAST;
	run->quantum_ticks = GUEST_QUANTUM_DEFAULT;
	run->ips = 4000000;
	run->journal_bytes = JOURNAL_DEFAULT;
	guest_defaults(&out->vm);
	strcpy(out->vm.name, "vm0");
	argp_parse(argp, argc, argv, 0, NULL, out);
	if (out->workload == NULL) {
		run->vm[0] = out->vm;
		run->vm_count = 1;
		return 0;
	}
	given = *run;
	if (workload_read(out->workload, run) != 0)
		return STATUS_REFUSED;
	if (out->has_clock)
		run->clock = given.clock;
	if (out->has_pace)
		run->pace = given.pace;
	if (out->has_quantum)
		run->quantum_ticks = given.quantum_ticks;
	if (out->has_timeout)
		run->timeout_seconds = given.timeout_seconds;
	if (given.seeded) {
		run->seeded = true;
		run->seed = given.seed;
	}
	return 0;
}
