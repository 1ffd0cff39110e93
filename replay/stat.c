/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `stat`: exits by reason with the ticks they took, the busiest ports, MSRs and places, the journal by kind. */
#include "stat.h"

#include "names.h"
#include "say.h"
#include "trace.h"
#include "verb.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define TOP 8u
#define KINDS 5u

/* What one key (a port, an MSR, a RIP) has seen. */
struct tally {
	u64 key, count;
};

struct tallies {
	struct tally *tally;
	u32 count, room;
};

/* The ticks of every exit of one reason. */
struct ticks {
	u32 *value;
	u64 count, room, total;
};

static struct ticks reasons[EXIT_REASONS];
static struct tallies ports, msrs, rips;
static struct { u64 events, bytes; } kinds[KINDS];
static u64 exits, ticks_total;
static bool json;

/* Open addressing; the room is a power of two and at most half full. */
static struct tally *slot(struct tallies *tallies, u64 key)
{
	u32 at = (u32)(key * 0x9e3779b97f4a7c15ull >> 32) & (tallies->room - 1);

	while (tallies->tally[at].count != 0 && tallies->tally[at].key != key)
		at = (at + 1) & (tallies->room - 1);
	return &tallies->tally[at];
}

static void count(struct tallies *tallies, u64 key)
{
	struct tally *found;

	if (tallies->count * 2 >= tallies->room) {
		struct tallies old = *tallies;

		tallies->room = old.room == 0 ? 256 : old.room * 2;
		tallies->tally = say_alloc(tallies->room * sizeof(struct tally));
		for (u32 i = 0; i < old.room; i++)
			if (old.tally[i].count != 0)
				*slot(tallies, old.tally[i].key) = old.tally[i];
		free(old.tally);
	}
	found = slot(tallies, key);
	tallies->count += found->count == 0;
	found->key = key;
	found->count++;
}

static int by_count(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : x->key < y->key ? -1 : x->key > y->key;
}

/* Sorts; what is counted comes first. */
static void rank(struct tallies *tallies)
{
	if (tallies->room > 0)
		qsort(tallies->tally, tallies->room, sizeof(struct tally), by_count);
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void add_ticks(struct ticks *ticks, u32 value)
{
	if (ticks->count == ticks->room) {
		ticks->room = ticks->room == 0 ? 256 : ticks->room * 2;
		ticks->value = realloc(ticks->value, ticks->room * sizeof(u32));
		if (ticks->value == NULL)
			exit(say_fail(STATUS_FAILED, "no memory for %llu exits", (unsigned long long)ticks->room));
	}
	ticks->value[ticks->count++] = value;
	ticks->total += value;
}

static u32 percentile(const struct ticks *ticks, u32 percent)
{
	return ticks->value[(ticks->count - 1) * percent / 100];
}

/* ---- the journal */

static const char *const kind_names[KINDS] = { "headers and padding", "console", "time", "digest", "end" };

static bool journal_take(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	kinds[event->kind].events++;
	kinds[event->kind].bytes += bytes;
	(void)block;
	(void)offset;
	(void)context;
	return true;
}

static void count_journal(const struct recording *recording)
{
	u64 bytes = 0, accounted = 0;

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		recording_events(recording, v, journal_take, NULL);
		bytes += recording->vm[v].journal.count;
	}
	for (u32 k = 1; k < KINDS; k++)
		accounted += kinds[k].bytes;
	kinds[0].bytes = bytes - accounted;
}

/* ---- output */

static void print_top(const char *title, const struct tallies *tallies, const char *format)
{
	if (tallies->count > 0)
		printf("\n%s\n", title);
	for (u32 i = 0; i < TOP && i < tallies->count; i++) {
		const char *name = tallies == &msrs ? trace_msr_name((u32)tallies->tally[i].key) : NULL;
		char place[320] = "";

		if (tallies == &rips)
			names_text(tallies->tally[i].key, place, sizeof(place));
		printf(format, (unsigned long long)tallies->tally[i].count, (unsigned long long)tallies->tally[i].key);
		printf("%s%s%s\n", name != NULL ? " " : "", name != NULL ? name : "", place);
	}
}

