/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb `report`: a recording as one HTML page without scripts or other files: a timeline of exits by VM and reason, what
 * handling them took, the console with the position of each line, and the busiest places.
 */
#include "page.h"

#include "names.h"
#include "say.h"
#include "trace.h"
#include "verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BINS 240u		/* of the timeline */
#define BIN_PIXELS 4u
#define ROW_PIXELS 18u
#define LABEL_PIXELS 210u
#define HISTOGRAM_BINS 24u	/* of handling ticks: powers of two */
#define PLACES 20u
#define LINE_MAX_BYTES 200u
#define LINES_MAX 2000u

struct place {
	u64 rip, count;
};

/* One line of a console and where it began. */
struct line {
	u32 vm, length;
	u64 position;
	char text[LINE_MAX_BYTES];
};

static struct { u32 bin[BINS]; u64 exits, ticks; u32 ticks_max; u64 histogram[HISTOGRAM_BINS]; } rows[VM_MAX][EXIT_REASONS];
static struct place *places;
static u64 place_count, place_room;
static struct line *lines;
static u32 line_count;
static const char *output;
static const struct trace_filter everything;

static void text_print(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fputc(*text, out); break;
		}
	}
}

/* ---- gathering */

static void add_place(u64 rip)
{
	u64 i = 0;

	while (i < place_count && places[i].rip != rip)
		i++;
	if (i == place_count) {
		if (place_count == place_room) {
			place_room = place_room == 0 ? 256 : place_room * 2;
			places = realloc(places, place_room * sizeof(*places));
			if (places == NULL)
				exit(say_fail(STATUS_FAILED, "no memory for the places"));
		}
		places[place_count++] = (struct place){ rip, 0 };
	} else if (i > 0 && places[i].count >= places[i - 1].count) {	/* frequent ones move to the front */
		struct place other = places[i];

		places[i] = places[i - 1];
		places[--i] = other;
	}
	places[i].count++;
}

static int by_count(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : x->rip < y->rip ? -1 : x->rip > y->rip;
}

/* A byte for the console: the lines of several VMs may be open at once. */
static void add_byte(u32 vm, u64 position, u8 byte)
{
	static struct line *open[VM_MAX];

	if (lines == NULL)
		lines = say_alloc(LINES_MAX * sizeof(*lines));
	if (open[vm] == NULL) {
		if (line_count == LINES_MAX)
			return;
		open[vm] = &lines[line_count++];
		*open[vm] = (struct line){ .vm = vm, .position = position };
	}
	if (byte == '\n')
		open[vm] = NULL;
	else if (byte >= 0x20 && byte < 0x7f && open[vm]->length < LINE_MAX_BYTES - 1)
		open[vm]->text[open[vm]->length++] = (char)byte;
}

static u32 log2_of(u32 value)
{
	u32 log = 0;

	while (value > 1 && log < HISTOGRAM_BINS - 1) {
		value >>= 1;
		log++;
	}
	return log;
}

static void gather(struct trace *trace, u64 end)
{
	struct trace_record record;
	struct trace_io io;

	while (trace_next(trace, &record)) {
		u32 vm = record.vm % VM_MAX, reason = record.reason & 0xffffu;
		u64 bin = end == 0 ? 0 : record.time * BINS / end;

		if (reason >= EXIT_REASONS)
			continue;
		rows[vm][reason].bin[bin < BINS ? bin : BINS - 1]++;
		rows[vm][reason].exits++;
		rows[vm][reason].ticks += record.ticks;
		rows[vm][reason].histogram[log2_of(record.ticks)]++;
		if (record.ticks > rows[vm][reason].ticks_max)
			rows[vm][reason].ticks_max = record.ticks;
		add_place(record.rip);
		if (trace_io(&record, &io) && !io.in && !io.string && (io.port == 0x3f8 || io.port == 0xe9))
			add_byte(vm, record.position, (u8)io.value);
	}
	if (place_count > 0)
		qsort(places, place_count, sizeof(*places), by_count);
}

/* ---- the page */

