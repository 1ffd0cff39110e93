/* SPDX-License-Identifier: BSD-2-Clause */
/* What a replaying hypervisor says about the state of a VM, in words. */
#include "differs.h"

#include "names.h"
#include "say.h"
#include "states.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS 5u

static const char *const registers[] = { "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11",
					 "R12", "R13", "R14", "R15", "RIP", "RFLAGS", "CR3" };
static const char *const parts[] = { "control registers and pending events", "segment registers",
				     "CR2, debug registers, CR8 or swapped MSRs", "x87, SSE or AVX state", "the PIT",
				     "the RTC", "the UART", "the PICs", "PCI or the keyboard controller",
				     "the entropy generator", "memory (low half of its hash)",
				     "memory (high half of its hash)" };
static const char *const states[] = { "CR0", "CR4", "CR2", "EFER", "CS", "SS" };

char *event_text(const struct journal_event *event)
{
	unsigned long long value = event->value;

	switch (event->kind) {
	case JOURNAL_CONSOLE:
		return value >= 0x20 && value < 0x7f ? say_format("console byte %02llXH '%c'", value, (char)value) :
						       say_format("console byte %02llXH", value);
	case JOURNAL_TIME:
		return say_format("host time moved on by %llu ns", value);
	case JOURNAL_DIGEST:
		return say_format("digest after %llu exits", (unsigned long long)event->digest.exits);
	default:
		return say_format("end (code %u, value %llu)", event->code, value);
	}
}

/* The last events up to a position. */
struct tail {
	u64 until, count;
	struct journal_event event[EVENTS], next;
	bool more;
};

static bool tail_take(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	struct tail *tail = context;

	(void)block;
	(void)offset;
	(void)bytes;
	if (event->position > tail->until) {
		tail->next = *event;
		tail->more = true;
		return false;
	}
	tail->event[tail->count++ % EVENTS] = *event;
	return true;
}

static void event_say(const struct journal_event *event)
{
	char *text = event_text(event);

	say("    position %llu, time %llu: %s", (unsigned long long)event->position, (unsigned long long)event->time, text);
	free(text);
}

static void tail_say(const struct recording *recording, u32 index, u64 position)
{
	struct tail tail = { .until = position };

	recording_events(recording, index, tail_take, &tail);
	if (tail.count > 0)
		say("  the last events recorded up to there:");
	for (u64 i = tail.count > EVENTS ? tail.count - EVENTS : 0; i < tail.count; i++)
		event_say(&tail.event[i % EVENTS]);
	if (tail.more)
		say("  and the next one:");
	if (tail.more)
		event_say(&tail.next);
}

/* One difference, but what a hash stands for. */
static void say_one(const struct link_report *report)
{
	unsigned long long found = report->extra[0], recorded = report->extra[1];
	u32 code = report->code;
	char place[320] = "", other[320] = "";

	if (code == DIGEST_RIP) {
		names_text(found, place, sizeof(place));
		names_text(recorded, other, sizeof(other));
	}
	if (code < DIGEST_REGISTERS)
		say("  %s: found %llXH%s, recorded %llXH%s", registers[code], found, place, recorded, other);
	else if (code == LINK_DIFFERS_EXITS)
		say("  exits: found %llu, recorded %llu", found, recorded);
	else if (code == LINK_DIFFERS_MISSED)
		say("  the VM passed position %llu without asking for the input recorded there", recorded);
	else if (code == LINK_DIFFERS_EARLY)
		say("  the VM has a digest or ends here; the recording's next event is at position %llu", recorded);
	else if (code == LINK_DIFFERS_END)
		say("  the end: found code %llu with value %llu, recorded code %llu with value %llu", found >> 32,
		    found & 0xffffffff, recorded >> 32, recorded & 0xffffffff);
}

static void say_hashes(const struct differs *differs)
{
	for (u32 i = 0; i < differs->count; i++) {
		const struct link_report *report = &differs->report[i];

		if (report->code >= LINK_DIFFERS_PART && report->code < LINK_DIFFERS_PART + DIGEST_PARTS)
			say("  %s: found a hash of %08llXH, recorded %08llXH", parts[report->code - LINK_DIFFERS_PART],
			    (unsigned long long)report->extra[0], (unsigned long long)report->extra[1]);
	}
}

void differs_add(struct differs *differs, const struct link_report *report)
{
	if (differs->count < DIFFERS_MAX)
		differs->report[differs->count++] = *report;
}

void differs_say(const struct recording *recording, u32 index, const struct differs *differs, const struct bytes *found)
{
	const struct link_report *last = &differs->report[differs->count - 1];
	bool hashes = false;
	char rip[400] = "", place[320];

	if (last->code == LINK_DIFFERS_AT) {
		names_text(last->extra[0], place, sizeof(place));
		snprintf(rip, sizeof(rip), ", RIP %llXH%s", (unsigned long long)last->extra[0], place);
	}
	say("%s: the replay differs from the recording at position %llu%s (all agreed up to %llu):", recording->plan.vm[index].name,
	    (unsigned long long)last->position, rip, (unsigned long long)last->digest);
	for (u32 i = 0; i < differs->count; i++) {
		say_one(&differs->report[i]);
		hashes = hashes || (differs->report[i].code >= LINK_DIFFERS_PART &&
				    differs->report[i].code < LINK_DIFFERS_PART + DIGEST_PARTS);
	}
	if (hashes && !states_say(found, &recording->vm[index].states))
		say_hashes(differs);
	tail_say(recording, index, last->position);
}
void state_print(const char *vm, const struct link_report *report)
{
	const char *name = "?";
	char place[320] = "";

	if (report->code < DIGEST_REGISTERS)
		name = registers[report->code];
	else if (report->code >= LINK_STATE_CR0 && report->code <= LINK_STATE_SS)
		name = states[report->code - LINK_STATE_CR0];
	if (report->code == 0)
		printf("%s: position %llu, virtual time %llu, %llu exits\n", vm, (unsigned long long)report->position,
		       (unsigned long long)report->vtime, (unsigned long long)report->exits);
	if (report->code == DIGEST_RIP)
		names_text(report->extra[0], place, sizeof(place));
	printf("%-6s %016llx%s\n", name, (unsigned long long)report->extra[0], place);
}
