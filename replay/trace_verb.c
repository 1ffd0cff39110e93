/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `trace`: every VM exit of a recording, as text or JSON lines. */
#include "trace.h"

#include "export.h"
#include "names.h"
#include "say.h"
#include "trace_fine.h"
#include "verb.h"

#include <stdlib.h>
#include <string.h>

enum option_key { OPT_FROM = 0x100, OPT_TO, OPT_VM, OPT_REASON, OPT_PORT, OPT_MSR, OPT_RIP, OPT_JSON, OPT_FORMAT, OPT_LEVEL };

static const struct argp_option option_table[] = {
	{ "json", OPT_JSON, NULL, 0, "one JSON object a line: --format=json", 0 },
	{ "format", OPT_FORMAT, "NAME", 0, "text, json, perfetto (trace events), folded (stacks of ticks), ctf (a folder, with -o)", 0 },
	{ "output", 'o', "FILE", 0, "write there, not to standard output", 0 },
	{ "level", OPT_LEVEL, "LEVEL", 0, "exits; blocks, instructions and memory have options of their own (--level=blocks --help)", 0 },
	{ NULL, 0, NULL, 0, "Which exits:", 1 },
	{ "from", OPT_FROM, "POSITION", 0, "from this position on", 0 },
	{ "to", OPT_TO, "POSITION", 0, "before this position; the replay stops there", 0 },
	{ "vm", OPT_VM, "NAME", 0, "of this VM", 0 },
	{ "reason", OPT_REASON, "NAME", 0, "for this reason: a name as in the trace, or its number", 0 },
	{ "port", OPT_PORT, "PORT", 0, "IN, OUT, INS and OUTS of this port (0x3f8)", 0 },
	{ "msr", OPT_MSR, "MSR", 0, "RDMSR and WRMSR of this one (0xc0000080)", 0 },
	{ "rip", OPT_RIP, "FROM-TO", 0, "with RIP in this range (hexadecimal)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static struct trace_filter filter;
static const char *output;
static enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_PERFETTO, FORMAT_FOLDED, FORMAT_CTF, FORMATS } format;
static const char *const formats[FORMATS] = { "text", "json", "perfetto", "folded", "ctf" };

static bool parse_range(char *text)
{
	char *end;

	filter.rip_from = strtoull(text, &end, 16);
	if (end == text || *end != '-')
		return false;
	text = end + 1;
	filter.rip_to = strtoull(text, &end, 16);
	filter.has_rip = true;
	return end != text && *end == '\0';
}

static bool parse_u32(const char *text, u32 *value)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 0);

	*value = (u32)number;
	return end != text && *end == '\0' && number <= 0xffffffff;
}

static bool take_option(int key, char *arg)
{
	bool good = true;

	switch (key) {
	case OPT_JSON:
		format = FORMAT_JSON;
		break;
	case OPT_FORMAT:
		good = false;
		for (u32 i = 0; i < FORMATS; i++) {
			if (strcmp(arg, formats[i]) == 0) {
				format = i;
				good = true;
			}
		}
		break;
	case 'o':
		output = arg;
		break;
	case OPT_LEVEL:
		good = strcmp(arg, "exits") == 0;	/* the finer ones are in trace_fine.c */
		break;
	case OPT_FROM:
		good = guest_parse_number(arg, 0, TIME_NEVER - 1, &filter.from);
		break;
	case OPT_TO:
		good = guest_parse_number(arg, 1, TIME_NEVER - 1, &filter.to);
		break;
	case OPT_VM:
		filter.vm = arg;
		break;
	case OPT_REASON:
		filter.has_reason = good = trace_parse_reason(arg, &filter.reason);
		break;
	case OPT_PORT:
		filter.has_port = good = parse_u32(arg, &filter.port) && filter.port <= 0xffff;
		break;
	case OPT_MSR:
		filter.has_msr = good = parse_u32(arg, &filter.msr);
		break;
	default:
		good = parse_range(arg);	/* OPT_RIP */
		break;
	}
	return good;
}

static const char *check_options(void)
{
	return format == FORMAT_CTF && output == NULL ? "--format=ctf makes a folder: give -o FOLDER" : NULL;
}

