/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise explain`: which checks of VM entry does this VMCS fail, in the SDM's words? */
#include "explain.h"
#include "debug.h"
#include "options.h"
#include "say.h"
#include "spec/vmx.h"

#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	char *file, *place;
	bool json;
	bool tigerlake, any;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "at", 'a', "PLACE", 0, "FILE is a recording: its VMCS at a position, eEVENT, PERCENT%, start or end", 0 },
	{ "cpu", 'c', "CPU", 0, "The processor: any (default) or tigerlake (Bochs's; default with --at)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static error_t option(int key, char *argument, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case 'j': r->json = true; return 0;
	case 'a': r->place = argument; return 0;
	case ARGP_KEY_END:
		if (r->place != NULL && r->file == NULL)
			argp_error(state, "--at: which recording?");
		return 0;
	case 'c':
		r->tigerlake = strcmp(argument, "tigerlake") == 0;
		r->any = strcmp(argument, "any") == 0;
		if (!r->tigerlake && !r->any)
			argp_error(state, "'%s' is no processor; 'any' and 'tigerlake' are", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (r->file != NULL)
			argp_error(state, "one file at most");
		r->file = argument;
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static char *read_all(FILE *file)
{
	size_t room = 1 << 16, used = 0;
	char *text = say_alloc(room + 1);

	for (size_t got; (got = fread(text + used, 1, room - used, file)) > 0;) {
		used += got;
		if (used == room) {
			room *= 2;
			text = realloc(text, room + 1);
			if (text == NULL)
				exit(say_fail(STATUS_FAILED, "memory is short"));
		}
	}
	for (size_t i = 0; i < used; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[used] = '\0';
	return text;
}

/* The VMCS of a recording at a place, as `reprise query vmcs` prints it; null after a message, *status is the exit status. */
static char *recorded(char *file, char *place, int *status)
{
	char verb[] = "query", json[] = "--json", at[] = "--at", word[] = "vmcs";
	char *argv[] = { verb, json, at, place, file, word, NULL };
	FILE *held = tmpfile();
	int out = dup(STDOUT_FILENO);

	if (held == NULL || out < 0 || fflush(stdout) != 0 || dup2(fileno(held), STDOUT_FILENO) < 0) {
		*status = say_fail(STATUS_FAILED, "a temporary file: %s", strerror(errno));
		return NULL;
	}
	*status = query_main(6, argv);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	rewind(held);
	return *status == 0 ? read_all(held) : NULL;
}

static const char *outcome_text(u32 outcomes)
{
	if ((outcomes & 1u << OUT_CONTROL) != 0)
		return (outcomes & 1u << OUT_HOST) != 0 ?
			"VMfail: VM-instruction error 7 (invalid control field) or 8 (invalid host-state field)" :
			"VMfail: VM-instruction error 7, \"VM entry with invalid control field(s)\"";
	if ((outcomes & 1u << OUT_HOST) != 0)
		return "VMfail: VM-instruction error 8, \"VM entry with invalid host-state field(s)\"";
	if ((outcomes & 1u << OUT_MSR) != 0)
		return "exit reason 34 (80000022H), \"VM-entry failure due to MSR loading\"";
	return "exit reason 33 (80000021H), \"VM-entry failure due to invalid guest state\"";
}

static u32 field_of(const struct spec_check_info *c, u32 i, u32 segment)
{
	u32 f = c->field[i];

	if (c->segments != 0 && (f == F_GUEST_ES_SELECTOR || f == F_GUEST_ES_BASE || f == F_GUEST_ES_LIMIT || f == F_GUEST_ES_ACCESS_RIGHTS))
		return f + segment;
	return f;
}

static const char *const registers[] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR" };

static void print_fields(const struct explain_input *in, const struct spec_check_info *c, u32 segment)
{
	for (u32 i = 0; i < c->field_count; i++) {
		u32 f = field_of(c, i, segment);
		const char *decoded = explain_decode(f, in->vmcs.value[f]);

		if (!spec_bit(in->vmcs.unknown, f))
			printf("     %s = 0x%llx%s%s%s\n", spec_field_name(f), (unsigned long long)in->vmcs.value[f], decoded[0] != '\0' ? " (" : "", decoded,
			       decoded[0] != '\0' ? ")" : "");
	}
}

/* One check; a segment check with all the registers that fail it. */
static void print_failure(const struct explain_input *in, const struct spec_world *world, u32 check, u32 which, u32 n)
{
	const struct spec_check_info *c = &spec_checks[check];
	const char *between = " of ";

	printf("%u. %s", n, c->name);
	for (u32 s = 0; c->segments != 0 && s < 8; s++)
		if ((which >> s & 1) != 0) {
			printf("%s%s", between, registers[s]);
			between = ", ";
		}
	printf(" (SDM volume 3C, section %s)\n   %s\n", c->section, c->text);
	for (u32 s = 0; s < 8; s++) {
		struct spec_fix fix;

		if ((which >> s & 1) == 0)
			continue;
		print_fields(in, c, s);
		if (spec_entry_fix(&in->vmcs, &in->caps, world, check, s, &fix))
			printf("   nearest legal value: %s = 0x%llx\n", spec_field_name(fix.field), (unsigned long long)fix.value);
	}
}

/* The fields that undecided checks miss. */
static void print_undecided(const struct explain_input *in, const struct spec_result *result)
{
	u64 missing[SPEC_WORDS] = { 0 };
	u32 n = 0;

	for (u32 check = 0; check < SPEC_CHECKS; check++) {
		if (!spec_bit(result->undecided, check))
			continue;
		n++;
		for (u32 i = 0; i < spec_checks[check].field_count; i++) {
			u32 f = field_of(&spec_checks[check], i, 0);

			if (spec_bit(in->vmcs.unknown, f))
				spec_set(missing, f);
		}
	}
	if (n == 0)
		return;
	printf("Not decidable: %u of %u checks;", n, (u32)SPEC_CHECKS);
	if (in->fields < SPEC_FIELDS)
		printf(" the input does not contain");
	for (u32 f = 0, column = 60; f < SPEC_FIELDS; f++)
		if (spec_bit(missing, f)) {
			column += (u32)strlen(spec_field_name(f)) + 1;
			printf("%s%s", column > 110 ? "\n  " : " ", spec_field_name(f));
			if (column > 110)
				column = (u32)strlen(spec_field_name(f)) + 2;
		}
	printf("\n  (some need memory or the processor's mode; --json names each check)\n");
}

static u32 print_text(const struct explain_input *in, const struct spec_world *world, const struct spec_result *result, bool good)
{
	u32 n = 0;

	printf("Input: %s, %u of %u fields%s.\n", explain_format_name(in->format), in->fields, (u32)SPEC_FIELDS,
	       in->format == EXPLAIN_KVM || in->format == EXPLAIN_XEN ? "; assumed: a 64-bit host, not in SMM" : "");
	if (good)
		printf("No check of VM entry fails.\n");
	else
		printf("VM entry fails: %s\n", outcome_text(spec_entry_outcomes(result)));
	for (u32 check = 0; check < SPEC_CHECKS; check++) {
		if (spec_bit(result->failed, check))
			print_failure(in, world, check, result->segments[check], ++n);
	}
	print_undecided(in, result);
	return n;
}

static void print_json(const struct explain_input *in, const struct spec_world *world, const struct spec_result *result, bool good)
{
	struct json_object *root = json_object_new_object(), *failed = json_object_new_array(), *undecided = json_object_new_array();

	json_object_object_add(root, "format", json_object_new_string(explain_format_name(in->format)));
	json_object_object_add(root, "fields_known", json_object_new_int((int)in->fields));
	json_object_object_add(root, "outcome", json_object_new_string(good ? "no check fails" : outcome_text(spec_entry_outcomes(result))));
	for (u32 check = 0; check < SPEC_CHECKS; check++) {
		const struct spec_check_info *c = &spec_checks[check];

		if (spec_bit(result->undecided, check))
			json_object_array_add(undecided, json_object_new_string(c->name));
		for (u32 s = 0; spec_bit(result->failed, check) && s < 8; s++) {
			struct json_object *row, *fields;
			struct spec_fix fix;

			if ((result->segments[check] >> s & 1) == 0)
				continue;
			row = json_object_new_object();
			fields = json_object_new_object();
			json_object_object_add(row, "check", json_object_new_string(c->name));
			if (c->segments != 0)
				json_object_object_add(row, "register", json_object_new_string(registers[s]));
			json_object_object_add(row, "section", json_object_new_string(c->section));
			json_object_object_add(row, "text", json_object_new_string(c->text));
			for (u32 i = 0; i < c->field_count; i++) {
				u32 f = field_of(c, i, s);
				char hex[24];

				snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)in->vmcs.value[f]);
				json_object_object_add(fields, spec_field_name(f), json_object_new_string(hex));
			}
			json_object_object_add(row, "fields", fields);
			if (spec_entry_fix(&in->vmcs, &in->caps, world, check, s, &fix)) {
				struct json_object *near = json_object_new_object();
				char hex[24];

				snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)fix.value);
				json_object_object_add(near, spec_field_name(fix.field), json_object_new_string(hex));
				json_object_object_add(row, "nearest_legal", near);
			}
			json_object_array_add(failed, row);
		}
	}
	json_object_object_add(root, "failed", failed);
	json_object_object_add(root, "undecided", undecided);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static bool any(const u64 *set)
{
	for (u32 i = 0; i < SPEC_CHECK_WORDS; i++)
		if (set[i] != 0)
			return true;
	return false;
}

int explain_main(int argc, char **argv)
{
	static const struct argp argp = { options, option, "[FILE]",
		"Tell which checks of VM entry a VMCS fails, in the words of Intel's manual.\v"
		"FILE (default: standard input) is a list or JSON object of fields, KVM's dump from dmesg, Xen's from xl dmesg, a hex "
		"dump of a VMCS region of Bochs, or with --at a recording. Exit status: 0 no check fails, 1 some check fails, 2 none fails but some cannot be decided.",
		NULL, NULL, NULL };
	struct request request = { .file = NULL };
	static struct explain_input in;
	struct spec_world world = { .known = false };
	struct spec_result result;
	const char *wrong;
	FILE *file = stdin;
	char *text;
	bool good;
	int status = 0;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (request.place != NULL)
		request.tigerlake = !request.any;
	else if (request.file != NULL && strcmp(request.file, "-") != 0)
		file = fopen(request.file, "re");
	if (file == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", request.file, strerror(errno));
	in.caps = request.tigerlake ? spec_caps_bochs : spec_caps_any;
	text = request.place != NULL ? recorded(request.file, request.place, &status) : read_all(file);
	if (text == NULL)
		return status;
	wrong = explain_parse(text, &in);
	free(text);
	if (wrong != NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", request.file != NULL ? request.file : "standard input", wrong);
	world.known = in.world_known || request.place != NULL;	/* the hypervisor runs in 64-bit mode, not in SMM */
	world.long_mode = in.long_mode || request.place != NULL;
	good = spec_entry_check(&in.vmcs, &in.caps, &world, &result);
	if (request.json)
		print_json(&in, &world, &result, good);
	else
		(void)print_text(&in, &world, &result, good);
	return !good ? EXPLAIN_FAILS : any(result.undecided) ? EXPLAIN_UNDECIDED : 0;
}