static const char style[] =
	"body{font:14px system-ui,sans-serif;margin:24px;color:#222;background:#fff}"
	"h1{font-size:20px}h2{font-size:16px;margin-top:28px}"
	"table{border-collapse:collapse}td,th{padding:2px 10px;text-align:right;font-variant-numeric:tabular-nums}"
	"th{border-bottom:1px solid #999}td.l,th.l{text-align:left}"
	"pre{background:#f4f4f2;padding:10px;overflow:auto;max-height:480px}pre i{color:#888;font-style:normal}"
	"svg text{font:12px system-ui,sans-serif}.bar{fill:#2a6fb0}";

static void print_head(FILE *out, const struct recording *recording)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	text_print(out, file_base(recording->path));
	fprintf(out, "</title><style>%s</style></head><body>\n<h1>", style);
	text_print(out, file_base(recording->path));
	fprintf(out, "</h1>\n<table><tr><th class=\"l\">VM</th><th class=\"l\">guest</th><th>instructions</th><th>virtual "
		"seconds</th><th>exits</th><th>inputs</th></tr>\n");
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		const struct recording_vm *vm = &recording->vm[v];

		fprintf(out, "<tr><td class=\"l\">");
		text_print(out, (const char *)recording->plan.vm[v].name);
		fprintf(out, "</td><td class=\"l\">");
		text_print(out, recording->guest[v] != NULL ? recording->guest[v] : "");
		fprintf(out, "</td><td>%llu</td><td>%.3f</td><td>%llu</td><td>%llu</td></tr>\n",
			(unsigned long long)vm->position, (double)vm->time / 1e9, (unsigned long long)vm->exits,
			(unsigned long long)vm->inputs);
	}
	fprintf(out, "</table>\n");
}

/* Darker means more exits in that piece of time; the scale is logarithmic. */
static void print_row(FILE *out, u32 vm, u32 reason, u32 y)
{
	fprintf(out, "<text x=\"0\" y=\"%u\">%s</text>\n", y + ROW_PIXELS - 5, exit_name(reason));
	for (u32 i = 0; i < BINS; i++) {
		u32 n = rows[vm][reason].bin[i];

		if (n > 0)
			fprintf(out, "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" opacity=\"%.2f\"><title>%u "
				"exits</title></rect>\n", LABEL_PIXELS + i * BIN_PIXELS, y + 2, BIN_PIXELS, ROW_PIXELS - 4,
				0.25 + 0.75 * (log2_of(n) > 8 ? 8 : log2_of(n)) / 8, n);
	}
}

static void print_timeline(FILE *out, const struct recording *recording, u64 end)
{
	fprintf(out, "<h2>Exits over virtual time</h2>\n");
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		u32 count = 0, y = 0;

		for (u32 r = 0; r < EXIT_REASONS; r++)
			count += rows[v][r].exits > 0 && exit_name(r) != NULL;
		fprintf(out, "<h3>%s</h3><svg width=\"%u\" height=\"%u\" role=\"img\">\n", recording->plan.vm[v].name,
			LABEL_PIXELS + BINS * BIN_PIXELS, (count + 1) * ROW_PIXELS);
		for (u32 r = 0; r < EXIT_REASONS; r++) {
			if (rows[v][r].exits == 0 || exit_name(r) == NULL)
				continue;
			print_row(out, v, r, y);
			y += ROW_PIXELS;
		}
		for (u32 i = 0; i <= 4; i++)
			fprintf(out, "<text x=\"%u\" y=\"%u\" text-anchor=\"%s\">%.3f s</text>\n",
				LABEL_PIXELS + i * BINS * BIN_PIXELS / 4, y + ROW_PIXELS - 4,
				i == 0 ? "start" : i == 4 ? "end" : "middle", (double)end / 1e9 * i / 4);
		fprintf(out, "</svg>\n");
	}
}

/* A small picture of how many exits took how many ticks: powers of two from left to right. */
static void print_histogram(FILE *out, const u64 *histogram)
{
	u64 most = 1;

	for (u32 i = 0; i < HISTOGRAM_BINS; i++)
		most = histogram[i] > most ? histogram[i] : most;
	fprintf(out, "<svg width=\"%u\" height=\"16\">", HISTOGRAM_BINS * 5);
	for (u32 i = 0; i < HISTOGRAM_BINS; i++)
		if (histogram[i] > 0)
			fprintf(out, "<rect class=\"bar\" x=\"%u\" y=\"%.1f\" width=\"4\" height=\"%.1f\"><title>%llu exits of %u to %u "
				"ticks</title></rect>", i * 5, 15 - 14.0 * (double)histogram[i] / (double)most,
				1 + 14.0 * (double)histogram[i] / (double)most, (unsigned long long)histogram[i], 1u << i,
				(2u << i) - 1);
	fprintf(out, "</svg>");
}

