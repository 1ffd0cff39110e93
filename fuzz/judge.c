/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the expected state of each VM from one exit to the next entry, and compares. */
#include "judge.h"
#include <string.h>
#include "dev/board.h"
#include "ept.h"
#include "gmem.h"
#include "link.h"
#include "mem.h"
#include "memory.h"
#include "oracle.h"

#define SPEC_EVERY 8u	/* entries between two looks of the executable spec, which takes longer than an exit */

struct page {	/* of the book */
	bool open;	/* an exit waits for its check */
	bool modelled;
	bool halted;	/* the exit halted the VM */
	bool at_window;	/* the exit was a window's */
	bool console_came;	/* since that exit */
	u64 halt_time;
	struct state state;
	struct writes writes;
};

static struct page book[ORACLE_VMS];
static const struct plan *plan;
static struct state found;
static u32 entries;	/* in this run */

void judge_reset(const struct plan *the_plan)
{
	plan = the_plan;
	effects_console_bytes = effects_console_sum = effects_marks = 0;
	entries = 0;
	for (vm_id vm = 0; vm < ORACLE_VMS; vm++) {
		book[vm].open = false;
		book[vm].writes.count = 0;
		if (vm < plan->vm_count)
			board_reset(shadow(vm), plan->vm[vm].rtc_seconds);
	}
}

static const struct page *page_of(vm_id vm, struct page **out)
{
	*out = &book[vm];
	return *out;
}

void judge_exit(vm_id vm, const struct vmexit *x, s64 ticks)
{
	struct page *p;

	(void)page_of(vm, &p);
	state_capture(vm, &p->state);
	/* what the processor does at an exit: a delivered event is gone (SDM 3C 27.2.3) */
	FIELD(&p->state, VM_ENTRY_INTERRUPTION_INFO) &= ~(u64)EVENT_VALID;
	p->state.position += (u64)ticks;
	p->writes.count = 0;
	p->open = true;
	p->modelled = effects(&p->state, vm, x, &p->writes);
	p->halted = p->modelled && p->state.state == VCPU_HALTED;
	p->console_came = false;
	p->at_window = x->reason == EXIT_INTERRUPT_WINDOW || x->reason == EXIT_NMI_WINDOW;
	p->halt_time = p->state.position + vcpus[vm].idle;
}

void judge_entry_failed(vm_id vm)
{
	struct page *p;

	(void)page_of(vm, &p);
	state_capture(vm, &p->state);
	FIELD(&p->state, VM_ENTRY_INTERRUPTION_INFO) &= ~(u64)EVENT_VALID;
	p->writes.count = 0;
	p->open = p->modelled = true;
	p->at_window = false;
	p->halted = false;
	effects_end(&p->state, LINK_END_STOPPED, EXIT_INVALID_GUEST_STATE);
}

void judge_console(vm_id vm, u8 byte)
{
	board_receive(shadow(vm), byte);
	book[vm].console_came = true;
}

/* An idle VM wakes at the first event that brings an interrupt, and jumps exactly there. */
static void check_wake(vm_id vm, struct page *p, u64 now)
{
	bool exact = plan->clock == PLAN_CLOCK_VIRTUAL && plan->pace == PLAN_PACE_FAST && !p->console_came;
	u64 time = p->halt_time;

	p->state.state = VCPU_RUNNING;
	if (exact) {
		board_advance(shadow(vm), time);
		while (!board_intr(shadow(vm)) && p->state.nmi_pending == 0 && time < now) {
			u64 next = board_next(shadow(vm), time);

			if (next > now)
				break;
			time = next;
			board_advance(shadow(vm), time);
		}
		if (time != now)
			oracle_fail("an idle VM jumps to its next interrupt", "DESIGN 3", "wakes at %llu, must at %llu",
				    (unsigned long long)now, (unsigned long long)time);
	}
	board_advance(shadow(vm), now);
	if (!board_intr(shadow(vm)) && p->state.nmi_pending == 0)
		oracle_fail("only an interrupt ends HLT", "SDM 2A HLT", "VM %u runs without one", vm);
}

/* Events before an entry (SDM 3C 26.6, 6.9 of 3A): the pending one, else an NMI, else what the PIC asks for. If the exit's own
 * instruction ended what blocked them and their window is open, they may also wait for its exit, which comes at once. */
