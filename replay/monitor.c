/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands behind gdb's `monitor` and `reprise query`. */
#include "fork.h"
#include "monitor_internal.h"
#include "travel_internal.h"


#include <inttypes.h>
#include <stdlib.h>
#include <string.h>



void monitor_number(struct json_object *json, const char *name, u64 value)
{
	if (json != NULL)
		json_object_object_add(json, name, json_object_new_uint64(value));
}

void monitor_text(struct json_object *json, const char *name, const char *text)
{
	if (json != NULL)
		json_object_object_add(json, name, json_object_new_string(text));
}

void monitor_hex(struct json_object *json, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	monitor_text(json, name, text);
}

const char *monitor_vm(const struct travel *travel, u32 vm)
{
	return vm < VM_MAX ? (const char *)travel->layout.plan.vm[vm].name : "the hypervisor";
}

bool monitor_failed(struct call *call, enum travel_result result)
{
	if (result == TRAVEL_FAILED)
		fprintf(call->out, "Bochs ended; nothing more can be asked\n");
	else if (result == TRAVEL_INTERRUPTED)
		fprintf(call->out, "interrupted\n");
	return result == TRAVEL_FAILED || result == TRAVEL_INTERRUPTED;
}

void monitor_place(struct call *call, const struct travel_place *place, struct json_object *json)
{
	struct travel *travel = call->travel;
	char name[256], line[512];

	symbols_format(travel->symbols, place->rip, name, sizeof(name));
	fprintf(call->out, "%s at position %" PRIu64 ", 0x%" PRIx64, monitor_vm(travel, place->vm), place->position, place->rip);
	if (name[0] != '0')
		fprintf(call->out, " %s", name);
	monitor_text(json, "vm", monitor_vm(travel, place->vm));
	monitor_number(json, "position", place->position);
	monitor_number(json, "virtual_time", place->vtime);
	monitor_number(json, "tick", place->tick);
	monitor_hex(json, "rip", place->rip);
	monitor_text(json, "symbol", name);
	if (symbols_line(travel->symbols, place->rip, line, sizeof(line))) {
		fprintf(call->out, " %s", line);
		monitor_text(json, "line", line);
	}
	fprintf(call->out, "\n");
}

bool monitor_address(struct call *call, const char *word, u64 *address)
{
	const char *plus = strchr(word, '+');
	char name[256];
	u64 more = 0;

	if (plus != NULL) {
		snprintf(name, sizeof(name), "%.*s", (int)(plus - word), word);
		more = strtoull(plus + 1, NULL, 0);
		word = name;
	}
	if (!symbols_address(call->travel->symbols, word, address)) {
		fprintf(call->out, "'%s' is neither an address nor a symbol\n", word);
		return false;
	}
	*address += more;
	return true;
}

bool monitor_need(struct call *call, u32 words, const char *usage)
{
	if (call->count < words + 1)
		fprintf(call->out, "usage: %s\n", usage);
	return call->count >= words + 1;
}

/* ---- when, goto, checkpoint */

static u64 exits_here(struct travel *travel, u32 vm)
{
	struct vcpu vcpu;

	return travel_vcpu(travel, vm, &vcpu) ? vcpu.exits : 0;
}

static bool know_end(struct call *call)
{
	struct travel *travel = call->travel;
	u64 here = travel->place.tick;

	if (travel->last.tick != 0)
		return true;
	if (monitor_failed(call, travel_goto_end(travel)))
		return false;
	return !monitor_failed(call, travel_goto_tick(travel, here));
}

static bool do_when(struct call *call)
{
	struct travel *travel = call->travel;
	struct travel_place *place = &travel->place;
	u64 exits = place->vm < VM_MAX ? exits_here(travel, place->vm) : 0;

	monitor_place(call, place, call->json);
	fprintf(call->out, "event %" PRIu64 " (VM exits so far), virtual time %" PRIu64 ".%09" PRIu64 " s, tick %" PRIu64, exits,
		place->vtime / 1000000000, place->vtime % 1000000000, place->tick);
	monitor_number(call->json, "event", exits);
	if (travel->last.tick != 0) {
		double percent = 100.0 * (double)(place->tick - travel->first.tick) /
				 (double)(travel->last.tick - travel->first.tick);

		fprintf(call->out, ", %.2f %%", percent);
		if (call->json != NULL)
			json_object_object_add(call->json, "percent", json_object_new_double(percent));
	}
	fprintf(call->out, "\n");
	if (travel->diverged)
		fprintf(call->out, "the replay differs from its recording at position %" PRIu64 "\n", travel->diverged_position);
	return true;
}

/* The first stop after the VM's exit number `event`. */
static enum travel_result goto_event(struct travel *travel, u32 vm, u64 event)
{
	enum travel_result result = travel_goto_tick(travel, travel->first.tick);

