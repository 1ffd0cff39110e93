/* SPDX-License-Identifier: BSD-2-Clause */
/* What one asks of the machine at one place: exits before it, the VMCS, page tables, interrupts, the console. */
#include "monitor_internal.h"
#include "travel_internal.h"

#include "hv/dev/board.h"
#include "hv/vmcs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const exit_names[] = {
#define VM_EXIT(name, number, fields, text) [number] = #name,
#include "hv/exits.def"
#undef VM_EXIT
};

const char *monitor_exit_name(u64 reason)
{
	return reason < sizeof(exit_names) / sizeof(exit_names[0]) && exit_names[reason] != NULL ? exit_names[reason] : "?";
}

/* The last n exits before this place. */
bool monitor_exits(struct call *call)
{
	struct travel *travel = call->travel;
	u64 here = travel->place.tick, want = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 10;
	u64 window = 50000 * want;
	struct json_object *list = call->json == NULL ? NULL : json_object_new_array();
	struct exit { u64 tick, position, reason, qualification, rip; u32 vm; } *ring;
	u64 count = 0;

	if (travel->live || want == 0 || want > 100000) {
		fprintf(call->out, travel->live ? "this run is live: it cannot be gone through\n" :
						   "usage: exits [1..100000]\n");
		return false;
	}
	ring = calloc(want, sizeof(*ring));
	for (;; window *= 16) {
		u64 from = here - travel->first.tick > window ? here - window : travel->first.tick;
		enum travel_result result = travel_goto_tick(travel, from);

		for (count = 0; result == TRAVEL_STOPPED;) {
			u32 stop;

			if (travel->place.vm == VM_MAX)
				result = travel_enter(travel, here);
			if (result != TRAVEL_STOPPED || travel->place.tick >= here)
				break;
			target_exits(&travel->now, 1, 0);
			stop = target_run(&travel->now, here);
			target_clear(&travel->now);
			if ((stop & TARGET_EXIT) != 0 && travel->now.tick < here) {
				struct exit *this = &ring[count++ % want];
				u64 region = travel->vmcs + travel->place.vm * PAGE_BYTES;

				this->vm = travel->place.vm;
				this->tick = travel->now.tick;
				this->position = travel->place.position + (travel->now.tick - 1 - travel->place.tick);
				target_vmcs(&travel->now, region, VM_EXIT_REASON, &this->reason);
				target_vmcs(&travel->now, region, EXIT_QUALIFICATION, &this->qualification);
				target_vmcs(&travel->now, region, GUEST_RIP, &this->rip);
			}
			if ((stop & TARGET_EXIT) == 0)
				break;
			if (travel_look(travel) == TRAVEL_FAILED || travel->now.tick >= here)
				break;
		}
		if (travel->now.fd < 0) {
			free(ring);
			return !monitor_failed(call, TRAVEL_FAILED);
		}
		if (count >= want || from == travel->first.tick)
			break;
	}
	for (u64 i = count > want ? count - want : 0; i < count; i++) {
		const struct exit *this = &ring[i % want];
		char name[256];

		symbols_format(travel->symbols, this->rip, name, sizeof(name));
		fprintf(call->out, "%12" PRIu64 " %-8s %-18s qualification 0x%-8" PRIx64 " %s\n", this->position,
			monitor_vm(travel, this->vm), monitor_exit_name(this->reason & 0xffff), this->qualification, name);
		if (list != NULL) {
			struct json_object *item = json_object_new_object();

			monitor_number(item, "position", this->position);
			monitor_text(item, "vm", monitor_vm(travel, this->vm));
			monitor_text(item, "reason", monitor_exit_name(this->reason & 0xffff));
			monitor_hex(item, "qualification", this->qualification);
			monitor_hex(item, "rip", this->rip);
			json_object_array_add(list, item);
		}
	}
	if (list != NULL)
		json_object_object_add(call->json, "exits", list);
	free(ring);
	return !monitor_failed(call, travel_goto_tick(travel, here));
}

static const struct { const char *name; u32 field; } fields[] = {
#define VMCS_FIELD(name, encoding, width) { #name, encoding },
#include "hv/vmcs.def"
#undef VMCS_FIELD
};

bool monitor_vmcs(struct call *call)
{
	struct travel *travel = call->travel;
	u32 vm = travel->place.vm < VM_MAX ? travel->place.vm : 0;

	fprintf(call->out, "VMCS of %s as in memory; the guest-state fields are as of its last exit\n", monitor_vm(travel, vm));
	for (u32 i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		u64 value;

		if (call->count > 1 && strstr(fields[i].name, call->word[1]) == NULL)
			continue;
		if (!target_vmcs(&travel->now, travel->vmcs + vm * PAGE_BYTES, fields[i].field, &value))
			continue;
		fprintf(call->out, "%-32s %04x  0x%" PRIx64 "\n", fields[i].name, fields[i].field, value);
		monitor_hex(call->json, fields[i].name, value);
	}
	return true;
}

