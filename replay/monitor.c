/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands behind gdb's `monitor` and `reprise query`. */
#include "monitor.h"
#include "session_internal.h"

#include "hv/dev/board.h"
#include "hv/vmcs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 6

struct call {
	struct monitor *monitor;
	struct session *session;
	u32 count;
	char *word[WORDS];
	FILE *out;
	struct json_object *json;	/* NULL: text only */
};

static void put_number(struct json_object *json, const char *name, u64 value)
{
	if (json != NULL)
		json_object_object_add(json, name, json_object_new_uint64(value));
}

static void put_text(struct json_object *json, const char *name, const char *text)
{
	if (json != NULL)
		json_object_object_add(json, name, json_object_new_string(text));
}

static void put_hex(struct json_object *json, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	put_text(json, name, text);
}

static const char *vm_name(const struct session *session, u32 vm)
{
	return vm < VM_MAX ? (const char *)session->layout.plan.vm[vm].name : "the hypervisor";
}

static bool failed(struct call *call, enum session_result result)
{
	if (result == SESSION_FAILED)
		fprintf(call->out, "Bochs ended; nothing more can be asked\n");
	else if (result == SESSION_INTERRUPTED)
		fprintf(call->out, "interrupted\n");
	return result == SESSION_FAILED || result == SESSION_INTERRUPTED;
}

/* "vm0 at 123456 (…): 0xffffffff81000000 name+0x12" */
static void show_place(struct call *call, const struct session_place *place, struct json_object *json)
{
	struct session *session = call->session;
	char name[256], line[512];

	symbols_format(session->symbols, place->rip, name, sizeof(name));
	fprintf(call->out, "%s at position %" PRIu64 ", 0x%" PRIx64, vm_name(session, place->vm), place->position, place->rip);
	if (name[0] != '0')
		fprintf(call->out, " %s", name);
	put_text(json, "vm", vm_name(session, place->vm));
	put_number(json, "position", place->position);
	put_number(json, "virtual_time", place->vtime);
	put_number(json, "tick", place->tick);
	put_hex(json, "rip", place->rip);
	put_text(json, "symbol", name);
	if (symbols_line(session->symbols, place->rip, line, sizeof(line))) {
		fprintf(call->out, " %s", line);
		put_text(json, "line", line);
	}
	fprintf(call->out, "\n");
}

static bool address_of(struct call *call, const char *word, u64 *address)
{
	const char *plus = strchr(word, '+');
	char name[256];
	u64 more = 0;

	if (plus != NULL) {
		snprintf(name, sizeof(name), "%.*s", (int)(plus - word), word);
		more = strtoull(plus + 1, NULL, 0);
		word = name;
	}
	if (!symbols_address(call->session->symbols, word, address)) {
		fprintf(call->out, "'%s' is neither an address nor a symbol\n", word);
		return false;
	}
	*address += more;
	return true;
}

static bool need(struct call *call, u32 words, const char *usage)
{
	if (call->count < words + 1)
		fprintf(call->out, "usage: %s\n", usage);
	return call->count >= words + 1;
}

/* ---- when, goto, checkpoint */

static u64 exits_here(struct session *session, u32 vm)
{
	struct vcpu vcpu;

	return session_vcpu(session, vm, &vcpu) ? vcpu.exits : 0;
}

static bool know_end(struct call *call)
{
	struct session *session = call->session;
	u64 here = session->place.tick;

	if (session->last.tick != 0)
		return true;
	if (failed(call, session_goto_end(session)))
		return false;
	return !failed(call, session_goto_tick(session, here));
}

static bool do_when(struct call *call)
{
	struct session *session = call->session;
	struct session_place *place = &session->place;
	u64 exits = place->vm < VM_MAX ? exits_here(session, place->vm) : 0;

	show_place(call, place, call->json);
	fprintf(call->out, "event %" PRIu64 " (VM exits so far), virtual time %" PRIu64 ".%09" PRIu64 " s, tick %" PRIu64, exits,
		place->vtime / 1000000000, place->vtime % 1000000000, place->tick);
	put_number(call->json, "event", exits);
	if (session->last.tick != 0) {
		double percent = 100.0 * (double)(place->tick - session->first.tick) /
				 (double)(session->last.tick - session->first.tick);

		fprintf(call->out, ", %.2f %%", percent);
		if (call->json != NULL)
			json_object_object_add(call->json, "percent", json_object_new_double(percent));
	}
	fprintf(call->out, "\n");
	return true;
}

