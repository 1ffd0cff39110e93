/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run of the model found. */
#include "model/host/report.h"

#include <json-c/json.h>
#include <stdio.h>

static const char *const deviations[] = {
	"guest-table accesses are reported as writes only with EPT accessed and dirty flags (table 27-7)",
	"accessed and dirty flags of guest entries are set without a check of EPT write permission (28.3.3.2)",
	"bit 12 of a large page's address is not reserved (table 28-3)",
	"protection keys apply by privilege level, not by the page (SDM 3A 4.6.2)",
};

static u32 both_ways(const struct tally *t)
{
	u32 n = 0;

	for (u32 i = 0; i < SPEC_CHECKS; i++)
		n += t->spec_failed[i] != 0 && t->both_passed[i] != 0;
	return n;
}

static u32 provoked(const struct tally *t)
{
	u32 n = 0;

	for (u32 i = 0; i < MESSAGES; i++)
		n += t->provoked[i] != 0;
	return n;
}

/* Basic exit reasons whose snippets agree. */
static u32 agreeing_reasons(const struct totals *t)
{
	u32 n = 0;

	for (u32 i = 0; i < EXIT_REASONS; i++)
		n += t->exits.reasons[i] != 0;
	return n;
}

static u32 reachable(void)
{
	u32 n = 0;

	for (u32 i = 0; i < MESSAGES; i++)
		n += messages[i].reach == NULL;
	return n;
}

u64 report_differences(const struct totals *t)
{
	return t->entry.disagree + t->ept.disagree + t->exits.disagree + t->counter_differ + t->instruction_differ + t->dead + t->caps_differ + t->unknown_texts;
}

static double rate(u64 cases, double seconds)
{
	return seconds > 0 ? (double)cases / seconds : 0;
}

void report_text(const struct totals *t, const struct report_times *times)
{
	const struct tally *e = &t->entry;

	printf("VM entry: %llu cases, %llu enter, %llu fail, %llu agree only by a waiver, %llu differ", (unsigned long long)e->cases,
	       (unsigned long long)e->entered, (unsigned long long)e->failed, (unsigned long long)e->waived_cases, (unsigned long long)e->disagree);
	printf(times->entry > 0 ? " (%.0f a second)\n" : "\n", rate(e->cases, times->entry));
	printf("checks: %u; seen failing in the spec and passing in both: %u; Bochs's texts: %u of %u provoked (%u reachable)\n", (u32)SPEC_CHECKS,
	       both_ways(e), provoked(e), (u32)MESSAGES, reachable());
	for (u32 i = 0; e->cases != 0 && i < MESSAGES; i++)
		if (e->provoked[i] == 0)
			printf("not provoked: \"%s\"%s%s\n", messages[i].text, messages[i].reach != NULL ? ": " : "", messages[i].reach != NULL ? messages[i].reach : "");
	printf("translation: %llu cases, %llu differ", (unsigned long long)t->ept.cases, (unsigned long long)t->ept.disagree);
	printf(times->ept > 0 ? " (%.0f a second)\n" : "\n", rate(t->ept.cases, times->ept));
	for (u32 i = 0; i < SPEC_DEVIATIONS; i++) {
		if (t->ept.waived[i] != 0)
			printf("waived %llu times: %s\n", (unsigned long long)t->ept.waived[i], deviations[i]);
	}
	printf("exit information: %llu snippets, %u basic exit reasons, %llu waived, %llu differ\n", (unsigned long long)t->exits.cases, agreeing_reasons(t),
	       (unsigned long long)t->exits.waived, (unsigned long long)t->exits.disagree);
	printf("counter and timer: %llu facts, %llu differ\n", (unsigned long long)t->counter_cases, (unsigned long long)t->counter_differ);
	printf("VMX instructions: %llu cases, %llu with a text of Bochs, %llu waived, %llu differ\n", (unsigned long long)t->instruction_cases,
	       (unsigned long long)t->instruction_texts, (unsigned long long)t->instruction_waived, (unsigned long long)t->instruction_differ);
	if (t->dead != 0 || t->caps_differ != 0 || t->unknown_texts != 0)
		printf("cases that end the runner: %llu; runs with other capabilities than spec/caps.c: %llu; unknown texts: %llu\n",
		       (unsigned long long)t->dead, (unsigned long long)t->caps_differ, (unsigned long long)t->unknown_texts);
	printf("unexplained: %llu\n", (unsigned long long)report_differences(t));
}