bool monitor_ept(struct call *call)
{
	static const char *const names[] = { "PML4E", "PDPTE", "PDE", "PTE" };
	struct travel *travel = call->travel;
	u32 vm = travel->place.vm < VM_MAX ? travel->place.vm : 0;
	u64 gpa, table;

	if (!monitor_need(call, 1, "ept GPA") || !monitor_address(call, call->word[1], &gpa) ||
	    !target_vmcs(&travel->now, travel->vmcs + vm * PAGE_BYTES, EPT_POINTER, &table))
		return false;
	for (u32 level = 0; level < 4; level++) {
		u32 shift = 39 - 9 * level;
		u64 at = (table & 0x000ffffffffff000ull) + (gpa >> shift & 511) * 8, entry = 0;

		if (!target_read(&travel->now, at, &entry, 8))
			return false;
		fprintf(call->out, "%-6s at 0x%-10" PRIx64 " 0x%016" PRIx64 " %c%c%c%s%s%s\n", names[level], at, entry,
			entry & 1 ? 'r' : '-', entry & 2 ? 'w' : '-', entry & 4 ? 'x' : '-', entry & 0x80 ? " large" : "",
			entry & 0x100 ? " accessed" : "", entry & 0x200 ? " dirty" : "");
		monitor_hex(call->json, names[level], entry);
		if ((entry & 7) == 0) {
			fprintf(call->out, "GPA 0x%" PRIx64 " is not mapped\n", gpa);
			return true;
		}
		table = entry;
		if (level == 3 || (entry & 0x80) != 0) {
			u64 mask = (1ull << shift) - 1;
			u64 hpa = (entry & 0x000ffffffffff000ull & ~mask) | (gpa & mask);

			fprintf(call->out, "GPA 0x%" PRIx64 " is HPA 0x%" PRIx64 "\n", gpa, hpa);
			monitor_hex(call->json, "hpa", hpa);
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
	monitor_hex(call->json, name, entry);
}

bool monitor_walk(struct call *call)
{
	struct travel *travel = call->travel;
	const struct target_registers *registers = travel_registers(travel);
	u64 linear, gpa;

	if (!monitor_need(call, 1, "walk LINEAR") || !monitor_address(call, call->word[1], &linear) || registers == NULL)
		return false;
	if (travel_walk(travel, travel->place.vm, registers, linear, &gpa, walk_level, call)) {
		fprintf(call->out, "linear 0x%" PRIx64 " is GPA 0x%" PRIx64 "\n", linear, gpa);
		monitor_hex(call->json, "gpa", gpa);
	} else {
		fprintf(call->out, "linear 0x%" PRIx64 " is not mapped\n", linear);
	}
	return true;
}

/* The PIC is in the hypervisor, in the VM's board. */
bool monitor_irq(struct call *call)
{
	struct travel *travel = call->travel;
	u32 vm = travel->place.vm < VM_MAX ? travel->place.vm : 0;
	struct board board;
	struct vcpu vcpu;
	u64 boards;

	if (!symbols_address(travel->hv, "boards", &boards) || !travel_vcpu(travel, vm, &vcpu) ||
	    !target_read(&travel->now, boards + vm * sizeof(board), &board, sizeof(board)))
		return false;
	for (u32 i = 0; i < PIC_CHIPS; i++) {
		const struct pic_chip *chip = &board.pic.chip[i];
		struct json_object *json = call->json == NULL ? NULL : json_object_new_object();

		fprintf(call->out, "%s: requests %02x, in service %02x, masked %02x, lines %02x, level %02x, vectors from 0x%02x\n",
			i == PIC_MASTER ? "master" : "slave ", chip->irr, chip->isr, chip->imr, chip->line, chip->elcr, chip->base);
		monitor_number(json, "irr", chip->irr);
		monitor_number(json, "isr", chip->isr);
		monitor_number(json, "imr", chip->imr);
		monitor_number(json, "base", chip->base);
		if (json != NULL)
			json_object_object_add(call->json, i == PIC_MASTER ? "master" : "slave", json);
	}
	fprintf(call->out, "INTR %s, NMI %s\n", board.pic.intr ? "asserted" : "quiet",
		vcpu.nmi_pending ? "pending" : "none");
	if ((vcpu.event_info >> 31) != 0)
		fprintf(call->out, "to be injected: vector 0x%x, type %u\n", vcpu.event_info & 0xff, vcpu.event_info >> 8 & 7);
	monitor_number(call->json, "intr", board.pic.intr);
	monitor_number(call->json, "nmi", vcpu.nmi_pending);
	return true;
}

bool monitor_console(struct call *call)
{
	struct travel *travel = call->travel;
	u32 vm = travel->place.vm < VM_MAX ? travel->place.vm : 0;
	const struct travel_console *console = &travel->console[vm];

	if (console->bytes > 0)
		fwrite(console->text, 1, console->bytes, call->out);
	if (console->bytes > 0 && console->text[console->bytes - 1] != '\n')
		fputc('\n', call->out);
	if (call->json != NULL)
		json_object_object_add(call->json, "console",
				       json_object_new_string_len(console->bytes > 0 ? console->text : "", (int)console->bytes));
	return true;
}

bool monitor_explain(struct call *call)
{
	struct travel *travel = call->travel;
	const struct target_registers *registers = travel_registers(travel);
	struct travel_place *place = &travel->place;
	u8 code[15];
	char text[256];
	u64 bytes;

	if (registers == NULL)
		return false;
	monitor_place(call, place, NULL);
	bytes = travel_read(travel, place->rip + (registers->segment[TARGET_CS].l ? 0 : registers->segment[TARGET_CS].base),
			     code, sizeof(code));
	if (bytes > 0 && symbols_disassemble(travel->symbols, place->rip, code, (u32)bytes,
					     registers->segment[TARGET_CS].l ? 64 : registers->segment[TARGET_CS].db ? 32 : 16,
					     text, sizeof(text)) > 0) {
		fprintf(call->out, "next: %s\n", text);
		monitor_text(call->json, "instruction", text);
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