/* The first stop after the VM's exit number `event`. */
static enum session_result goto_event(struct session *session, u32 vm, u64 event)
{
	enum session_result result = session_goto_tick(session, session->first.tick);

	for (u32 i = 0; i < session->checkpoints; i++) {
		const struct checkpoint *this = session->checkpoint[i];

		if (this->place.vm != vm || this->place.exits > event)
			continue;
		if (this->place.tick > session->place.tick)
			session->place.tick = this->place.tick;
	}
	result = session_goto_tick(session, session->place.tick);
	while (result == SESSION_STOPPED && (session->place.vm != vm || exits_here(session, vm) < event)) {
		u32 stop = TARGET_EXIT;

		if (session->place.vm < VM_MAX) {
			target_exits(&session->now, true);
			stop = target_run(&session->now, 0);
			target_exits(&session->now, false);
		}
		result = (stop & TARGET_DEAD) != 0 ? SESSION_FAILED : session->ended ? SESSION_END : session_enter(session, session->end_tick);
	}
	return result == SESSION_END ? session_goto_end(session) : result;
}

static bool do_goto(struct call *call)
{
	struct session *session = call->session;
	u32 vm = session->place.vm < VM_MAX ? session->place.vm : 0;
	enum session_result result;
	const char *word = call->word[1];
	char *end;
	u64 number;
	double percent;

	if (session->live) {
		fprintf(call->out, "this run is live: it cannot be gone through\n");
		return false;
	}
	if (!need(call, 1, "goto POSITION | VM:POSITION | eEVENT | PERCENT% | start | end"))
		return false;
	for (u32 i = 0; i < session->layout.plan.vm_count; i++) {
		size_t bytes = strlen(vm_name(session, i));

		if (strncmp(word, vm_name(session, i), bytes) == 0 && word[bytes] == ':') {
			vm = i;
			word += bytes + 1;
			break;
		}
	}
	percent = strtod(word, &end);
	if (end != word && strcmp(end, "%") == 0 && percent >= 0 && percent <= 100) {
		if (!know_end(call))
			return false;
		number = session->first.tick + (u64)((double)(session->last.tick - session->first.tick) * percent / 100);
		result = session_goto_tick(session, number);
		if (result == SESSION_STOPPED && session->place.vm == VM_MAX)
			result = session_step(session, VM_MAX);
	} else if (strcmp(word, "end") == 0) {
		result = session_goto_end(session);
	} else if (strcmp(word, "start") == 0) {
		result = session_goto_tick(session, session->first.tick);
	} else {
		bool event = word[0] == 'e';

		number = strtoull(word + event, &end, 0);
		if (end == word + event || *end != '\0') {
			fprintf(call->out, "'%s' is no position, event or percentage\n", word);
			return false;
		}
		result = event ? goto_event(session, vm, number) : session_goto_position(session, vm, number);
		if (result == SESSION_END)
			fprintf(call->out, "the run ends before that; this is its last instruction\n");
	}
	if (failed(call, result))
		return false;
	return do_when(call);
}

static bool do_checkpoint(struct call *call)
{
	struct session *session = call->session;
	u64 sum = 0;

	if (!session_checkpoint(session)) {
		fprintf(call->out, "no checkpoint could be made\n");
		return false;
	}
	for (u32 i = 0; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++)
		if (session->checkpoint[i] != NULL)
			sum += target_private_bytes(&session->checkpoint[i]->target);
	fprintf(call->out, "%u checkpoints, %" PRIu64 " MiB of their own\n", session->checkpoints, sum >> 20);
	put_number(call->json, "checkpoints", session->checkpoints);
	put_number(call->json, "bytes", sum);
	return true;
}

/* ---- writes */