static void print_reasons(FILE *out, const struct recording *recording)
{
	fprintf(out, "<h2>What handling took</h2>\n<table><tr><th class=\"l\">VM</th><th class=\"l\">reason</th><th>exits</th>"
		"<th>ticks</th><th>mean</th><th>longest</th><th class=\"l\">histogram</th></tr>\n");
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		for (u32 r = 0; r < EXIT_REASONS; r++) {
			if (rows[v][r].exits == 0 || exit_name(r) == NULL)
				continue;
			fprintf(out, "<tr><td class=\"l\">%s</td><td class=\"l\">%s</td><td>%llu</td><td>%llu</td><td>%llu</td>"
				"<td>%u</td><td class=\"l\">", recording->plan.vm[v].name, exit_name(r),
				(unsigned long long)rows[v][r].exits, (unsigned long long)rows[v][r].ticks,
				(unsigned long long)(rows[v][r].ticks / rows[v][r].exits), rows[v][r].ticks_max);
			print_histogram(out, rows[v][r].histogram);
			fprintf(out, "</td></tr>\n");
		}
	}
	fprintf(out, "</table>\n");
}

static void print_places(FILE *out)
{
	fprintf(out, "<h2>Busiest places</h2>\n<table><tr><th>exits</th><th class=\"l\">RIP</th><th class=\"l\">place</th></tr>\n");
	for (u64 i = 0; i < PLACES && i < place_count; i++) {
		char place[320];

		names_text(places[i].rip, place, sizeof(place));
		fprintf(out, "<tr><td>%llu</td><td class=\"l\"><code>%016llx</code></td><td class=\"l\">",
			(unsigned long long)places[i].count, (unsigned long long)places[i].rip);
		text_print(out, place);
		fprintf(out, "</td></tr>\n");
	}
	fprintf(out, "</table>\n");
}

static void print_console(FILE *out, const struct recording *recording)
{
	fprintf(out, "<h2>Console, by position</h2>\n<pre>");
	for (u32 i = 0; i < line_count; i++) {
		fprintf(out, "<i>%14llu %-8s</i> ", (unsigned long long)lines[i].position,
			recording->plan.vm[lines[i].vm].name);
		text_print(out, lines[i].text);
		fputc('\n', out);
	}
	fprintf(out, "</pre>\n</body></html>\n");
}

static int take(struct trace *trace)
{
	FILE *out = fopen(output, "we");
	u64 end = 0;
	bool failed;

	if (out == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", output, strerror(errno));
	for (u32 v = 0; v < trace->recording->plan.vm_count; v++)
		end = trace->recording->vm[v].time > end ? trace->recording->vm[v].time : end;
	gather(trace, end);
	print_head(out, trace->recording);
	print_timeline(out, trace->recording, end);
	print_reasons(out, trace->recording);
	print_places(out);
	print_console(out, trace->recording);
	failed = ferror(out) != 0;
	failed = fclose(out) != 0 || failed;
	return failed ? say_fail(STATUS_FAILED, "%s: it cannot be written", output) : 0;
}

static const struct argp_option option_table[] = {
	{ "output", 'o', "FILE.html", 0, "the page to write", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static bool take_option(int key, char *arg)
{
	output = key == 'o' ? arg : output;
	return true;
}

static const char *check_options(void)
{
	return output == NULL ? "where to? give -o FILE.html" : NULL;
}

int page_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .check = check_options, .runs = true,
		.doc = "Write a recording as one page: its exits over time, what they took, the console, the busiest places.",
	};
	static struct run_spec run;
	static struct recording recording;
	int status = verb_open(argc, argv, &verb, &run, &recording);

	if (status == 0)
		status = trace_run(&recording, &run, &everything, take);
	else
		guest_free(&run);
	recording_free(&recording);
	free(places);
	free(lines);
	return status;
}
