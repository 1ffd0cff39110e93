/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs stretches of cases, survives what kills the runner, and minimizes differences. */
#include "model/host/work.h"
#include "model/host/bochs.h"
#include "model/instruction_case.h"
#include "spec/vmx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const base_names[] = { "BASE_LONG", "BASE_LONG_NO_EPT", "BASE_COMPATIBILITY", "BASE_PAE", "BASE_PAE_NO_EPT",
	"BASE_32_NO_EPT", "BASE_PROTECTED", "BASE_REAL", "BASE_V86", "BASE_MINIMAL" };

/* Prints a VM-entry case as a C literal for model/directed.c, with both opinions. */
static void print_case(const struct model_header *header, const struct model_case *c, const struct opinion *o)
{
	printf("\t{ %s, {", base_names[c->base]);
	for (u32 i = 0; i < c->change_count; i++)
		printf(" SET(%s, 0x%llx)%s", spec_field_name(c->change[i].field), (unsigned long long)c->change[i].value,
		       i + 1 < c->change_count ? "," : "");
	printf(" } },\n\t\tthe spec: %s", (o->expected & 1) != 0 ? "enters" : "fails");
	for (u32 k = 0; k < SPEC_CHECKS; k++)
		if (spec_bit(o->spec.failed, k))
			printf("; %s (SDM 3C %s: %s)", spec_checks[k].name, spec_checks[k].section, spec_checks[k].text);
	printf("\n\t\tBochs: %s%s%s%s\n", outcome_name(o->seen), o->message < MESSAGES || o->unknown[0] != '\0' ? ", \"" : "",
	       o->message < MESSAGES ? messages[o->message].text : o->unknown, o->message < MESSAGES || o->unknown[0] != '\0' ? "\"" : "");
	(void)header;
}

/* Walks through the log beside the results. */
struct join {
	const char *at, *end, *text;
	u64 tick;
	bool have;
};

static void join_begin(struct join *j, const struct bochs_run *run)
{
	j->at = run->log;
	j->end = run->log + run->log_bytes;
	j->have = run->log != NULL && log_next(&j->at, j->end, &j->tick, &j->text);
}

/* The first message that the log has between `from` and `to`; an unknown one only if it looks like an entry check's. */
static u32 join_message(struct join *j, u64 from, u64 to, char unknown[96], u64 *unknown_texts)
{
	u32 found = MESSAGES;

	unknown[0] = '\0';
	for (; j->have && j->tick < to; j->have = log_next(&j->at, j->end, &j->tick, &j->text)) {
		u32 m = j->tick >= from ? message_find(j->text) : MESSAGES;

		if (found == MESSAGES)
			found = m;
		if (j->tick >= from && m == MESSAGES && (strncmp(j->text, "VMFAIL", 6) == 0 || strncmp(j->text, "VMENTER", 7) == 0)) {
			(*unknown_texts)++;
			snprintf(unknown, 96, "%.*s", (int)strcspn(j->text, "\n"), j->text);
		}
	}
	return found;
}

static enum verdict judge_one(const struct bochs_run *run, struct join *j, u64 i, u64 done, const struct model_case *c, struct opinion *o,
			      struct totals *t)
{
	const struct model_result *results = run->results;
	u64 to = i + 1 < done ? results[i + 1].tsc : UINT64_MAX;
	u32 message = join_message(j, results[i].tsc, to, o->unknown, &t->unknown_texts);

	return judge(run->header, c, &results[i], message, o, &t->entry);
}

/* Drops one change after the other as long as the opinions differ. */
static void minimize(const char *build, struct model_case *c, struct opinion *o)
{
	for (bool smaller = true; smaller && c->change_count > 1;) {
		struct model_case tries[MODEL_CHANGES];
		struct model_params params = { .magic = MODEL_MAGIC, .count = c->change_count, .suite = SUITE_ENTRY, .careful = 1 };
		struct totals ignored = { .dead = 0 };
		struct bochs_run run;
		struct join j;
		u64 done;

		for (u32 i = 0; i < c->change_count; i++) {
			tries[i] = *c;
			tries[i].change[i] = tries[i].change[--tries[i].change_count];
		}
		done = bochs_run(build, &params, tries, NULL, &run);
		join_begin(&j, &run);
		smaller = false;
		for (u32 i = 0; i < done && !smaller; i++) {
			struct opinion other;

			if (judge_one(&run, &j, i, done, &tries[i], &other, &ignored) == DISAGREE) {
				*c = tries[i];
				*o = other;
				smaller = true;
			}
		}
		bochs_free(&run);
	}
}

static void differ_entry(const char *build, const struct bochs_run *run, u64 number, struct model_case *c, struct opinion *o, struct totals *t)
{
	if (t->shown++ >= DIFFERENCES_SHOWN)
		return;
	if (build != NULL)
		minimize(build, c, o);
	printf("difference: VM-entry case %llu\n", (unsigned long long)number);
	print_case(run->header, c, o);
	fflush(stdout);
}

