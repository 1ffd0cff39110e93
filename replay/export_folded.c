/* SPDX-License-Identifier: BSD-2-Clause */
/* Folded stacks: where the hypervisor's ticks go. */
#include "export.h"

#include "say.h"

#include <stdlib.h>
#include <string.h>

struct stack {
	u32 vm, reason, what;	/* what: port, direction in bit 16; MSR; CPUID leaf; 0 */
	u64 ticks;
};

static struct stack *stacks;
static u64 count, room;

static u32 what_of(const struct trace_record *record)
{
	struct trace_io io;

	if (trace_io(record, &io))
		return io.port | (io.in ? 0x10000u : 0);
	switch (record->reason & 0xffffu) {
	case EXIT_RDMSR:
	case EXIT_WRMSR:
	case EXIT_CPUID:
		return record->detail;
	default:
		return 0;
	}
}

static void print(FILE *out, const struct trace *trace, const struct stack *stack)
{
	struct trace_record record = { .vm = (u8)stack->vm, .reason = stack->reason };

	fprintf(out, "%s;%s", trace_vm(trace, &record), trace_reason(&record));
	switch (stack->reason) {
	case EXIT_IO_INSTRUCTION:
		fprintf(out, ";%s %03XH", (stack->what & 0x10000u) != 0 ? "IN" : "OUT", stack->what & 0xffff);
		break;
	case EXIT_RDMSR:
	case EXIT_WRMSR:
		fprintf(out, ";MSR %XH", stack->what);
		break;
	case EXIT_CPUID:
		fprintf(out, ";leaf %XH", stack->what);
		break;
	default:
		break;
	}
	fprintf(out, " %llu\n", (unsigned long long)stack->ticks);
}

int export_folded(struct trace *trace, const struct trace_filter *filter, FILE *out)
{
	struct trace_record record;

	while (trace_next(trace, &record)) {
		struct stack stack = { record.vm, record.reason & 0xffffu, what_of(&record), 0 };
		u64 i = 0;

		if (!trace_wanted(filter, trace, &record))
			continue;
		while (i < count && (stacks[i].vm != stack.vm || stacks[i].reason != stack.reason || stacks[i].what != stack.what))
			i++;
		if (i == count) {
			if (count == room) {
				room = room == 0 ? 64 : room * 2;
				stacks = realloc(stacks, room * sizeof(stack));
				if (stacks == NULL)
					return say_fail(STATUS_FAILED, "no memory for the stacks");
			}
			stacks[count++] = stack;
		}
		stacks[i].ticks += record.ticks;
	}
	for (u64 i = 0; i < count; i++)
		print(out, trace, &stacks[i]);
	free(stacks);
	return ferror(out) ? say_fail(STATUS_FAILED, "the stacks cannot be written") : 0;
}