	for (u32 i = 0; i < travel->checkpoints; i++) {
		const struct checkpoint *this = travel->checkpoint[i];

		if (this->place.vm != vm || this->place.exits > event)
			continue;
		if (this->place.tick > travel->place.tick)
			travel->place.tick = this->place.tick;
	}
	result = travel_goto_tick(travel, travel->place.tick);
	while (result == TRAVEL_STOPPED && (travel->place.vm != vm || exits_here(travel, vm) < event)) {
		u64 exits = exits_here(travel, vm);
		u32 stop;

		target_exits(&travel->now, exits < event ? event - exits : 1, vm + 1);
		stop = target_run(&travel->now, travel->end_tick);
		target_clear(&travel->now);
		result = (stop & TARGET_DEAD) != 0 ? TRAVEL_FAILED : (stop & TARGET_WOKEN) != 0 && !travel->ended ? TRAVEL_INTERRUPTED :
			 travel->ended || (stop & TARGET_TICK) != 0 ? TRAVEL_END : travel_enter(travel, travel->end_tick);
		if (result == TRAVEL_STOPPED && travel->place.vm == VM_MAX)
			result = TRAVEL_END;
	}
	return result == TRAVEL_END ? travel_goto_end(travel) : result;
}

static bool do_goto(struct call *call)
{
	struct travel *travel = call->travel;
	u32 vm = travel->place.vm < VM_MAX ? travel->place.vm : 0;
	enum travel_result result;
	const char *word = call->word[1];
	char *end;
	u64 number;
	double percent;

	if (travel->live) {
		fprintf(call->out, "this run is live: it cannot be gone through\n");
		return false;
	}
	if (!monitor_need(call, 1, "goto POSITION | VM:POSITION | eEVENT | PERCENT% | start | end"))
		return false;
	for (u32 i = 0; i < travel->layout.plan.vm_count; i++) {
		size_t bytes = strlen(monitor_vm(travel, i));

		if (strncmp(word, monitor_vm(travel, i), bytes) == 0 && word[bytes] == ':') {
			vm = i;
			word += bytes + 1;
			break;
		}
	}
	percent = strtod(word, &end);
	if (end != word && strcmp(end, "%") == 0 && percent >= 0 && percent <= 100) {
		if (!know_end(call))
			return false;
		number = travel->first.tick + (u64)((double)(travel->last.tick - travel->first.tick) * percent / 100);
		result = travel_goto_tick(travel, number);
		if (result == TRAVEL_STOPPED && travel->place.vm == VM_MAX)
			result = travel_step(travel, VM_MAX);
	} else if (strcmp(word, "end") == 0) {
		result = travel_goto_end(travel);
	} else if (strcmp(word, "start") == 0) {
		result = travel_goto_tick(travel, travel->first.tick);
	} else {
		bool event = word[0] == 'e';

		number = strtoull(word + event, &end, 0);
		if (end == word + event || *end != '\0') {
			fprintf(call->out, "'%s' is no position, event or percentage\n", word);
			return false;
		}
		result = event ? goto_event(travel, vm, number) : travel_goto_position(travel, vm, number);
		if (result == TRAVEL_END)
			fprintf(call->out, "the run ends before that; this is its last instruction\n");
	}
	if (monitor_failed(call, result))
		return false;
	return do_when(call);
}

static bool do_checkpoint(struct call *call)
{
	struct travel *travel = call->travel;
	u64 sum = 0;

	if (!travel_checkpoint(travel)) {
		fprintf(call->out, "no checkpoint could be made\n");
		return false;
	}
	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++)
		if (travel->checkpoint[i] != NULL)
			sum += target_private_bytes(&travel->checkpoint[i]->target);
	fprintf(call->out, "%u checkpoints, %" PRIu64 " MiB of their own in memory, %" PRIu64 " MiB on disk\n", travel->checkpoints,
		sum >> 20, travel->spilled >> 20);
	monitor_number(call->json, "on_disk", travel->spilled);
	monitor_number(call->json, "checkpoints", travel->checkpoints);
	monitor_number(call->json, "bytes", sum);
	return true;
}

/* ---- writes */

static bool watch_for(struct call *call, struct travel_break *watch)
{
	struct travel *travel = call->travel;
	const struct target_registers *registers = travel_registers(travel);
	u64 gpa;

	memset(watch, 0, sizeof(*watch));
	watch->used = true;
	watch->kind = TRAVEL_ON_WRITE;
	watch->vm = VM_MAX;
	watch->bytes = call->count > 2 ? strtoull(call->word[2], NULL, 0) : 8;
	if (!monitor_address(call, call->word[1], &watch->linear))
		return false;
	if (watch->bytes < 1 || watch->bytes > 4096 || registers == NULL ||
	    !travel_walk(travel, travel->place.vm, registers, watch->linear, &gpa, NULL, NULL) ||
	    !travel_address(travel, travel->place.vm, gpa, watch->bytes, &watch->address)) {
		fprintf(call->out, "0x%" PRIx64 " is not mapped to RAM here\n", watch->linear);
		return false;
	}
	return true;
}