static bool watch_for(struct call *call, struct session_break *watch)
{
	struct session *session = call->session;
	const struct target_registers *registers = session_registers(session);
	u64 gpa;

	memset(watch, 0, sizeof(*watch));
	watch->used = true;
	watch->kind = SESSION_ON_WRITE;
	watch->vm = VM_MAX;
	watch->bytes = call->count > 2 ? strtoull(call->word[2], NULL, 0) : 8;
	if (!address_of(call, call->word[1], &watch->linear))
		return false;
	if (watch->bytes < 1 || watch->bytes > 4096 || registers == NULL ||
	    !session_walk(session, registers, watch->linear, &gpa, NULL, NULL) ||
	    !session_address(session, session->place.vm, gpa, watch->bytes, &watch->address)) {
		fprintf(call->out, "0x%" PRIx64 " is not mapped to RAM here\n", watch->linear);
		return false;
	}
	return true;
}

/* The writer of a watched place, found going from here in one direction; the machine stands before it afterwards. */
static bool do_write(struct call *call, bool last)
{
	struct session *session = call->session;
	struct session_break watch;
	enum session_result result;
	u64 value = 0;
	u32 hit;

	if (session->live) {
		fprintf(call->out, "this run is live: it cannot be gone through\n");
		return false;
	}
	if (!need(call, 1, last ? "last-write ADDRESS [BYTES]" : "first-write ADDRESS [BYTES]") || !watch_for(call, &watch))
		return false;
	if (last) {
		result = session_continue_back(session, &watch, 1, &hit);
	} else {
		result = session_goto_tick(session, session->first.tick);
		if (result == SESSION_STOPPED)
			result = session_continue(session, &watch, 1, &hit);
		if (result == SESSION_WRITE)
			result = session_step_back(session, VM_MAX) == SESSION_FAILED ? SESSION_FAILED : SESSION_WRITE;
	}
	if (failed(call, result))
		return false;
	if (result != SESSION_WRITE) {
		fprintf(call->out, "nothing writes there %s\n", last ? "before this place" : "in the whole run");
		put_text(call->json, "write", "none");
		return true;
	}
	fprintf(call->out, "written by ");
	show_place(call, &session->place, call->json);
	target_read(&session->now, watch.address, &value, watch.bytes < 8 ? watch.bytes : 8);
	fprintf(call->out, "value before: 0x%" PRIx64 "\n", value);
	put_hex(call->json, "before", value);
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
	struct session *session = call->session;
	u64 here = session->place.tick, distance, back = 0, name_distance;
	struct session_break entry = { .used = true, .kind = SESSION_EXECUTE, .vm = session->place.vm };
	const char *name = symbols_name(session->symbols, session->place.rip, &distance);
	enum session_result result = SESSION_BREAK;
	char text[256];
	u32 hit;

	if (name == NULL) {
		fprintf(call->out, "this needs symbols (--symbols)\n");
		return false;
	}
	entry.linear = session->place.rip - distance;
	if (distance != 0)
		result = session_continue_back(session, &entry, 1, &hit);
	if (failed(call, result))
		return false;
	if (result == SESSION_BREAK) {
		const struct target_registers *registers = session_registers(session);

		if (registers != NULL)
			session_read(session, registers->gpr[4], &back, registers->segment[TARGET_CS].l ? 8 : 4);
		symbols_format(session->symbols, back, text, sizeof(text));
		fprintf(call->out, "%s was called at position %" PRIu64 " and returns to 0x%" PRIx64 " %s\n", name,
			session->place.position, back, symbols_name(session->symbols, back, &name_distance) ? text : "");
		put_text(call->json, "function", name);
		put_number(call->json, "position", session->place.position);
		put_hex(call->json, "returns_to", back);
		put_text(call->json, "caller", text);
	} else {
		fprintf(call->out, "%s was not entered before this place\n", name);
	}
	return !failed(call, session_goto_tick(session, here));
}

/* ---- what the hypervisor has */

static const char *const exit_names[] = {
#define VM_EXIT(name, number, fields, text) [number] = #name,
#include "hv/exits.def"
#undef VM_EXIT
};

static const char *exit_name(u64 reason)
{
	return reason < sizeof(exit_names) / sizeof(exit_names[0]) && exit_names[reason] != NULL ? exit_names[reason] : "?";
}