static bool expect_event(vm_id vm, const struct page *p, struct state *s, u64 now)
{
	bool may_wait = !p->at_window && (FIELD(&found, VM_ENTRY_INTERRUPTION_INFO) & EVENT_VALID) == 0;
	u64 open = may_wait ? FIELD(s, PROCESSOR_BASED_CONTROLS) & FIELD(&found, PROCESSOR_BASED_CONTROLS) : 0;
	vm_id sh = shadow(vm);
	u64 blocking = FIELD(s, GUEST_INTERRUPTIBILITY_STATE);
	bool event = s->event_info != 0;
	u32 windows;

	if (event) {
		FIELD(s, VM_ENTRY_INTERRUPTION_INFO) = s->event_info;
		if ((s->event_info & EVENT_ERROR_CODE) != 0)
			FIELD(s, VM_ENTRY_EXCEPTION_ERROR_CODE) = s->event_error;
		if (EVENT_TYPE(s->event_info) >= EVENT_SOFTWARE_INTERRUPT)
			FIELD(s, VM_ENTRY_INSTRUCTION_LENGTH) = s->event_length;
		s->event_info = 0;
	} else {
		board_advance(sh, now);
		if (s->nmi_pending != 0 && (blocking & 0xb) == 0 && (open & CPU_NMI_WINDOW_EXITING) == 0) {
			FIELD(s, VM_ENTRY_INTERRUPTION_INFO) = 0x80000202;
			s->nmi_pending = 0;
		} else if (board_intr(sh) && (FIELD(s, GUEST_RFLAGS) & RFLAGS_IF) != 0 && (blocking & 3) == 0 &&
			   (open & CPU_INTERRUPT_WINDOW_EXITING) == 0) {
			FIELD(s, VM_ENTRY_INTERRUPTION_INFO) = 0x80000000u | board_ack(sh);
		}
	}
	windows = (board_intr(sh) ? CPU_INTERRUPT_WINDOW_EXITING : 0) | (s->nmi_pending != 0 ? CPU_NMI_WINDOW_EXITING : 0);
	/* a window that was open may stay when the request has gone: its exit finds nothing and closes it */
	if (!event)
		windows |= (u32)(FIELD(s, PROCESSOR_BASED_CONTROLS) & FIELD(&found, PROCESSOR_BASED_CONTROLS)) & CPU_INTERRUPT_WINDOW_EXITING;
	FIELD(s, PROCESSOR_BASED_CONTROLS) =
		(FIELD(s, PROCESSOR_BASED_CONTROLS) & ~(u64)(CPU_INTERRUPT_WINDOW_EXITING | CPU_NMI_WINDOW_EXITING)) | windows;
	return event;
}

/* The timer ends the run exactly at the end of the quantum or at a device's event, whatever is first (DESIGN 3). */
static void check_timer(vm_id vm, const struct state *s, u64 now, bool event)
{
	u64 value = machine_field(vm, VMX_PREEMPTION_TIMER_VALUE), quantum_end = vcpus[vm].quantum_end;
	u64 next = board_next(shadow(vm), now), room = quantum_end > s->position ? quantum_end - s->position : 0;

	if (next - now < room)
		room = next - now;
	if (!event && room == 0)
		oracle_fail("a VM runs to the end of its quantum and no further", "DESIGN 3", "position %llu, end %llu",
			    (unsigned long long)s->position, (unsigned long long)quantum_end);
	if (value < 1 || value - 1 > room || (!event && value - 1 != room))
		oracle_fail("the timer ends the run at the next moment", "DESIGN 3", "timer %llx, %llu ticks to go",
			    (unsigned long long)value, (unsigned long long)room);
}

static void check_writes(vm_id vm, struct page *p)
{
	struct writes none = { .count = 0 };

	for (u32 i = 0; i < p->writes.count; i++) {
		u64 expected, real, gpa = p->writes.write[i].gpa;
		u32 bytes = p->writes.write[i].bytes;

		if (effects_read(vm, &p->writes, gpa, bytes, &expected) && effects_read(vm, &none, gpa, bytes, &real) &&
		    expected != real)
			oracle_fail("an exit writes what it must to guest memory", "SDM 2A INS, 3A 4.8, 7.3",
				    "%llx at %llx, must be %llx", (unsigned long long)real, (unsigned long long)gpa,
				    (unsigned long long)expected);
	}
}