/* Every string in it is one of ours or a name that the plan's rules made printable: only quotes need care. */
static void print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_json(FILE *out, const struct trace *trace, const struct trace_record *record)
{
	u32 reason = record->reason & 0xffffu;
	char detail[128], symbol[128], line[160];
	struct trace_io io;

	fprintf(out, "{\"position\":%llu,\"time\":%llu,\"vm\":", (unsigned long long)record->position,
		(unsigned long long)record->time);
	print_quoted(out, trace_vm(trace, record));
	fprintf(out, ",\"reason\":");
	print_quoted(out, trace_reason(record));
	fprintf(out, ",\"number\":%u,\"rip\":\"0x%llx\",\"cpl\":%d,\"ticks\":%u", reason, (unsigned long long)record->rip,
		(record->flags & TRACE_USER) != 0 ? 3 : 0, record->ticks);
	if (trace_io(record, &io)) {
		fprintf(out, ",\"port\":%u,\"width\":%u,\"direction\":\"%s\"", io.port, io.width, io.in ? "in" : "out");
		if (!io.string)
			fprintf(out, ",\"value\":%u", io.value);
	}
	if (reason == EXIT_RDMSR || reason == EXIT_WRMSR)
		fprintf(out, ",\"msr\":%u,\"value\":\"0x%llx\"", record->detail, (unsigned long long)record->value);
	if (reason == EXIT_CPUID)
		fprintf(out, ",\"leaf\":%u,\"eax\":%u", record->detail, (u32)record->value);
	if (reason == EXIT_EPT_VIOLATION || reason == EXIT_EPT_MISCONFIGURATION)
		fprintf(out, ",\"gpa\":\"0x%llx\"", (unsigned long long)record->address);
	if (record->qualification != 0)
		fprintf(out, ",\"qualification\":\"0x%llx\"", (unsigned long long)record->qualification);
	if (record->in_service != 0)
		fprintf(out, ",\"in_service\":%u", record->in_service);
	names_parts(record->rip, symbol, sizeof(symbol), line, sizeof(line));
	if (symbol[0] != '\0') {
		fprintf(out, ",\"symbol\":");
		print_quoted(out, symbol);
	}
	if (line[0] != '\0') {
		fprintf(out, ",\"line\":");
		print_quoted(out, line);
	}
	trace_detail(record, detail, sizeof(detail));
	fprintf(out, ",\"detail\":");
	print_quoted(out, detail);
	fprintf(out, "}\n");
}

static void print_text(FILE *out, const struct trace *trace, const struct trace_record *record)
{
	char detail[128], place[320];

	trace_detail(record, detail, sizeof(detail));
	names_text(record->rip, place, sizeof(place));
	fprintf(out, "%14llu %-8s %-22s RIP %016llx%s  %s\n", (unsigned long long)record->position, trace_vm(trace, record),
		trace_reason(record), (unsigned long long)record->rip, place, detail);
}

static int print_lines(struct trace *trace, FILE *out)
{
	struct trace_record record;

	while (trace_next(trace, &record)) {
		if (!trace_wanted(&filter, trace, &record))
			continue;
		if (format == FORMAT_JSON)
			print_json(out, trace, &record);
		else
			print_text(out, trace, &record);
	}
	return ferror(out) != 0 ? say_fail(STATUS_FAILED, "the trace cannot be written") : 0;
}

static int print_all(struct trace *trace)
{
	FILE *out;
	int status;

	if (format == FORMAT_CTF)
		return export_ctf(trace, &filter, output);
	out = output != NULL ? fopen(output, "we") : stdout;
	if (out == NULL)
		return say_fail(STATUS_REFUSED, "%s: it cannot be written", output);
	status = format == FORMAT_PERFETTO ? export_perfetto(trace, &filter, out) :
		 format == FORMAT_FOLDED ? export_folded(trace, &filter, out) : print_lines(trace, out);
	if (out != stdout && fclose(out) != 0 && status == 0)
		status = say_fail(STATUS_FAILED, "%s: it cannot be written", output);
	return status;
}

int trace_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .check = check_options, .runs = true,
		.doc = "Print every VM exit of a recording. The recording is replayed for it; nothing was traced when it was made.",
	};

	if (trace_fine_wanted(argc, argv))
		return trace_fine_main(argc, argv);
	return trace_verb(argc, argv, &verb, &filter, print_all);
}