static void print_text(const struct recording *recording)
{
	u64 instructions = 0;
	double seconds = 0;

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		instructions += recording->vm[v].position;
		if ((double)recording->vm[v].time / 1e9 > seconds)
			seconds = (double)recording->vm[v].time / 1e9;
	}
	printf("%llu exits in %llu instructions, %.3f s of virtual time: %.0f exits a second; handling took %llu ticks\n\n",
	       (unsigned long long)exits, (unsigned long long)instructions, seconds, seconds > 0 ? (double)exits / seconds : 0,
	       (unsigned long long)ticks_total);
	printf("     exits      ticks     min     p50     p99     max  reason\n");
	for (u32 i = 0; i < EXIT_REASONS; i++)
		if (reasons[i].count > 0)
			printf("%10llu %10llu %7u %7u %7u %7u  %s\n", (unsigned long long)reasons[i].count,
			       (unsigned long long)reasons[i].total, reasons[i].value[0], percentile(&reasons[i], 50),
			       percentile(&reasons[i], 99), reasons[i].value[reasons[i].count - 1], exit_name(i));
	print_top("busiest ports", &ports, "%10llu  %03llXH");
	print_top("busiest MSRs", &msrs, "%10llu  %llXH");
	print_top("busiest places", &rips, "%10llu  %016llx");
	printf("\njournal\n");
	for (u32 k = 0; k < KINDS; k++)
		printf("%10llu bytes, %llu %s\n", (unsigned long long)kinds[k].bytes, (unsigned long long)kinds[k].events,
		       kind_names[k]);
}

static void add_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static struct json_object *top_json(const struct tallies *tallies, const char *key)
{
	struct json_object *array = json_object_new_array();

	for (u32 i = 0; i < TOP && i < tallies->count; i++) {
		struct json_object *object = json_object_new_object();

		add_number(object, key, tallies->tally[i].key);
		add_number(object, "exits", tallies->tally[i].count);
		json_object_array_add(array, object);
	}
	return array;
}

static void print_json(const struct recording *recording)
{
	struct json_object *root = json_object_new_object(), *array = json_object_new_array();
	struct json_object *journal = json_object_new_object();
	u64 instructions = 0, time = 0;

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		instructions += recording->vm[v].position;
		if (recording->vm[v].time > time)
			time = recording->vm[v].time;
	}
	add_number(root, "exits", exits);
	add_number(root, "instructions", instructions);
	add_number(root, "virtual_ns", time);
	add_number(root, "handling_ticks", ticks_total);
	for (u32 i = 0; i < EXIT_REASONS; i++) {
		struct json_object *object;

		if (reasons[i].count == 0)
			continue;
		object = json_object_new_object();
		json_object_object_add(object, "reason", json_object_new_string(exit_name(i)));
		add_number(object, "number", i);
		add_number(object, "exits", reasons[i].count);
		add_number(object, "ticks", reasons[i].total);
		add_number(object, "min", reasons[i].value[0]);
		add_number(object, "p50", percentile(&reasons[i], 50));
		add_number(object, "p99", percentile(&reasons[i], 99));
		add_number(object, "max", reasons[i].value[reasons[i].count - 1]);
		json_object_array_add(array, object);
	}
	json_object_object_add(root, "reasons", array);
	json_object_object_add(root, "ports", top_json(&ports, "port"));
	json_object_object_add(root, "msrs", top_json(&msrs, "msr"));
	json_object_object_add(root, "places", top_json(&rips, "rip"));
	for (u32 k = 0; k < KINDS; k++)
		add_number(journal, kind_names[k], kinds[k].bytes);
	json_object_object_add(root, "journal_bytes", journal);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static int take(struct trace *trace)
{
	struct trace_record record;
	struct trace_io io;

	while (trace_next(trace, &record)) {
		u32 reason = record.reason;

		if (reason >= EXIT_REASONS || exit_name(reason) == NULL)
			continue;
		exits++;
		ticks_total += record.ticks;
		add_ticks(&reasons[reason], record.ticks);
		count(&rips, record.rip);
		if (trace_io(&record, &io))
			count(&ports, io.port);
		if (reason == EXIT_RDMSR || reason == EXIT_WRMSR)
			count(&msrs, record.detail);
	}
	for (u32 i = 0; i < EXIT_REASONS; i++)
		if (reasons[i].count > 0)
			qsort(reasons[i].value, reasons[i].count, sizeof(u32), by_value);
	rank(&ports);
	rank(&msrs);
	rank(&rips);
	count_journal(trace->recording);
	if (json)
		print_json(trace->recording);
	else
		print_text(trace->recording);
	return 0;
}

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "as JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static bool take_option(int key, char *arg)
{
	(void)arg;
	json = json || key == 'j';
	return true;
}

int stat_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = option_table, .take = take_option, .runs = true,
		.doc = "Count the exits of a recording: by reason, with the ticks that handling took; by port, MSR and place.",
	};

	return trace_verb(argc, argv, &verb, NULL, take);
}
