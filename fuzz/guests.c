/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of the exit harness. The core's own scheduler runs the VMs; where a processor would run a guest, the next
 * steps of the input say what the guest does and which exit ends it. When the input is used up the run ends.
 */
#include "guests.h"
#include "hv/input.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include "controls.h"
#include "cpu.h"
#include "gmem.h"
#include "fuzz/input.h"
#include "host.h"
#include "hosted.h"
#include "judge.h"
#include "machine.h"
#include "oracle.h"
#include "player.h"
#include "schedule.h"
#include "session.h"
#include "start.h"
#include "spec/step.h"
#include "stop.h"
#include "swap.h"
#include "vcpu.h"

#define TIMER_EXITS_MAX 4u	/* a step that waits longer for its ticks gets them */
#define IDLE_ASKS_MAX 64u	/* after so many questions for the time without an entry, steps are skipped */
#define KEYS 64u
#define ENTRIES_MAX 1024u	/* of a VM in one run; the run ends there */
#define JOURNAL_SECTORS 32u	/* for each VM */
#define TABLE_HPA 0x8000000ull	/* the replaying side's page hashes */
#define TABLE_BYTES 0x10000ull

static struct step steps[STEPS_MAX];
static u32 step_count, next_step, exits;
static u64 ticks_left;		/* of the next step, once its timer exits are taken */
static u32 timer_exits;
static bool waiting;		/* ticks_left belongs to the next step */
static struct plan plan;
static vm_id current;
static bool running;
static u8 keys[ORACLE_VMS][KEYS];
static u32 key_count[ORACLE_VMS];
static u64 host_time;
static u32 asks;		/* of the host, since the last entry */
static enum input_mode mode;
static struct { u32 next_step, timer_exits; u64 ticks_left; bool waiting; } entries[ORACLE_VMS][ENTRIES_MAX];
static u32 entry_count[ORACLE_VMS];	/* in this run */
static u32 recorded[ORACLE_VMS];	/* in the recording run */
static bool judging;
static jmp_buf end;
static FILE *story;

void guests_story(void *stream)
{
	story = stream;
}

/* What Bochs's tigerlake reports, as far as the core looks. */
static const struct capabilities caps = {
	.pin = 0x7f00000016ull, .cpu = 0xfff9fffe04006172ull, .cpu2 = 0x2ffffff00000000ull, .exit = 0x7fffff00036dfbull,
	.entry = 0x3fffff000011fbull, .ept_vpid = 0xf0106334141ull,
};

static void watch(u64 hpa, u64 bytes, bool write)
{
	const struct ram *ram = &vm_ram[current];

	if (hpa >= TABLE_HPA && hpa + bytes <= TABLE_HPA + TABLE_BYTES)
		return;
	if (running && (hpa < ram->hpa || hpa + bytes > ram->hpa + ram->bytes))
		oracle_fail("the core touches the running VM's RAM only", "DESIGN 7: isolation", "%s of %llx for VM %u",
			    write ? "write" : "read", (unsigned long long)hpa, current);
}

static bool is_host_step(const struct step *step)
{
	if (step->code == STEP_CONSOLE) {
		vm_id vm = (vm_id)(step->operand[0] % plan.vm_count);

		if (key_count[vm] < KEYS)
			keys[vm][key_count[vm]++] = (u8)step->operand[1];
	} else if (step->code == STEP_CLOCK) {
		host_time += step->operand[0];
	} else {
		return false;
	}
	return true;
}

/* Idle without end, and nothing comes: go on to the next step that concerns the host. */
static void idle(void)
{
	if (++asks < IDLE_ASKS_MAX)
		return;
	asks = 0;
	waiting = false;
	if (mode == INPUT_REPLAY)
		longjmp(end, 1);	/* the journal has what there is */
	while (next_step < step_count)
		if (is_host_step(&steps[next_step++]))
			return;
	longjmp(end, 1);
}

