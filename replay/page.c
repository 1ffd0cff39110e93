/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `report`: gathers what the page shows (replay/page_html.c) from a trace. */
#include "page.h"

#include "page_html.h"
#include "say.h"
#include "verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct page page;
static u64 place_room;
static const char *output;
static void add_place(const struct trace_record *record)
{
	u64 i = 0;

	while (i < page.places && page.place[i].rip != record->rip)
		i++;
	if (i == page.places) {
		if (page.places == place_room) {
			place_room = place_room == 0 ? 256 : place_room * 2;
			page.place = realloc(page.place, place_room * sizeof(*page.place));
			if (page.place == NULL)
				exit(say_fail(STATUS_FAILED, "no memory for the places"));
		}
		page.place[page.places++] = (struct page_place){ record->rip, 0, (record->flags & TRACE_USER) != 0 };
	} else if (i > 0 && page.place[i].count >= page.place[i - 1].count) {	/* frequent ones move to the front */
		struct page_place other = page.place[i];

		page.place[i] = page.place[i - 1];
		page.place[--i] = other;
	}
	page.place[i].count++;
}

static int by_count(const void *a, const void *b)
{
	const struct page_place *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : x->rip < y->rip ? -1 : x->rip > y->rip;
}

/* A byte for the console: the lines of several VMs may be open at once. */
static void add_byte(const struct trace_record *record, u32 vm, u8 byte)
{
	static struct page_line *open[VM_MAX];

	if (page.line == NULL)
		page.line = say_alloc(PAGE_LINES * sizeof(*page.line));
	if (open[vm] == NULL) {
		page.cut = page.lines == PAGE_LINES;
		if (page.cut)
			return;
		open[vm] = &page.line[page.lines++];
		*open[vm] = (struct page_line){ .vm = vm, .position = record->position, .time = record->time };
	}
	if (byte == '\n')
		open[vm] = NULL;
	else if (byte >= 0x20 && byte < 0x7f && open[vm]->length < PAGE_LINE_BYTES - 1)
		open[vm]->text[open[vm]->length++] = (char)byte;
}

static u32 log2_of(u32 value)
{
	u32 log = 0;

	while (value > 1 && log < PAGE_HISTOGRAM - 1) {
		value >>= 1;
		log++;
	}
	return log;
}

static void gather(struct trace *trace)
{
	struct trace_record record;
	struct trace_io io;

	while (trace_next(trace, &record)) {
		u32 vm = record.vm % VM_MAX, reason = record.reason & 0xffffu;
		struct page_row *row;

		if (reason >= EXIT_REASONS)
			continue;
		row = &page.row[vm][reason];
		row->bin[page_bin(&page, record.time)]++;
		row->exits++;
		row->ticks += record.ticks;
		row->histogram[log2_of(record.ticks)]++;
		if (record.ticks > row->ticks_max)
			row->ticks_max = record.ticks;
		add_place(&record);
		if (trace_io(&record, &io) && !io.in && !io.string && (io.port == 0x3f8 || io.port == 0xe9))
			add_byte(&record, vm, (u8)io.value);
	}
	if (page.places > 0)
		qsort(page.place, page.places, sizeof(*page.place), by_count);
}

static bool add_input(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	u32 *bin = context;

	(void)block;
	(void)offset;
	(void)bytes;
	if (event->kind == JOURNAL_CONSOLE)
		bin[page_bin(&page, event->time)]++;
	return true;
}

static int take(struct trace *trace)
{
	const struct recording *recording = trace->recording;
	FILE *out = fopen(output, "we");
	bool failed;

	if (out == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", output, strerror(errno));
	page.recording = recording;
	for (u32 v = 0; v < recording->plan.vm_count; v++)
		page.end = recording->vm[v].time > page.end ? recording->vm[v].time : page.end;
	for (u32 v = 0; v < recording->plan.vm_count; v++)
		recording_events(recording, v, add_input, page.input[v]);
	gather(trace);
	page_html(&page, out);
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
	int status = trace_verb(argc, argv, &verb, NULL, take);

	free(page.place);
	free(page.line);
	return status;
}
