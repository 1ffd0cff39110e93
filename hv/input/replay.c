/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replaying body of the input door: gives each VM what its journal says, where it says so, and checks each digest.
 * The first difference ends the VM and is reported. A journal that ends before its VM did ends the VM there.
 *
 * A debugger makes the run one of its own by setting input_forked in memory: from then on nothing of the journal comes in,
 * and nothing is compared with it.
 */
#include "input.h"
#include "checkpoint.h"
#include "cpu.h"
#include "host.h"
#include "journal.h"
#include "mem.h"
#include "session.h"
#include "state.h"
#include "states.h"
#include "text.h"
#include "vcpu.h"
#include "vmcs.h"

#define REACHED_TICKS 100000000u	/* between two LINK_REACHED */

struct reader {
	u8 block[JOURNAL_BLOCK_BYTES] __attribute__((aligned(512)));
	struct journal_cursor at;
	struct journal_event next;	/* unless `over` */
	bool over;
	u64 next_digest, next_reached;
	u64 good;			/* position of the last digest that agreed */
};

volatile bool input_forked;
static struct reader readers[VM_MAX];
static struct session session;
static u8 sector[SESSION_BYTES] __attribute__((aligned(512)));

/* Takes the next record, or finds that there is none. */
static void advance(vm_id vm)
{
	struct reader *r = &readers[vm];
	enum journal_error error = JOURNAL_OK;
	struct text text;

	while (r->at.at >= r->at.used && error == JOURNAL_OK) {
		r->at.sequence++;
		if (r->at.sequence + 1 >= session.sectors)
			error = JOURNAL_UNWRITTEN;
		else if (!host_disk_read(HOST_DISK_JOURNAL, 1 + vm * session.sectors + r->at.sequence, 1,
					 cpu_physical((const u64 *)(const void *)r->block)))
			error = JOURNAL_UNWRITTEN;
		else
			error = journal_open_block(r->block, &r->at);
	}
	if (error == JOURNAL_OK)
		error = journal_next(r->block, &r->at, &r->next);
	r->over = error != JOURNAL_OK;
	if (!r->over || error == JOURNAL_UNWRITTEN)
		return;
	text_begin(&text);
	text_string(&text, "journal block ");
	text_decimal(&text, r->at.sequence);
	text_string(&text, ": ");
	text_string(&text, journal_error_text(error));
	text_string(&text, "; replaying what comes before it");
	output_message(text_end(&text));
}

const char *input_begin(const struct plan *plan, bool exact)
{
	const char *why;

	if (!exact)
		return "replaying needs a counter of instructions, which this machine lacks";
	if (!mem_page_hash_ready())
		return "replaying needs AVX-512 and VAES, which this machine lacks";
	if (!host_disk_read(HOST_DISK_JOURNAL, 0, 1, cpu_physical((const u64 *)(const void *)sector)))
		return "the journal disk (ata1-master) cannot be read";
	why = session_decode(sector, &session);
	if (why == NULL && session.vm_count != plan->vm_count)
		why = "the session has another number of VMs than the plan";
	if (why == NULL)
		why = state_begin(plan, &session);
	checkpoint_begin(plan, &session);
	states_begin(&session);
	return why;
}

static u64 after(u64 position, u64 ticks)
{
	return (position / ticks + 1) * ticks;
}

/* The quantum ends where the replay shall stop, if that comes first: there is no next instruction to disturb. */
static void clip(vm_id vm)
{
	if (vcpus[vm].quantum_end > session.until)
		vcpus[vm].quantum_end = session.until;
}

void input_started(vm_id vm)
{
	struct reader *r = &readers[vm];
	struct vcpu *v = &vcpus[vm];

	*r = (struct reader){ 0 };
	r->at.vm = session.index[vm];
	r->at.recording = session.recording;
	r->at.sequence = ~0u;
	advance(vm);
	if (session.restore_sector[vm] != 0) {
		if (!checkpoint_restore(vm)) {
			vcpu_end(vm, LINK_END_REFUSED, 0);
			return;
		}
		while (!r->over && (r->next.position < v->position ||
				    (r->next.position == v->position && r->next.kind != JOURNAL_DIGEST)))
			advance(vm);
		if (!r->over && r->next.position == v->position)
			advance(vm);	/* the digest that the checkpoint was taken after */
		r->good = v->position;
	}
	r->next_digest = after(v->position, session.digest_ticks);
	r->next_reached = after(v->position, REACHED_TICKS);
	clip(vm);
}

static void differ(vm_id vm, u32 what, u64 found, u64 recorded)
{
	struct link_report report = { .type = LINK_DIFFERS, .code = (u16)what, .extra = { found, recorded } };

	report.digest = readers[vm].good;
	vcpu_report(vm, &report);
	vcpu_end(vm, LINK_END_DIFFERS, 0);
}

/* True if the VM may go on: it has not passed the next record, and there is one. */
static bool check(vm_id vm)
{
	struct reader *r = &readers[vm];
	struct vcpu *v = &vcpus[vm];

	if (v->state == VCPU_ENDED)
		return false;
	if (input_forked)
		return true;
	if (r->over)
		vcpu_end(vm, LINK_END_JOURNAL, 0);
	else if (r->next.position < v->position || (r->next.position == v->position && r->next.time < vcpu_time(vm)))
		differ(vm, LINK_DIFFERS_MISSED, v->position, r->next.position);
	else if (r->next.position == v->position && r->next.time == vcpu_time(vm) && r->next.kind == JOURNAL_END &&
		 r->next.code == LINK_END_JOURNAL)
		vcpu_end(vm, LINK_END_JOURNAL, 0);	/* as in the recording */
	return v->state != VCPU_ENDED;
}