static u32 console(vm_id vm)
{
	u32 byte;

	if (key_count[vm] == 0)
		return INPUT_NONE;
	byte = keys[vm][0];
	memmove(keys[vm], keys[vm] + 1, --key_count[vm]);
	return byte;
}

/* Host time: a little later at each question, and faster when nothing else happens, so that waits end. */
static u64 host_nanoseconds(void)
{
	host_time += 1000ull << (asks < 40 ? asks : 40);
	if (host_time > 1ull << 60)
		longjmp(end, 1);
	asks++;
	return host_time;
}

static void about(vm_id vm)
{
	current = vm;
}

static void arrived(vm_id vm, u8 byte)
{
	if (judging)
		judge_console(vm, byte);
}

static u8 journal[1 + ORACLE_VMS * JOURNAL_SECTORS][SESSION_BYTES];

/* The journal disk. */
static bool disk(enum host_disk which, bool write, u64 sector, u64 count, u64 hpa)
{
	u8 *memory = (u8 *)(uintptr_t)hpa;

	if (which != HOST_DISK_JOURNAL || count != 1 || sector >= sizeof(journal) / SESSION_BYTES)
		return false;
	memcpy(write ? journal[sector] : memory, write ? memory : journal[sector], SESSION_BYTES);
	return true;
}

static const struct machine_host host = { console, host_nanoseconds, disk };

/* What an interruption delivered at this entry does to the guest before its first instruction. */
static void deliver(vm_id vm)
{
	u32 info = (u32)machine_field(vm, VM_ENTRY_INTERRUPTION_INFO);

	if ((info & EVENT_VALID) != 0 && EVENT_TYPE(info) == EVENT_NMI)
		machine_set_field(vm, GUEST_INTERRUPTIBILITY_STATE,
				  machine_field(vm, GUEST_INTERRUPTIBILITY_STATE) | BLOCKING_BY_NMI);
}

/* The windows that the guest has opened since the entry come before its own exit; `shadow`: as after one more instruction. */
static u32 window(vm_id vm, bool shadow)
{
	u64 controls = machine_field(vm, PROCESSOR_BASED_CONTROLS);
	u64 blocking = machine_field(vm, GUEST_INTERRUPTIBILITY_STATE) & (shadow ? ~3ull : ~0ull);

	if ((controls & CPU_NMI_WINDOW_EXITING) != 0 && (blocking & 0xb) == 0)
		return EXIT_NMI_WINDOW;
	if ((controls & CPU_INTERRUPT_WINDOW_EXITING) != 0 && (blocking & 3) == 0 &&
	    (machine_field(vm, GUEST_RFLAGS) & RFLAGS_IF) != 0)
		return EXIT_INTERRUPT_WINDOW;
	return 0;
}