/* The writer of a watched place, found going from here in one direction; the machine stands before it afterwards. */
static bool do_write(struct call *call, bool last)
{
	struct travel *travel = call->travel;
	struct travel_break watch;
	enum travel_result result;
	u64 value = 0;
	u32 hit;

	if (travel->live) {
		fprintf(call->out, "this run is live: it cannot be gone through\n");
		return false;
	}
	if (!monitor_need(call, 1, last ? "last-write ADDRESS [BYTES]" : "first-write ADDRESS [BYTES]") || !watch_for(call, &watch))
		return false;
	if (last) {
		result = travel_continue_back(travel, &watch, 1, &hit);
	} else {
		result = travel_goto_tick(travel, travel->first.tick);
		if (result == TRAVEL_STOPPED)
			result = travel_continue(travel, &watch, 1, &hit);
		if (result == TRAVEL_WRITE)
			result = travel_step_back(travel, VM_MAX) == TRAVEL_FAILED ? TRAVEL_FAILED : TRAVEL_WRITE;
	}
	if (monitor_failed(call, result))
		return false;
	if (result != TRAVEL_WRITE) {
		fprintf(call->out, "nothing writes there %s\n", last ? "before this place" : "in the whole run");
		monitor_text(call->json, "write", "none");
		return true;
	}
	fprintf(call->out, "written by ");
	monitor_place(call, &travel->place, call->json);
	target_read(&travel->now, watch.address, &value, watch.bytes < 8 ? watch.bytes : 8);
	fprintf(call->out, "value before: 0x%" PRIx64 "\n", value);
	monitor_hex(call->json, "before", value);
	return true;
}

static bool do_last_write(struct call *call)
{
	return do_write(call, true);
}

static bool do_first_write(struct call *call)
{
	return do_write(call, false);
}

static bool do_who_called(struct call *call)
{
	struct travel *travel = call->travel;
	u64 here = travel->place.tick, distance, back = 0, name_distance;
	struct travel_break entry = { .used = true, .kind = TRAVEL_EXECUTE, .vm = travel->place.vm };
	const char *name = symbols_name(travel->symbols, travel->place.rip, &distance);
	enum travel_result result = TRAVEL_BREAK;
	char text[256];
	u32 hit;

	if (name == NULL) {
		fprintf(call->out, "this needs symbols (--symbols)\n");
		return false;
	}
	entry.linear = travel->place.rip - distance;
	if (distance != 0)
		result = travel_continue_back(travel, &entry, 1, &hit);
	if (monitor_failed(call, result))
		return false;
	if (result == TRAVEL_BREAK) {
		const struct target_registers *registers = travel_registers(travel);

		if (registers != NULL)
			travel_read(travel, registers->gpr[4], &back, registers->segment[TARGET_CS].l ? 8 : 4);
		symbols_format(travel->symbols, back, text, sizeof(text));
		fprintf(call->out, "%s was called at position %" PRIu64 " and returns to 0x%" PRIx64 " %s\n", name,
			travel->place.position, back, symbols_name(travel->symbols, back, &name_distance) ? text : "");
		monitor_text(call->json, "function", name);
		monitor_number(call->json, "position", travel->place.position);
		monitor_hex(call->json, "returns_to", back);
		monitor_text(call->json, "caller", text);
	} else {
		fprintf(call->out, "%s was not entered before this place\n", name);
	}
	return !monitor_failed(call, travel_goto_tick(travel, here));
}

static bool do_space(struct call *call)
{
	if (call->count > 1)
		call->monitor->this_space = strcmp(call->word[1], "on") == 0;
	fprintf(call->out, "new breakpoints hold %s\n", call->monitor->this_space ? "for this VM and this CR3 only" :
										    "for all VMs and address spaces");
	return true;
}

static bool do_fork(struct call *call)
{
	if (!travel_fork(call->travel)) {
		fprintf(call->out, "this run cannot be forked here\n");
		return false;
	}
	fprintf(call->out, "from here on this run is on its own: registers and memory can be written, and what a recording has for "
			   "later does not come in any more\n");
	return true;
}

