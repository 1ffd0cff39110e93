/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace events in JSON: one process for each VM; time is the VM's virtual time in microseconds. */
#include "export.h"

#include "say.h"

#define PIC_LINES 16u
#define COUNTER_NS 10000000ull	/* between two values of the counter of exits */

/* A slice; names and details hold nothing that JSON would have to escape. */
static void slice(FILE *out, const struct trace_record *record)
{
	char detail[128];

	trace_detail(record, detail, sizeof(detail));
	fprintf(out, ",\n{\"ph\":\"X\",\"cat\":\"exit\",\"name\":\"%s\",\"pid\":%u,\"tid\":1,\"ts\":%.3f,\"dur\":%.3f,"
		"\"args\":{\"position\":%llu,\"rip\":\"0x%llx\",\"detail\":\"%s\"}}", trace_reason(record), record->vm + 1,
		(double)record->time / 1000, (double)record->ticks / 1000, (unsigned long long)record->position,
		(unsigned long long)record->rip, detail);
	if ((record->flags & TRACE_EVENT) != 0)
		fprintf(out, ",\n{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"interrupt\",\"name\":\"inject vector %u\",\"pid\":%u,"
			"\"tid\":2,\"ts\":%.3f}", record->detail & 0xff, record->vm + 1, (double)record->time / 1000);
}

/* An interrupt is in service from the VM entry that delivers it to the exit that ends it; what is between two exits is seen
 * at the second. */
static void interrupts(FILE *out, u64 since[PIC_LINES], const struct trace_record *last, const struct trace_record *record)
{
	u64 entered = record->time - (record->position - last->position);

	for (u32 irq = 0; irq < PIC_LINES; irq++) {
		bool was = (last->in_service >> irq & 1) != 0, is = (record->in_service >> irq & 1) != 0;

		if (!was && is)
			since[irq] = entered;
		if (was && !is)
			fprintf(out, ",\n{\"ph\":\"X\",\"cat\":\"interrupt\",\"name\":\"IRQ %u\",\"pid\":%u,\"tid\":2,\"ts\":%.3f,"
				"\"dur\":%.3f}", irq, record->vm + 1, (double)since[irq] / 1000,
				(double)(last->time - since[irq]) / 1000);
	}
}

/* From HLT to the VM's next exit it was halted or ran; the exit after the wait tells when the wait was over. */
static void halted(FILE *out, const struct trace_record *from, const struct trace_record *to)
{
	u64 idle = (to->time - to->position) - (from->time - from->position);

	if ((from->flags & TRACE_HALTED) != 0 && idle > 0)
		fprintf(out, ",\n{\"ph\":\"X\",\"cat\":\"state\",\"name\":\"halted\",\"pid\":%u,\"tid\":3,\"ts\":%.3f,"
			"\"dur\":%.3f}", from->vm + 1, (double)from->time / 1000, (double)idle / 1000);
}

static void counter(FILE *out, u32 vm, u64 time, u64 exits)
{
	fprintf(out, ",\n{\"ph\":\"C\",\"name\":\"exits in 10 ms\",\"pid\":%u,\"ts\":%.3f,\"args\":{\"exits\":%llu}}", vm + 1,
		(double)time / 1000, (unsigned long long)exits);
}

int export_perfetto(struct trace *trace, const struct trace_filter *filter, FILE *out)
{
	static struct { bool any; struct trace_record last; u64 window, exits, since[PIC_LINES]; } vms[VM_MAX];
	static const char *const threads[] = { "", "exits", "interrupts", "halted" };
	struct trace_record record;

	fprintf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{\"ph\":\"M\",\"name\":\"trace\",\"pid\":0}");
	for (u32 v = 0; v < trace->recording->plan.vm_count; v++) {
		record.vm = (u8)v;
		fprintf(out, ",\n{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"args\":{\"name\":\"%s\"}}", v + 1,
			trace_vm(trace, &record));
		for (u32 t = 1; t <= 3; t++)
			fprintf(out, ",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%u,\"args\":{\"name\":\"%s\"}}",
				v + 1, t, threads[t]);
	}
	while (trace_next(trace, &record)) {
		u32 v = record.vm % VM_MAX;

		if (!trace_wanted(filter, trace, &record))
			continue;
		slice(out, &record);
		if (vms[v].any) {
			halted(out, &vms[v].last, &record);
			interrupts(out, vms[v].since, &vms[v].last, &record);
		}
		if (record.time / COUNTER_NS != vms[v].window) {
			counter(out, v, vms[v].window * COUNTER_NS, vms[v].exits);
			vms[v].window = record.time / COUNTER_NS;
			vms[v].exits = 0;
		}
		vms[v].exits++;
		vms[v].last = record;
		vms[v].any = true;
	}
	fprintf(out, "\n]}\n");
	return ferror(out) ? say_fail(STATUS_FAILED, "the trace cannot be written") : 0;
}