static s64 leave(vm_id vm, struct vmexit *x, s64 ticks)
{
	exits++;
	if (ticks > 0) {	/* a retired instruction ends the shadow of STI and MOV SS */
		u64 blocking = machine_field(vm, GUEST_INTERRUPTIBILITY_STATE);

		if ((blocking & 3) != 0) {
			machine_set_field(vm, GUEST_INTERRUPTIBILITY_STATE, blocking & ~3ull);
			machine_set_field(vm, GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
		}
	}
	if (story != NULL)
		fprintf(story, "    VM %u: %s after %lld ticks, RIP %llx, qualification %llx\n", vm,
			exit_name(x->reason) != NULL ? exit_name(x->reason) : "unknown exit", (long long)ticks,
			(unsigned long long)machine_field(vm, GUEST_RIP), (unsigned long long)x->qualification);
	if (judging)
		judge_exit(vm, x, ticks);
	return ticks;
}

/* VM-entry failures (SDM 3C 26.8): VMfail, or an exit with bit 31 of the reason set. */
static s64 fail(vm_id vm, u64 how, struct vmexit *x)
{
	static const u32 reasons[3] = { EXIT_INVALID_GUEST_STATE, EXIT_MSR_LOADING, EXIT_MACHINE_CHECK_ENTRY };

	if (how % 4 == 0) {
		machine_set_field(vm, VM_INSTRUCTION_ERROR, how >> 2);
		if (judging)
			judge_entry_failed(vm);
		return CPU_ENTRY_FAILED;
	}
	player_plain_exit(vm, EXIT_REASON_ENTRY_FAILURE | reasons[how % 4 - 1], x);
	return leave(vm, x, 0);
}

/* The input is used up: the guest writes to the exit port. */
static s64 leave_for_good(vm_id vm, struct vmexit *x)
{
	const struct step out = { .code = STEP_IO, .operand = { 0, 0xf4, 0, 0 } };

	(void)player_exit(vm, &out, x);
	return leave(vm, x, 0);
}

/* Which step the VM's entry begins with. A replay takes it from the recording: there steps were skipped while all was
 * idle, and VMs may run in another order. */
static void remember_or_recall(vm_id vm)
{
	u32 n = entry_count[vm]++;

	if (n >= ENTRIES_MAX)
		longjmp(end, 1);
	if (mode == INPUT_REPLAY) {
		if (n >= recorded[vm])
			oracle_fail("a replay repeats its recording", "DESIGN 4", "VM %u is entered %u times, was %u", vm, n + 1,
				    recorded[vm]);
		next_step = entries[vm][n].next_step;
		timer_exits = entries[vm][n].timer_exits;
		ticks_left = entries[vm][n].ticks_left;
		waiting = entries[vm][n].waiting;
	} else {
		entries[vm][n].next_step = next_step;
		entries[vm][n].timer_exits = timer_exits;
		entries[vm][n].ticks_left = ticks_left;
		entries[vm][n].waiting = waiting;
	}
}

static s64 play(vm_id vm, u64 tsc)
{
	u64 room = machine_field(vm, VMX_PREEMPTION_TIMER_VALUE);
	bool injected = (machine_field(vm, VM_ENTRY_INTERRUPTION_INFO) & EVENT_VALID) != 0;
	struct vmexit x;
	u32 reason;

	current = vm;
	running = true;
	asks = 0;
	oracle_step = next_step;
	if (judging)
		judge_enter(vm, tsc);
	remember_or_recall(vm);
	deliver(vm);
	room = room > 0 ? room - 1 : 0;
	for (;;) {
		const struct step *step = &steps[next_step];

		if (next_step >= step_count)
			return leave_for_good(vm, &x);
		if (story != NULL && !waiting) {
			fprintf(story, "%4u  ", next_step);
			step_print(story, step);
			fputc('\n', story);
		}
		if (is_host_step(step) || player_apply(vm, step)) {
			next_step++;
			waiting = false;
			continue;
		}
		if (step->code == STEP_FAIL) {
			next_step++;
			if (!injected)
				return fail(vm, step->operand[0], &x);
			continue;
		}
		oracle_step = next_step;
		if (!waiting) {
			ticks_left = player_ticks(step);
			timer_exits = 0;
			waiting = true;
		}
		if ((reason = window(vm, false)) != 0) {
			player_plain_exit(vm, reason, &x);
			return leave(vm, &x, 0);
		}
		if (ticks_left > 0 && room > 0 && (reason = window(vm, true)) != 0) {
			ticks_left--;
			player_plain_exit(vm, reason, &x);
			return leave(vm, &x, 1);
		}
		if (ticks_left > room && timer_exits++ < TIMER_EXITS_MAX) {
			ticks_left -= room;
			player_plain_exit(vm, EXIT_PREEMPTION_TIMER, &x);
			return leave(vm, &x, (s64)room);
		}
		waiting = false;
		next_step++;
		if (ticks_left > room)
			ticks_left = room;
		if (!player_exit(vm, step, &x))
			continue;
		if (injected && ticks_left == 0 && (x.vectoring & EVENT_VALID) != 0 && vcpus[vm].position > 0)
			return leave(vm, &x, -1);	/* the event's own delivery was interrupted */
		return leave(vm, &x, (s64)ticks_left);
	}
}

static void prepare(vm_id vm)
{
	const struct plan_vm *p = &plan.vm[vm];
	struct controls controls;
	const char *lacks = controls_for(&caps, p, &controls);

	if (lacks != NULL)
		oracle_fail("the platform has what the plan needs", "fuzz/guests.c", "it lacks %s", lacks);
	stop_name(vm, p->name);
	guests_memory(vm, p);
	start_vm(vm, p, &controls, plan.quantum_ticks);
	input_started(vm);
	if (p->start == PLAN_START_LONG) {	/* tables that its CR3 names */
		struct step mode = { .code = STEP_MODE, .operand = { MODE_LONG } };

		(void)player_apply(vm, &mode);
	}
}

static void reset(void)
{
	machine_reset(play);
	swap_out(VM_MAX - 1);	/* forgets the VM that ran last */
	machine_set_host(&host);
	hosted_mem_watch(watch);
	input_select(mode, idle, arrived, about);
	running = waiting = false;
	next_step = 1;
	exits = asks = 0;
	host_time = 0;
	memset(key_count, 0, sizeof(key_count));
	memset(entry_count, 0, sizeof(entry_count));
}

static void begin_journal(void)
{
	struct session session = {
		.vm_count = plan.vm_count, .recording = 1, .sectors = JOURNAL_SECTORS, .digest_ticks = 2 * plan.quantum_ticks,
		.table_hpa = TABLE_HPA, .table_bytes = TABLE_BYTES, .until = TIME_NEVER, .checkpoint_ticks = 2 * plan.quantum_ticks,
		.index = { 0, 1, 2 },
	};

	memset(journal, 0, sizeof(journal));
	if (session.digest_ticks > SESSION_DIGEST_MAX)
		session.digest_ticks = session.checkpoint_ticks = SESSION_DIGEST_MAX;
	session_encode(&session, journal[0]);
}

static void run(enum input_mode the_mode)
{
	const char *why;

	mode = the_mode;
	judging = mode != INPUT_REPLAY;
	reset();
	if (judging)
		judge_reset(&plan);
	why = input_begin(&plan, true);
	if (why != NULL)
		oracle_fail("a recording begins", "hv/input.h", "%s", why);
	for (vm_id vm = 0; vm < plan.vm_count; vm++)
		prepare(vm);
	if (setjmp(end) == 0)
		schedule_run(&plan);
	running = false;
	if (judging)
		judge_end();
}

/* What a replay reports when it differs from its recording. */
static void check_replay(void)
{
	for (u32 i = 0; i < machine_report_count; i++)
		if (machine_reports[i].type == LINK_DIFFERS)
			oracle_fail("a replay repeats its recording", "DESIGN 4", "VM %u differs in %u: %llx, recorded %llx",
				    machine_reports[i].vm, machine_reports[i].code, (unsigned long long)machine_reports[i].extra[0],
				    (unsigned long long)machine_reports[i].extra[1]);
}

u32 guests_run(const u8 *data, size_t size, bool replay)
{
	const struct plan_host memory = { 0x10000000ull, 0x20000000ull };
	enum plan_error error;
	u32 recorded_exits;
	vm_id bad;

	step_count = steps_decode(data, size, steps, STEPS_MAX);
	if (step_count == 0)
		return 0;
	guests_plan(steps[0].operand, &plan);
	replay = replay && guests_replays(steps[0].operand);
	error = plan_validate(&plan, &memory, &bad);
	if (error != PLAN_OK)
		oracle_fail("the harness's plan is valid", "hv/plan.h", "%s", plan_error_text(error));
	begin_journal();
	run(replay ? INPUT_RECORD : INPUT_LIVE);
	recorded_exits = exits;
	if (replay) {
		FILE *told = story;

		memcpy(recorded, entry_count, sizeof(recorded));
		story = NULL;
		run(INPUT_REPLAY);
		story = told;
		check_replay();
	}
	hosted_mem_reset();	/* what this input used is its own work to give back */
	return recorded_exits;
}