/* The last n exits before this place. */
static bool do_exits(struct call *call)
{
	struct session *session = call->session;
	u64 here = session->place.tick, want = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 10;
	u64 window = 50000 * want;
	struct json_object *list = call->json == NULL ? NULL : json_object_new_array();
	struct exit { u64 tick, position, reason, qualification, rip; u32 vm; } *ring;
	u64 count = 0;

	if (session->live || want == 0 || want > 100000) {
		fprintf(call->out, session->live ? "this run is live: it cannot be gone through\n" :
						   "usage: exits [1..100000]\n");
		return false;
	}
	ring = calloc(want, sizeof(*ring));
	for (;; window *= 16) {
		u64 from = here - session->first.tick > window ? here - window : session->first.tick;
		enum session_result result = session_goto_tick(session, from);

		for (count = 0; result == SESSION_STOPPED;) {
			u32 stop;

			if (session->place.vm == VM_MAX)
				result = session_enter(session, here);
			if (result != SESSION_STOPPED || session->place.tick >= here)
				break;
			target_exits(&session->now, true);
			stop = target_run(&session->now, here);
			target_exits(&session->now, false);
			if ((stop & TARGET_EXIT) != 0 && session->now.tick < here) {
				struct exit *this = &ring[count++ % want];
				u64 region = session->vmcs + session->place.vm * PAGE_BYTES;

				this->vm = session->place.vm;
				this->tick = session->now.tick;
				this->position = session->place.position + (session->now.tick - 1 - session->place.tick);
				target_vmcs(&session->now, region, VM_EXIT_REASON, &this->reason);
				target_vmcs(&session->now, region, EXIT_QUALIFICATION, &this->qualification);
				target_vmcs(&session->now, region, GUEST_RIP, &this->rip);
			}
			if ((stop & TARGET_EXIT) == 0)
				break;
			if (session_look(session) == SESSION_FAILED || session->now.tick >= here)
				break;
		}
		if (session->now.fd < 0) {
			free(ring);
			return !failed(call, SESSION_FAILED);
		}
		if (count >= want || from == session->first.tick)
			break;
	}
	for (u64 i = count > want ? count - want : 0; i < count; i++) {
		const struct exit *this = &ring[i % want];
		char name[256];

		symbols_format(session->symbols, this->rip, name, sizeof(name));
		fprintf(call->out, "%12" PRIu64 " %-8s %-18s qualification 0x%-8" PRIx64 " %s\n", this->position,
			vm_name(session, this->vm), exit_name(this->reason & 0xffff), this->qualification, name);
		if (list != NULL) {
			struct json_object *item = json_object_new_object();

			put_number(item, "position", this->position);
			put_text(item, "vm", vm_name(session, this->vm));
			put_text(item, "reason", exit_name(this->reason & 0xffff));
			put_hex(item, "qualification", this->qualification);
			put_hex(item, "rip", this->rip);
			json_object_array_add(list, item);
		}
	}
	if (list != NULL)
		json_object_object_add(call->json, "exits", list);
	free(ring);
	return !failed(call, session_goto_tick(session, here));
}

static const struct { const char *name; u32 field; } fields[] = {
#define VMCS_FIELD(name, encoding, width) { #name, encoding },
#include "hv/vmcs.def"
#undef VMCS_FIELD
};

static bool do_vmcs(struct call *call)
{
	struct session *session = call->session;
	u32 vm = session->place.vm < VM_MAX ? session->place.vm : 0;

	fprintf(call->out, "VMCS of %s as in memory; the guest-state fields are as of its last exit\n", vm_name(session, vm));
	for (u32 i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		u64 value;

		if (call->count > 1 && strstr(fields[i].name, call->word[1]) == NULL)
			continue;
		if (!target_vmcs(&session->now, session->vmcs + vm * PAGE_BYTES, fields[i].field, &value))
			continue;
		fprintf(call->out, "%-32s %04x  0x%" PRIx64 "\n", fields[i].name, fields[i].field, value);
		put_hex(call->json, fields[i].name, value);
	}
	return true;
}

