/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recording body of the input door: asks the host, and journals what it said. A block is written when it is full, and
 * at a digest, before a wait and at the end if it holds an input: then what a person typed is safe.
 */
#include "input.h"
#include "cpu.h"
#include "follow.h"
#include "host.h"
#include "journal.h"
#include "mem.h"
#include "session.h"
#include "state.h"
#include "states.h"
#include "text.h"
#include "vcpu.h"

struct journal {
	u8 block[JOURNAL_BLOCK_BYTES] __attribute__((aligned(512)));
	struct journal_cursor at;
	u64 next_digest;
	bool unsafe;	/* the block holds an input that is not on the disk */
	bool closed;
	bool told;	/* that there is no room for states */
};

static struct journal journals[VM_MAX];
static struct session session;
static u8 sector[SESSION_BYTES] __attribute__((aligned(512)));

const char *input_begin(const struct plan *plan, bool exact)
{
	const char *why;

	follow_begin(plan);
	if (!exact)
		return "recording needs a counter of instructions, which this machine lacks";
	if (!mem_page_hash_ready())
		return "recording needs AVX-512 and VAES, which this machine lacks";
	if (!host_disk_read(HOST_DISK_JOURNAL, 0, 1, cpu_physical((const u64 *)(const void *)sector)))
		return "the journal disk (ata1-master) cannot be read";
	why = session_decode(sector, &session);
	if (why == NULL && session.vm_count != plan->vm_count)
		why = "the session has another number of VMs than the plan";
	states_begin(&session);
	return why != NULL ? why : state_begin(plan, &session);
}

void input_started(vm_id vm)
{
	struct journal *j = &journals[vm];

	j->at = (struct journal_cursor){ 0 };
	j->unsafe = j->closed = j->told = false;
	j->at.vm = session.index[vm];
	j->at.recording = session.recording;
	j->next_digest = session.digest_ticks;
	journal_begin_block(j->block, &j->at);
}

/* The journal takes no more: the VM stops, and what was recorded stays. */
static void stop(vm_id vm, const char *why)
{
	struct text text;

	text_begin(&text);
	text_string(&text, why);
	text_string(&text, ": stopped at position ");
	text_decimal(&text, vcpus[vm].position);
	text_string(&text, "; the recording up to here is whole");
	output_message(text_end(&text));
	vcpu_end(vm, LINK_END_JOURNAL, 0);
}

static void write(vm_id vm)
{
	struct journal *j = &journals[vm];
	u64 to = 1 + vm * session.sectors + j->at.sequence;

	journal_seal_block(j->block, &j->at);
	j->unsafe = false;
	if (j->closed || host_disk_write(HOST_DISK_JOURNAL, to, 1, cpu_physical((const u64 *)(const void *)j->block)))
		return;
	j->closed = true;
	stop(vm, "the journal cannot be written");
}

/* The last block is kept for the end. */
static void add(vm_id vm, const struct journal_event *event)
{
	struct journal *j = &journals[vm];

	if (!journal_add(j->block, &j->at, event)) {
		write(vm);
		j->at.sequence++;
		journal_begin_block(j->block, &j->at);
		(void)journal_add(j->block, &j->at, event);
		if (j->at.sequence + 2 == session.sectors && vcpus[vm].state != VCPU_ENDED)
			stop(vm, "the journal is full");
	}
	j->unsafe = j->unsafe || event->kind != JOURNAL_DIGEST;
}

static void begin(vm_id vm, struct journal_event *event, u32 kind)
{
	event->kind = kind;
	event->code = 0;
	event->position = vcpus[vm].position;
	event->time = vcpu_time(vm);
	event->value = 0;
}

u32 input_console(vm_id vm)
{
	struct journal_event event;
	u32 byte = host_console(vm);

	if (byte == INPUT_NONE)
		return INPUT_NONE;
	begin(vm, &event, JOURNAL_CONSOLE);
	event.value = byte;
	add(vm, &event);
	return byte;
}

bool input_ready(vm_id vm)
{
	return host_console_waits(vm);
}

u64 input_time(vm_id vm, u64 now)
{
	struct journal_event event;
	u64 time = follow_time(now);

	if (time > now) {
		begin(vm, &event, JOURNAL_TIME);
		event.value = time - now;
		add(vm, &event);
	}
	return time;
}

u64 input_wait(vm_id vm, u64 now, u64 until)
{
	if (journals[vm].unsafe && follow_waits())
		write(vm);
	return follow_wait(vm, now, until);
}

/* The state that a digest was taken of. A recording without it replays as well. */
static void keep(vm_id vm)
{
	if (session.states_sectors != 0 && !states_write(vm, false) && !journals[vm].told) {
		journals[vm].told = true;
		output_message("no room for more states: where a replay differs later, it can tell hashes only");
	}
}

void input_boundary(vm_id vm)
{
	struct journal *j = &journals[vm];
	struct journal_event event;

	if (vcpus[vm].position < j->next_digest)
		return;
	j->next_digest = (vcpus[vm].position / session.digest_ticks + 1) * session.digest_ticks;
	begin(vm, &event, JOURNAL_DIGEST);
	state_digest(vm, &event.digest);
	add(vm, &event);
	keep(vm);
	if (j->unsafe)
		write(vm);
}

u64 input_end(vm_id vm)
{
	struct journal_event event;

	if (vcpus[vm].end == LINK_END_REFUSED)
		return 0;
	begin(vm, &event, JOURNAL_END);
	event.code = vcpus[vm].end;
	event.value = vcpus[vm].end_value;
	state_digest(vm, &event.digest);
	add(vm, &event);
	keep(vm);
	write(vm);
	return state_fold(&event.digest);
}
