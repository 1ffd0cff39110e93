/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs `info` and `verify`: looking at a recording without running it. */
#include "inspect.h"

#include "differs.h"
#include "recording.h"
#include "say.h"
#include "verb.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAIL_BYTES 512u
#define TAIL_LINES 6

static bool list_events;	/* --events */

/* "Linux version 6.1..." of an uncompressed kernel, or "". */
static void print_kernel(const struct recording *recording, u32 v)
{
	static const char banner[] = "Linux version ";

	for (u32 i = 0; i < recording->plan.vm[v].image_count; i++) {
		const struct bytes *image = &recording->image[v][i];
		const u8 *at = memmem(image->data, image->count, banner, sizeof(banner) - 1);
		u64 left;

		if (at == NULL || !isdigit(at[sizeof(banner) - 1]))
			continue;
		left = image->count - (u64)(at - image->data);
		printf("  kernel    %.*s\n", (int)strcspn((const char *)at, "\n(") < (int)left ?
		       (int)strcspn((const char *)at, "\n(") : (int)left, at);
		return;
	}
}

static const char *end_text(const struct recording_vm *vm)
{
	static const char *const texts[] = { "?", "ended with a status", "reset", "halted", "triple fault", "stopped by the hypervisor",
					     "refused", "the journal was full" };

	if (!vm->ended)
		return "cut off";
	return vm->end_code < sizeof(texts) / sizeof(texts[0]) ? texts[vm->end_code] : "?";
}

/* The console's last lines; what is not printable is left out. */
static void print_console(const struct bytes *console)
{
	u64 from = console->count > TAIL_BYTES ? console->count - TAIL_BYTES : 0;
	u32 lines = 0;

	for (u64 i = console->count; i > from; i--)
		if (console->data[i - 1] == '\n' && i < console->count && ++lines == TAIL_LINES)
			from = i;
	if (console->count > 0)
		printf("  console   %llu bytes, which end in\n  | ", (unsigned long long)console->count);
	for (u64 i = from; i < console->count; i++) {
		if (console->data[i] == '\n' && i + 1 < console->count)
			printf("\n  | ");
		else if (isprint(console->data[i]) || console->data[i] == '\t')
			putchar(console->data[i]);
	}
	if (console->count > 0)
		putchar('\n');
}

static bool print_event(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context)
{
	char *text = event_text(event);

	(void)context;
	(void)bytes;
	printf("  %12llu %14llu  %s (block %llu, byte %u)\n", (unsigned long long)event->position,
	       (unsigned long long)event->time, text, (unsigned long long)block, offset);
	free(text);
	return true;
}

static void print_vm(const struct recording *recording, u32 v)
{
	const struct recording_vm *vm = &recording->vm[v];

	printf("vm %s: %s\n", recording->plan.vm[v].name, recording->guest[v] != NULL ? recording->guest[v] : "");
	print_kernel(recording, v);
	printf("  memory    %llu MiB, %u images\n", (unsigned long long)(recording->plan.vm[v].ram_bytes >> 20),
	       recording->plan.vm[v].image_count);
	printf("  length    %llu instructions, %.3f s of virtual time, %llu exits\n", (unsigned long long)vm->position,
	       (double)vm->time / 1e9, (unsigned long long)vm->exits);
	printf("  journal   %llu bytes: %llu inputs, %llu digests\n", (unsigned long long)vm->journal.count,
	       (unsigned long long)vm->inputs, (unsigned long long)vm->digests);
	if (vm->ended && vm->end_code == 1)
		printf("  end       ended with status %u\n", vm->end_value);
	else
		printf("  end       %s\n", end_text(vm));
	print_console(&vm->console);
	if (list_events) {
		printf("      position           time  event\n");
		recording_events(recording, v, print_event, NULL);
	}
}

static bool take_option(int key, char *arg)
{
	(void)arg;
	list_events = list_events || key == 'e';
	return true;
}

static const struct argp_option info_options[] = {
	{ "events", 'e', NULL, 0, "list every event of the journals", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

int info_main(int argc, char **argv)
{
	static const struct verb verb = {
		.options = info_options, .take = take_option,
		.doc = "Say what a recording is: its guests, how long they ran, what came in, how they ended.",
	};
	static struct recording recording;
	time_t created;
	char when[32];
	int status;

	status = verb_open(argc, argv, &verb, NULL, &recording);
	if (status == 0) {
		created = (time_t)recording.created;
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", gmtime(&created));
		printf("%s: recorded %s, clock %s, build %.16s%s\n", recording.path, when,
		       recording.host_clock ? "host" : "virtual", recording.build, recording.finished ? "" : ", not finished");
		for (u32 v = 0; v < recording.plan.vm_count; v++)
			print_vm(&recording, v);
	}
	recording_free(&recording);
	return status;
}

int verify_main(int argc, char **argv)
{
	static const struct verb verb = {
		.strict = true,
		.doc = "Check a recording without running it: every member against its digest, every block of the journals.",
	};
	static struct recording recording;
	u64 blocks = 0, events = 0;
	int status;

	status = verb_open(argc, argv, &verb, NULL, &recording);
	for (u32 v = 0; v < recording.plan.vm_count && status == 0; v++) {
		blocks += recording.vm[v].blocks;
		events += recording.vm[v].events;
	}
	if (status == 0)
		printf("%s: whole: %u VMs, %llu blocks with %llu events\n", recording.path, recording.plan.vm_count,
		       (unsigned long long)blocks, (unsigned long long)events);
	recording_free(&recording);
	return status;
}