static bool do_ept(struct call *call)
{
	static const char *const names[] = { "PML4E", "PDPTE", "PDE", "PTE" };
	struct session *session = call->session;
	u32 vm = session->place.vm < VM_MAX ? session->place.vm : 0;
	u64 gpa, table;

	if (!need(call, 1, "ept GPA") || !address_of(call, call->word[1], &gpa) ||
	    !target_vmcs(&session->now, session->vmcs + vm * PAGE_BYTES, EPT_POINTER, &table))
		return false;
	for (u32 level = 0; level < 4; level++) {
		u32 shift = 39 - 9 * level;
		u64 at = (table & 0x000ffffffffff000ull) + (gpa >> shift & 511) * 8, entry = 0;

		if (!target_read(&session->now, at, &entry, 8))
			return false;
		fprintf(call->out, "%-6s at 0x%-10" PRIx64 " 0x%016" PRIx64 " %c%c%c%s%s%s\n", names[level], at, entry,
			entry & 1 ? 'r' : '-', entry & 2 ? 'w' : '-', entry & 4 ? 'x' : '-', entry & 0x80 ? " large" : "",
			entry & 0x100 ? " accessed" : "", entry & 0x200 ? " dirty" : "");
		put_hex(call->json, names[level], entry);
		if ((entry & 7) == 0) {
			fprintf(call->out, "GPA 0x%" PRIx64 " is not mapped\n", gpa);
			return true;
		}
		table = entry;
		if (level == 3 || (entry & 0x80) != 0) {
			u64 mask = (1ull << shift) - 1;
			u64 hpa = (entry & 0x000ffffffffff000ull & ~mask) | (gpa & mask);

			fprintf(call->out, "GPA 0x%" PRIx64 " is HPA 0x%" PRIx64 "\n", gpa, hpa);
			put_hex(call->json, "hpa", hpa);
			return true;
		}
	}
	return true;
}

static void walk_level(void *context, const char *name, u64 at, u64 entry)
{
	struct call *call = context;

	fprintf(call->out, "%-6s at GPA 0x%-10" PRIx64 " 0x%016" PRIx64 " %s%s%s%s%s%s\n", name, at, entry,
		entry & 1 ? "present" : "not present", entry & 2 ? " writable" : "", entry & 4 ? " user" : "",
		entry & 0x80 ? " large" : "", entry & 0x20 ? " accessed" : "", entry & 0x40 ? " dirty" : "");
	put_hex(call->json, name, entry);
}

static bool do_walk(struct call *call)
{
	struct session *session = call->session;
	const struct target_registers *registers = session_registers(session);
	u64 linear, gpa;

	if (!need(call, 1, "walk LINEAR") || !address_of(call, call->word[1], &linear) || registers == NULL)
		return false;
	if (session_walk(session, registers, linear, &gpa, walk_level, call)) {
		fprintf(call->out, "linear 0x%" PRIx64 " is GPA 0x%" PRIx64 "\n", linear, gpa);
		put_hex(call->json, "gpa", gpa);
	} else {
		fprintf(call->out, "linear 0x%" PRIx64 " is not mapped\n", linear);
	}
	return true;
}

/* The PIC is in the hypervisor, in the VM's board. */
static bool do_irq(struct call *call)
{
	struct session *session = call->session;
	u32 vm = session->place.vm < VM_MAX ? session->place.vm : 0;
	struct board board;
	struct vcpu vcpu;
	u64 boards;

	if (!symbols_address(session->hv, "boards", &boards) || !session_vcpu(session, vm, &vcpu) ||
	    !target_read(&session->now, boards + vm * sizeof(board), &board, sizeof(board)))
		return false;
	for (u32 i = 0; i < PIC_CHIPS; i++) {
		const struct pic_chip *chip = &board.pic.chip[i];
		struct json_object *json = call->json == NULL ? NULL : json_object_new_object();

		fprintf(call->out, "%s: requests %02x, in service %02x, masked %02x, lines %02x, level %02x, vectors from 0x%02x\n",
			i == PIC_MASTER ? "master" : "slave ", chip->irr, chip->isr, chip->imr, chip->line, chip->elcr, chip->base);
		put_number(json, "irr", chip->irr);
		put_number(json, "isr", chip->isr);
		put_number(json, "imr", chip->imr);
		put_number(json, "base", chip->base);
		if (json != NULL)
			json_object_object_add(call->json, i == PIC_MASTER ? "master" : "slave", json);
	}
	fprintf(call->out, "INTR %s, NMI %s\n", board.pic.intr ? "asserted" : "quiet",
		vcpu.nmi_pending ? "pending" : "none");
	if ((vcpu.event_info >> 31) != 0)
		fprintf(call->out, "to be injected: vector 0x%x, type %u\n", vcpu.event_info & 0xff, vcpu.event_info >> 8 & 7);
	put_number(call->json, "intr", board.pic.intr);
	put_number(call->json, "nmi", vcpu.nmi_pending);
	return true;
}