/* Whether the next record is of this kind and for here and now. */
static bool due(vm_id vm, u32 kind)
{
	struct reader *r = &readers[vm];

	return check(vm) && !input_forked && r->next.kind == kind && r->next.position == vcpus[vm].position &&
	       r->next.time == vcpu_time(vm);
}

u32 input_console(vm_id vm)
{
	u64 byte = readers[vm].next.value;

	if (!due(vm, JOURNAL_CONSOLE))
		return INPUT_NONE;
	advance(vm);
	return (u32)byte;
}

/* A VM that waits for input wakes by itself, at the time that the journal says. */
bool input_ready(vm_id vm)
{
	(void)vm;
	return false;
}

u64 input_time(vm_id vm, u64 now)
{
	u64 jump = readers[vm].next.value;

	if (!due(vm, JOURNAL_TIME))
		return now;
	advance(vm);
	return now + jump;
}

u64 input_wait(vm_id vm, u64 now, u64 until)
{
	struct reader *r = &readers[vm];

	if (!check(vm))
		return now;
	if (input_forked) {
		if (until == TIME_NEVER)	/* for input, and none comes */
			vcpu_end(vm, LINK_END_JOURNAL, 0);
		return until == TIME_NEVER ? now : until;
	}
	if (r->next.position == vcpus[vm].position)
		return r->next.time < until ? r->next.time : until;
	if (until == TIME_NEVER)	/* it waits for input only, and none comes here */
		differ(vm, LINK_DIFFERS_MISSED, vcpus[vm].position, r->next.position);
	return until == TIME_NEVER ? now : until;
}

/* Reports all that differs. */
static void compare(vm_id vm, const struct digest *found, const struct digest *recorded)
{
	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		if (found->reg[i] != recorded->reg[i])
			differ(vm, i, found->reg[i], recorded->reg[i]);
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		if (found->part[i] != recorded->part[i])
			differ(vm, LINK_DIFFERS_PART + i, found->part[i], recorded->part[i]);
	if (found->exits != recorded->exits)
		differ(vm, LINK_DIFFERS_EXITS, found->exits, recorded->exits);
}

static void tell(vm_id vm, u32 what, u64 value)
{
	struct link_report report = { .type = LINK_STATE, .code = (u16)what, .extra = { value, 0 } };

	vcpu_report(vm, &report);
}

static void tell_state(vm_id vm, const struct digest *digest)
{
	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		tell(vm, i, digest->reg[i]);
	tell(vm, LINK_STATE_CR0, cpu_vmread(vm, GUEST_CR0));
	tell(vm, LINK_STATE_CR4, cpu_vmread(vm, GUEST_CR4));
	tell(vm, LINK_STATE_CR2, vcpus[vm].cr2);
	tell(vm, LINK_STATE_EFER, cpu_vmread(vm, GUEST_IA32_EFER));
	tell(vm, LINK_STATE_CS, cpu_vmread(vm, GUEST_CS_SELECTOR));
	tell(vm, LINK_STATE_SS, cpu_vmread(vm, GUEST_SS_SELECTOR));
}

void input_boundary(vm_id vm)
{
	struct reader *r = &readers[vm];
	struct vcpu *v = &vcpus[vm];
	struct link_report reached = { .type = LINK_REACHED };
	struct digest digest;

	if (v->position >= session.until && v->state != VCPU_ENDED) {
		state_digest(vm, &digest);
		tell_state(vm, &digest);
		vcpu_end(vm, LINK_END_UNTIL, 0);
		return;
	}
	clip(vm);
	if (v->position >= r->next_reached) {
		r->next_reached = after(v->position, REACHED_TICKS);
		vcpu_report(vm, &reached);
	}
	if (input_forked || v->position < r->next_digest || !check(vm))
		return;
	r->next_digest = after(v->position, session.digest_ticks);
	state_digest(vm, &digest);
	if (!due(vm, JOURNAL_DIGEST)) {
		differ(vm, LINK_DIFFERS_EARLY, v->position, r->next.position);
		return;
	}
	compare(vm, &digest, &r->next.digest);
	if (v->state == VCPU_ENDED)
		return;
	r->good = v->position;
	advance(vm);
	checkpoint_maybe(vm);
	if (r->over)
		vcpu_end(vm, LINK_END_JOURNAL, 0);
}

static u64 ending(u32 code, u64 value)
{
	return (u64)code << 32 | value;
}

/* How the VM ended against how the recording says it did. */
static void compare_end(vm_id vm, const struct digest *digest)
{
	struct reader *r = &readers[vm];
	struct vcpu *v = &vcpus[vm];

	if (v->end == LINK_END_DIFFERS || v->end == LINK_END_UNTIL || r->over || input_forked)
		return;
	if (r->next.kind != JOURNAL_END || r->next.position != v->position || r->next.time != vcpu_time(vm)) {
		differ(vm, LINK_DIFFERS_EARLY, v->position, r->next.position);
		return;
	}
	if (r->next.code != v->end || r->next.value != v->end_value)
		differ(vm, LINK_DIFFERS_END, ending(v->end, v->end_value), ending(r->next.code, r->next.value));
	compare(vm, digest, &r->next.digest);
}

u64 input_end(vm_id vm)
{
	struct link_report at = { .type = LINK_DIFFERS, .code = LINK_DIFFERS_AT };
	struct digest digest;

	if (vcpus[vm].end == LINK_END_REFUSED)
		return 0;
	state_digest(vm, &digest);
	compare_end(vm, &digest);
	if (vcpus[vm].end != LINK_END_DIFFERS)
		return state_fold(&digest);
	at.extra[0] = digest.reg[DIGEST_RIP];
	at.extra[1] = states_write(vm, true);
	at.digest = readers[vm].good;
	vcpu_report(vm, &at);
	return 0;
}