static void check_entry_rules(vm_id vm)
{
	const char *source = "", *broken = entry_check(machine_fields(vm), &source);

	if (broken != NULL)
		oracle_fail(broken, source, "VM %u would fail its entry", vm);
}

void judge_enter(vm_id vm, u64 tsc)
{
	struct page *p;
	u64 now = vcpu_time(vm);
	bool event;

	(void)page_of(vm, &p);
	if (tsc != now)
		oracle_fail("the guest's TSC is its virtual time", "DESIGN 3", "TSC %llu, time %llu", (unsigned long long)tsc,
			    (unsigned long long)now);
	state_capture(vm, &found);
	if (!p->open) {	/* the first entry, or one after an exit that nobody modelled */
		p->state = found;
		p->modelled = false;
	}
	p->open = false;
	if (p->modelled) {
		if (p->state.state == VCPU_ENDED)
			oracle_fail("a VM that has ended is not entered again", "DESIGN 2", "VM %u", vm);
		if (p->halted)
			check_wake(vm, p, now);
		event = expect_event(vm, p, &p->state, now);
		FIELD(&p->state, VMX_PREEMPTION_TIMER_VALUE) = FIELD(&found, VMX_PREEMPTION_TIMER_VALUE);
		state_compare(vm, &p->state, &found);
		check_timer(vm, &found, now, event);
		check_writes(vm, p);
	}
	check_entry_rules(vm);
	if (entries++ % SPEC_EVERY == 0)
		spec_check(vm);
}

/* What no entry has looked at: VMs that ended or wait. The machine's own registers may be another VM's by now. */
static void check_rest(vm_id vm)
{
	struct page *p;
	struct state *s;

	(void)page_of(vm, &p);
	s = &p->state;
	if (!p->open || !p->modelled)
		return;
	state_capture(vm, &found);
	memcpy(found.dr, s->dr, sizeof(found.dr));
	memcpy(found.msr, s->msr, sizeof(found.msr));
	found.dr6 = s->dr6;
	found.cr2 = s->cr2;
	found.xcr0 = s->xcr0;
	if (s->state != VCPU_ENDED)
		s->state = found.state;	/* halted: it may have been woken since */
	if (s->state == VCPU_ENDED && s->end == 0 && found.end == LINK_END_JOURNAL)
		s->end = found.end;	/* by the input door: the journal is full */
	state_compare(vm, s, &found);
	check_writes(vm, p);
}

static void check_ept_entry(vm_id vm, u32 table, u32 i)
{
	u64 entry = vm_ept[vm].entry[table][i], frame = entry >> 12 & ((1ull << 36) - 1), hpa = frame << 12;
	u32 level = vm_ept[vm].level[table];
	bool leaf = level == 1 || (entry & 0x80) != 0;
	u64 bytes = 1ull << (12 + 9 * (level - 1));

	if (entry == 0)
		return;
	if (!leaf) {
		if (frame < vm_ept[vm].hfn || frame - vm_ept[vm].hfn >= vm_ept[vm].count)
			oracle_fail("EPT tables are the VM's own", "SDM 3C 28.3.2", "VM %u table %u entry %u", vm, table, i);
		return;
	}
	if (hpa == (u64)(uintptr_t)ones_page) {
		if ((entry & 7) != 1 || level != 1)
			oracle_fail("the page of ones is read-only", "DESIGN 5", "entry %llx", (unsigned long long)entry);
		return;
	}
	if (hpa < vm_ram[vm].hpa || hpa + bytes > vm_ram[vm].hpa + vm_ram[vm].bytes)
		oracle_fail("every EPT leaf lies in the VM's own RAM", "DESIGN 7: isolation", "VM %u entry %llx", vm,
			    (unsigned long long)entry);
	if ((entry & 7) != 7 || (entry & 0x38) != 0x30)
		oracle_fail("guest RAM is readable, writable, executable and write-back", "SDM 3C 28.3.7", "entry %llx",
			    (unsigned long long)entry);
}

void judge_end(void)
{
	for (vm_id vm = 0; vm < plan->vm_count; vm++) {
		check_rest(vm);
		if (vcpus[vm].state != VCPU_ENDED)
			spec_check(vm);
		for (u32 t = 0; t < vm_ept[vm].count; t++)
			for (u32 i = 0; i < 512; i++)
				check_ept_entry(vm, t, i);
	}
}