static bool do_console(struct call *call)
{
	struct session *session = call->session;
	u32 vm = session->place.vm < VM_MAX ? session->place.vm : 0;
	const struct session_console *console = &session->console[vm];

	if (console->bytes > 0)
		fwrite(console->text, 1, console->bytes, call->out);
	if (console->bytes > 0 && console->text[console->bytes - 1] != '\n')
		fputc('\n', call->out);
	if (call->json != NULL)
		json_object_object_add(call->json, "console",
				       json_object_new_string_len(console->bytes > 0 ? console->text : "", (int)console->bytes));
	return true;
}

static bool do_explain(struct call *call)
{
	struct session *session = call->session;
	const struct target_registers *registers = session_registers(session);
	struct session_place *place = &session->place;
	u8 code[15];
	char text[256];
	u64 bytes;

	if (registers == NULL)
		return false;
	show_place(call, place, NULL);
	bytes = session_read(session, place->rip + (registers->segment[TARGET_CS].l ? 0 : registers->segment[TARGET_CS].base),
			     code, sizeof(code));
	if (bytes > 0 && symbols_disassemble(session->symbols, place->rip, code, (u32)bytes,
					     registers->segment[TARGET_CS].l ? 64 : registers->segment[TARGET_CS].db ? 32 : 16,
					     text, sizeof(text)) > 0) {
		fprintf(call->out, "next: %s\n", text);
		put_text(call->json, "instruction", text);
	}
	fprintf(call->out, "%s, paging %s, CPL %u, interrupts %s\n",
		(registers->cr0 & CR0_PE) == 0 ? "real mode" :
		(registers->rflags & 0x20000) != 0 ? "virtual-8086 mode" :
		registers->segment[TARGET_CS].l ? "64-bit mode" :
		(registers->efer & EFER_LMA) != 0 ? "compatibility mode" : "protected mode",
		(registers->cr0 & CR0_PG) != 0 ? "on" : "off", registers->segment[TARGET_CS].selector & 3u,
		(registers->rflags & 0x200) != 0 ? "on" : "off");
	return true;
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
	call->session->live = true;
	fprintf(call->out, "from here on this run is live: memory can be written, and there is no way back\n");
	return true;
}

static bool do_help(struct call *call);

static const struct { const char *name, *what; bool (*run)(struct call *call); } commands[] = {
	{ "when", "when: position, event, virtual time, percent", do_when },
	{ "goto", "goto POSITION | VM:POSITION | eEVENT | PERCENT% | start | end", do_goto },
	{ "checkpoint", "checkpoint: makes one here", do_checkpoint },
	{ "exits", "exits [N]: the last N VM exits before this place", do_exits },
	{ "last-write", "last-write ADDRESS [BYTES]: goes back to the instruction that wrote it", do_last_write },
	{ "first-write", "first-write ADDRESS [BYTES]: goes to the first instruction of the run that wrote it", do_first_write },
	{ "who-called", "who-called: the call that led to this function", do_who_called },
	{ "vmcs", "vmcs [PART]: the VMCS's fields whose names contain PART", do_vmcs },
	{ "ept", "ept GPA: the walk through the EPT", do_ept },
	{ "walk", "walk LINEAR: the walk through the guest's page tables", do_walk },
	{ "irq", "irq: the PIC, and what is pending", do_irq },
	{ "console", "console: the guest's output up to here", do_console },
	{ "explain", "explain: the next instruction and the modes it runs in", do_explain },
	{ "this-space", "this-space on|off: new breakpoints hold for this VM and CR3 only", do_space },
	{ "fork", "fork: from here on the run is live and can be changed", do_fork },
	{ "help", "help", do_help },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool do_help(struct call *call)
{
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(call->out, "%s\n", commands[i].what);
	return true;
}

void monitor_open(struct monitor *monitor, struct session *session)
{
	*monitor = (struct monitor){ session, false };
}

bool monitor_command(struct monitor *monitor, const char *line, FILE *out, struct json_object *json)
{
	struct call call = { .monitor = monitor, .session = monitor->session, .out = out, .json = json };
	char copy[1024];
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	while (call.count < WORDS && (word = strsep(&rest, " \t\n")) != NULL)
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