static bool do_set(struct call *call)
{
	struct travel *travel = call->travel;
	const struct target_registers *registers = travel_registers(travel);
	struct target_edit edit = { .bytes = 8 };
	u64 linear, gpa;

	if (!monitor_need(call, 2, "set ADDRESS VALUE [BYTES]") || !monitor_address(call, call->word[1], &linear))
		return false;
	edit.value = strtoull(call->word[2], NULL, 0);
	if (call->count > 3)
		edit.bytes = (u32)strtoul(call->word[3], NULL, 0);
	memcpy(edit.data, &edit.value, sizeof(edit.value));
	if (!travel_changeable(travel)) {
		fprintf(call->out, "a replay cannot be changed; 'fork' makes a run of its own from here on\n");
		return false;
	}
	if (edit.bytes < 1 || edit.bytes > 8 || registers == NULL ||
	    !travel_walk(travel, travel->place.vm, registers, linear, &gpa, NULL, NULL) ||
	    !travel_address(travel, travel->place.vm, gpa, edit.bytes, &edit.address) || !travel_edit(travel, &edit)) {
		fprintf(call->out, "0x%" PRIx64 " cannot be written\n", linear);
		return false;
	}
	return true;
}

static bool do_record(struct call *call)
{
	if (!monitor_need(call, 1, "record FILE.rpl"))
		return false;
	if (call->travel->recording == NULL || !call->travel->forked) {
		fprintf(call->out, "%s\n", call->travel->recording == NULL ? "only a fork of a recording can be kept; record this run first" :
									      "this is the recording itself; 'fork' makes a run of its own");
		return false;
	}
	if (!fork_write(call->travel, call->word[1])) {
		fprintf(call->out, "%s could not be written\n", call->word[1]);
		return false;
	}
	fprintf(call->out, "%s has the recording, and %u changes\n", call->word[1], call->travel->host.edit_count);
	monitor_number(call->json, "changes", call->travel->host.edit_count);
	return true;
}

static bool do_help(struct call *call);

static const struct { const char *name, *what; bool (*run)(struct call *call); } commands[] = {
	{ "when", "when: position, event, virtual time, percent", do_when },
	{ "goto", "goto POSITION | VM:POSITION | eEVENT | PERCENT% | start | end", do_goto },
	{ "checkpoint", "checkpoint: makes one here", do_checkpoint },
	{ "exits", "exits [N]: the last N VM exits before this place", monitor_exits },
	{ "last-write", "last-write ADDRESS [BYTES]: goes back to the instruction that wrote it", do_last_write },
	{ "first-write", "first-write ADDRESS [BYTES]: goes to the first instruction of the run that wrote it", do_first_write },
	{ "who-called", "who-called: the call that led to this function", do_who_called },
	{ "vmcs", "vmcs [PART]: the VMCS's fields whose names contain PART", monitor_vmcs },
	{ "ept", "ept GPA: the walk through the EPT", monitor_ept },
	{ "walk", "walk LINEAR: the walk through the guest's page tables", monitor_walk },
	{ "irq", "irq: the PIC, and what is pending", monitor_irq },
	{ "console", "console: the guest's output up to here", monitor_console },
	{ "explain", "explain: the next instruction and the modes it runs in", monitor_explain },
	{ "digest", "digest: SHA-256 of the registers and of the RAM", monitor_digest },
	{ "journeys", "journeys [N] [SEED]: N random places, ten steps forwards and back; the times it took", monitor_journeys },
	{ "writes", "writes [N] [SEED]: last-write of N random places; the times it took", monitor_writes },
	{ "debugged", "debugged [STOPS] [WATCHPOINTS]: through the whole run once, stopping so often", monitor_debugged },
	{ "costs", "costs [TICKS]: what breakpoints and watchpoints cost that are not hit", monitor_costs },
	{ "this-space", "this-space on|off: new breakpoints hold for this VM and CR3 only", do_space },
	{ "fork", "fork: from here on the run is on its own, and can be changed", do_fork },
	{ "set", "set ADDRESS VALUE [BYTES]: writes memory, in a fork or a live run", do_set },
	{ "record", "record FILE.rpl: keeps the fork as a recording of its own", do_record },
	{ "help", "help", do_help },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool do_help(struct call *call)
{
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(call->out, "%s\n", commands[i].what);
	return true;
}

void monitor_open(struct monitor *monitor, struct travel *travel)
{
	*monitor = (struct monitor){ travel, false };
}

bool monitor_command(struct monitor *monitor, const char *line, FILE *out, struct json_object *json)
{
	struct call call = { .monitor = monitor, .travel = monitor->travel, .out = out, .json = json };
	char copy[1024];
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	while (call.count < MONITOR_WORDS && (word = strsep(&rest, " \t\n")) != NULL)
		if (word[0] != '\0')
			call.word[call.count++] = word;
	if (call.count == 0)
		return do_help(&call);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(call.word[0], commands[i].name) == 0)
			return commands[i].run(&call);
	fprintf(out, "'%s' is no command; 'help' lists them\n", call.word[0]);
	return false;
}