static struct json_object *num(u64 n)
{
	return json_object_new_int64((int64_t)n);
}

static struct json_object *check_rows(const struct tally *t)
{
	struct json_object *rows = json_object_new_array();

	for (u32 i = 0; i < SPEC_CHECKS; i++) {
		struct json_object *row = json_object_new_object();
		u64 waived = 0;

		for (u32 w = 0; w < WAIVERS; w++)
			if (__builtin_strcmp(waivers[w].what, spec_checks[i].name) == 0) {
				waived += t->waived[w];
				json_object_object_add(row, "waiver", json_object_new_string(waivers[w].text));
			}
		json_object_object_add(row, "name", json_object_new_string(spec_checks[i].name));
		json_object_object_add(row, "section", json_object_new_string(spec_checks[i].section));
		json_object_object_add(row, "outcome", json_object_new_string(outcome_name(spec_checks[i].outcome)));
		json_object_object_add(row, "text", json_object_new_string(spec_checks[i].text));
		json_object_object_add(row, "failed_in_spec", num(t->spec_failed[i]));
		json_object_object_add(row, "failed_in_both", num(t->both_failed[i]));
		json_object_object_add(row, "passed_in_both", num(t->both_passed[i]));
		json_object_object_add(row, "disagreements", num(t->disagreed[i]));
		json_object_object_add(row, "waived", num(waived));
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *message_rows(const struct tally *t)
{
	struct json_object *rows = json_object_new_array();

	for (u32 i = 0; i < MESSAGES; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "text", json_object_new_string(messages[i].text));
		json_object_object_add(row, "provoked", num(t->provoked[i]));
		if (messages[i].reach != NULL)
			json_object_object_add(row, "unreachable", json_object_new_string(messages[i].reach));
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *waiver_rows(const struct totals *t)
{
	struct json_object *rows = json_object_new_array();

	for (u32 i = 0; i < WAIVERS + SPEC_DEVIATIONS; i++) {
		struct json_object *row = json_object_new_object();
		bool ept = i >= WAIVERS;

		json_object_object_add(row, "what", json_object_new_string(ept ? "translation" : waivers[i].what));
		json_object_object_add(row, "why", json_object_new_string(ept ? deviations[i - WAIVERS] : waivers[i].text));
		json_object_object_add(row, "cases", num(ept ? t->ept.waived[i - WAIVERS] : t->entry.waived[i]));
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *reason_rows(const struct totals *t)
{
	struct json_object *rows = json_object_new_object();

	for (u32 i = 0; i < EXIT_REASONS; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", i);
		if (t->exits.reasons[i] != 0)
			json_object_object_add(rows, number, num(t->exits.reasons[i]));
	}
	return rows;
}

bool report_json(const char *path, u64 seed, const struct totals *t, const struct report_times *times)
{
	struct json_object *root = json_object_new_object();
	bool good;

	json_object_object_add(root, "seed", num(seed));
	json_object_object_add(root, "checks", num(SPEC_CHECKS));
	json_object_object_add(root, "checks_seen_both_ways", num(both_ways(&t->entry)));
	json_object_object_add(root, "bochs_messages", num(MESSAGES));
	json_object_object_add(root, "bochs_messages_reachable", num(reachable()));
	json_object_object_add(root, "bochs_messages_provoked", num(provoked(&t->entry)));
	json_object_object_add(root, "vmentry_cases", num(t->entry.cases));
	json_object_object_add(root, "vmentry_cases_per_second", num((u64)rate(t->entry.cases, times->entry)));
	json_object_object_add(root, "ept_cases", num(t->ept.cases));
	json_object_object_add(root, "ept_cases_per_second", num((u64)rate(t->ept.cases, times->ept)));
	json_object_object_add(root, "exit_reasons_checked", num(agreeing_reasons(t)));
	json_object_object_add(root, "counter_facts", num(t->counter_cases));
	json_object_object_add(root, "instruction_cases", num(t->instruction_cases));
	json_object_object_add(root, "instruction_texts", num(t->instruction_texts));
	json_object_object_add(root, "exit_snippets", num(t->exits.cases));
	json_object_object_add(root, "exit_reasons", reason_rows(t));
	json_object_object_add(root, "disagreements_unexplained", num(report_differences(t)));
	json_object_object_add(root, "waivers", waiver_rows(t));
	json_object_object_add(root, "messages", message_rows(&t->entry));
	json_object_object_add(root, "check_rows", check_rows(&t->entry));
	good = json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY) == 0;
	json_object_put(root);
	return good;
}