/* The same for the entries of a translation. */
static void minimize_ept(const char *build, const struct spec_caps *caps, struct ept_case *c, struct ept_result *r, struct ept_opinion *o)
{
	static struct ept_case tries[EPT_WRITES];

	for (bool smaller = true; smaller && c->count > 1;) {
		struct model_params params = { .magic = MODEL_MAGIC, .count = c->count, .suite = SUITE_EPT, .careful = 1 };
		struct ept_tally ignored = { .cases = 0 };
		struct bochs_run run;
		u64 done;

		for (u32 i = 0; i < c->count; i++) {
			tries[i] = *c;
			tries[i].count--;
			tries[i].ept_count -= i < c->ept_count;
			memmove(&tries[i].write[i], &tries[i].write[i + 1], (c->count - i - 1) * sizeof(c->write[0]));
		}
		done = bochs_run(build, &params, NULL, tries, &run);
		smaller = false;
		for (u32 i = 0; i < done && !smaller; i++) {
			const struct ept_result *result = (const struct ept_result *)run.results + i;
			struct ept_opinion other;

			if (judge_ept(caps, &tries[i], result, &other, &ignored) == DISAGREE) {
				*c = tries[i];
				*o = other;
				*r = *result;
				smaller = true;
			}
		}
		bochs_free(&run);
	}
}

static void differ_ept(const char *build, const struct spec_caps *caps, u64 number, struct ept_case *c, struct ept_result *r, struct ept_opinion *o,
		       struct totals *t)
{
	if (t->shown++ >= DIFFERENCES_SHOWN)
		return;
	if (build != NULL)
		minimize_ept(build, caps, c, r, o);
	printf("difference: translation case %llu: %s (SDM 3A 4.5-4.8, 3C 28.3)\n", (unsigned long long)number, o->differs);
	printf("\tmode %u access %u cpl %u cr0 %llx cr4 %llx efer %llx eptp %llx pkru %x linear %llx rip %llx\n", c->mode, c->access, c->cpl,
	       (unsigned long long)c->cr0, (unsigned long long)c->cr4, (unsigned long long)c->efer, (unsigned long long)c->eptp, c->pkru,
	       (unsigned long long)c->linear, (unsigned long long)c->rip);
	printf("\tBochs: reason %u error %x qualification %llx gpa %llx linear %llx flags %llx %llx\n", r->reason, r->error_code,
	       (unsigned long long)r->qualification, (unsigned long long)r->gpa, (unsigned long long)r->linear,
	       (unsigned long long)r->ept_flags, (unsigned long long)r->guest_flags);
	printf("\tthe spec: fault %u error %x qualification %llx gpa %llx flags %llx %llx\n", o->spec.fault, o->spec.error_code,
	       (unsigned long long)o->spec.qualification, (unsigned long long)o->spec.guest_physical, (unsigned long long)o->ept_flags,
	       (unsigned long long)o->guest_flags);
	for (u32 i = 0; i < c->count; i++)
		printf("\t\t{ 0x%llx, 0x%llx, %u },\t/* %s */\n", (unsigned long long)c->write[i].address, (unsigned long long)c->write[i].value,
		       c->write[i].bytes, i < c->ept_count ? "EPT" : "guest");
	fflush(stdout);
}

static void judge_run(const char *build, const struct bochs_run *run, u32 suite, u64 seed, u64 first, u64 done, struct totals *t)
{
	struct join j;

	t->caps_differ += memcmp(&run->header->caps, &spec_caps_bochs, sizeof(spec_caps_bochs)) != 0;
	join_begin(&j, run);
	for (u64 i = 0; i < done; i++) {
		if (suite == SUITE_ENTRY) {
			struct model_case c;
			struct opinion o;

			model_generate(seed, first + i, run->header, &c);
			if (((const struct model_result *)run->results)[i].reason == RESULT_EXCEPTION) {
				t->dead++;
				printf("difference: VM-entry case %llu raises exception %u in the runner\n", (unsigned long long)(first + i),
				       ((const struct model_result *)run->results)[i].error);
			} else if (judge_one(run, &j, i, done, &c, &o, t) == DISAGREE) {
				differ_entry(build, run, first + i, &c, &o, t);
			}
		} else {
			struct ept_result r = ((const struct ept_result *)run->results)[i];
			static struct ept_case c;
			struct ept_opinion o;

			ept_generate(seed, first + i, &c);
			if (judge_ept(&run->header->caps, &c, &r, &o, &t->ept) == DISAGREE)
				differ_ept(build, &run->header->caps, first + i, &c, &r, &o, t);
		}
	}
}

void work(const char *build, u32 suite, u64 seed, u64 first, u64 count, u64 kill, struct totals *t)
{
	bool careful = false;

	while (count > 0) {
		struct model_params params = { .magic = MODEL_MAGIC, .seed = seed, .first = first, .count = count, .suite = suite, .careful = careful, .kill = kill };
		struct bochs_run run;
		u64 done;

		if (careful && params.count > MODEL_BATCH)
			params.count = MODEL_BATCH;
		done = bochs_run(build, &params, NULL, NULL, &run);
		judge_run(build, &run, suite, seed, first, done, t);
		bochs_free(&run);
		first += done;
		count -= done;
		if (done == params.count) {
			careful = false;
		} else if (!careful) {
			careful = true;		/* once more from the last batch on, to find the case that kills */
		} else {
			t->dead++;
			printf("difference: case %llu of suite %u ends the runner; going on behind it\n", (unsigned long long)first, suite);
			first++;
			count--;
			careful = false;
		}
	}
}

void work_again(const char *directory, struct totals *t)
{
	struct bochs_run run;
	struct model_params params;
	u64 done = bochs_reopen(directory, &params, &run);

	judge_run(NULL, &run, params.suite, params.seed, params.first, done, t);
}

void work_exits(const char *build, struct totals *t)
{
	struct model_params params = { .magic = MODEL_MAGIC, .count = exit_case_count, .suite = SUITE_EXIT, .careful = 1 };
	struct bochs_run run;
	u64 done = bochs_run(build, &params, NULL, NULL, &run);

	for (u64 i = 0; i < done; i++) {
		const struct exit_result *r = (const struct exit_result *)run.results + i;
		const struct exit_case *c = &exit_cases[i];
		const char *differs = judge_exit(c, r, &t->exits);

		if (differs != NULL)
			printf("difference: exit of \"%s\": %s (SDM 3C 27.2)\n\tBochs: reason %x length %u qualification %llx information %x\n"
			       "\tthe spec: reason %x length %u qualification %llx information %x\n", c->name, differs, r->reason, r->length,
			       (unsigned long long)r->qualification, r->info, c->reason, c->length, (unsigned long long)c->qualification, c->info);
	}
	t->dead += exit_case_count - done;
	bochs_free(&run);
}

static const char *compare_counter(const struct counter_case *c, const struct exit_result *r, u64 stub)
{
	if (r->reason != c->snippet.reason)
		return "exit reason";
	if (r->gpa - stub != c->ticks)
		return "instructions counted";
	if (c->has_rcx && r->linear != c->rcx)
		return "RCX";
	return c->has_timer && r->error != c->saved ? "saved timer value" : NULL;
}

void work_counter(const char *build, struct totals *t)
{
	struct model_params params = { .magic = MODEL_MAGIC, .count = counter_case_count, .suite = SUITE_COUNTER, .careful = 1 };
	struct bochs_run run;
	u64 done = bochs_run(build, &params, NULL, NULL, &run);
	const struct exit_result *r = run.results;

	for (u64 i = 0; i < done; i++) {
		const char *differs = compare_counter(&counter_cases[i], &r[i], r[0].gpa);

		t->counter_cases++;
		if (differs == NULL)
			continue;
		t->counter_differ++;
		printf("difference: counter, \"%s\": %s: reason %u, %lld instructions, RCX %llx, timer %llu\n", counter_cases[i].snippet.name, differs, r[i].reason,
		       (long long)(r[i].gpa - r[0].gpa), (unsigned long long)r[i].linear, (unsigned long long)r[i].error);
	}
	t->dead += counter_case_count - done;
	bochs_free(&run);
}

static const char *compare_instruction(const struct instruction_case *c, const struct model_result *r, const char *text)
{
	bool waived = c->waiver != NULL;

	if (r->reason != (u32)(waived ? c->waived_outcome : c->outcome))
		return "flags";
	if (r->error != (waived ? c->waived_error : c->error))
		return "VM-instruction error";
	if ((text == NULL) != (c->text == NULL) || (text != NULL && !message_match(c->text, text)))
		return "text";
	return NULL;
}

void work_instructions(const char *build, struct totals *t)
{
	struct model_params params = { .magic = MODEL_MAGIC, .count = instruction_case_count, .suite = SUITE_INSTRUCTION, .careful = 1 };
	struct bochs_run run;
	u64 done = bochs_run(build, &params, NULL, NULL, &run);
	const struct model_result *r = run.results;
	struct join j;

	join_begin(&j, &run);
	for (u64 i = 0; i < done; i++) {
		const struct instruction_case *c = &instruction_cases[i];
		const char *text = NULL, *differs;

		for (; j.have && j.tick <= r[i].extra; j.have = log_next(&j.at, j.end, &j.tick, &j.text))
			if (j.tick >= r[i].tsc)	/* the last line is the instruction's own; is_eptptr_valid may add one before */
				text = j.text;
		differs = compare_instruction(c, &r[i], text);
		t->instruction_cases++;
		t->instruction_texts += differs == NULL && c->text != NULL;
		t->instruction_waived += c->waiver != NULL;
		if (differs == NULL)
			continue;
		t->instruction_differ++;
		printf("difference: \"%s\": %s (SDM 3C 30.3): outcome %u, error %u, text %.*s\n", c->name, differs, r[i].reason, r[i].error,
		       text != NULL ? (int)strcspn(text, "\n") : 4, text != NULL ? text : "none");
	}
	t->dead += instruction_case_count - done;
	bochs_free(&run);
}
