/* SPDX-License-Identifier: BSD-2-Clause */
/* What gdb asks at a stop: registers, memory, breakpoints and queries. */
#include "gdb_internal.h"

#include "gdb_registers.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (GDB_PACKET_MAX / 2 - 16)	/* of memory in one answer */

/* ---- registers and memory */

static void read_registers(struct gdb *gdb)
{
	struct gdb_registers registers;
	char text[8192];
	size_t at = 0;

	if (!gdb_registers_get(gdb->travel, gdb->vm, &registers)) {
		gdb_reply(gdb, "E05");
		return;
	}
	for (u32 i = 0; i < gdb_register_count(); i++) {
		u8 value[GDB_REGISTER_BYTES];
		u32 bytes = gdb_register(&registers, i, value);

		gdb_hex(value, bytes, text + at);
		at += 2 * bytes;
	}
	gdb_reply_bytes(gdb, text, at);
}

static void read_register(struct gdb *gdb, const char *text)
{
	struct gdb_registers registers;
	u8 value[GDB_REGISTER_BYTES];
	char hex[2 * GDB_REGISTER_BYTES + 1];
	u64 n;
	u32 bytes;

	if (!gdb_number(&text, &n) || n >= gdb_register_count() ||
	    !gdb_registers_get(gdb->travel, gdb->vm, &registers)) {
		gdb_reply(gdb, "E16");
		return;
	}
	bytes = gdb_register(&registers, (u32)n, value);
	gdb_hex(value, bytes, hex);
	gdb_reply(gdb, hex);
}

static bool address_and_length(const char **text, u64 *address, u64 *bytes)
{
	if (!gdb_number(text, address) || **text != ',')
		return false;
	(*text)++;
	return gdb_number(text, bytes);
}

static void read_memory(struct gdb *gdb, const char *text)
{
	u8 data[BYTES_MAX];
	char hex[2 * BYTES_MAX + 1];
	struct gdb_registers other;
	u64 address, bytes;

	if (!address_and_length(&text, &address, &bytes)) {
		gdb_reply(gdb, "E16");
		return;
	}
	if (bytes > BYTES_MAX)
		bytes = BYTES_MAX;
	if (gdb->vm == gdb->travel->place.vm)
		bytes = travel_read(gdb->travel, address, data, bytes);
	else	/* the thread that gdb looks at is a VM that does not run now */
		bytes = gdb_registers_get(gdb->travel, gdb->vm, &other) ?
				travel_read_vm(gdb->travel, gdb->vm, &other.core, address, data, bytes) : 0;
	gdb_hex(data, bytes, hex);
	gdb_reply(gdb, bytes > 0 ? hex : "E0e");
}

#define REFUSAL "E.A replay cannot be changed; 'monitor fork' makes a run of its own from here on."

static void write_memory(struct gdb *gdb, const char *text)
{
	struct travel *travel = gdb->travel;
	const struct target_registers *registers = travel_registers(travel);
	u64 address, bytes;

	if (!address_and_length(&text, &address, &bytes) || *text != ':' || bytes > BYTES_MAX) {
		gdb_reply(gdb, "E16");
		return;
	}
	if (!travel_changeable(travel)) {
		if (bytes > 0)	/* gdb keeps the answer's text to itself */
			say("a replay cannot be changed; 'monitor fork' makes a run of its own from here on");
		gdb_reply(gdb, bytes == 0 ? "OK" : REFUSAL);
		return;
	}
	text++;
	for (u64 done = 0; done < bytes;) {
		struct target_edit edit = { .bytes = TARGET_EDIT_BYTES };
		u64 gpa, page = 4096 - ((address + done) & 4095);

		if (edit.bytes > bytes - done)
			edit.bytes = (u32)(bytes - done);
		if (edit.bytes > page)
			edit.bytes = (u32)page;
		if (registers == NULL || !gdb_unhex(text + 2 * done, edit.bytes, edit.data) ||
		    !travel_walk(travel, travel->place.vm, registers, address + done, &gpa, NULL, NULL) ||
		    !travel_address(travel, travel->place.vm, gpa, edit.bytes, &edit.address) || !travel_edit(travel, &edit)) {
			gdb_reply(gdb, "E0e");
			return;
		}
		done += edit.bytes;
	}
	gdb_reply(gdb, "OK");
}

/* Writes register `n`, of which `hex` is the value as gdb sends it. Null, or why not. */
static const char *set_register(struct gdb *gdb, u32 n, const char *hex)
{
	u8 value[GDB_REGISTER_BYTES] = { 0 }, now[GDB_REGISTER_BYTES];
	struct gdb_registers registers;
	u32 bytes;

	if (gdb->vm != gdb->travel->place.vm || !gdb_registers_get(gdb->travel, gdb->vm, &registers))
		return "E.this VM does not run now: only the one that runs can be changed";
	bytes = gdb_register(&registers, n, now);
	if (bytes == 0 || !gdb_unhex(hex, bytes, value))
		return "E16";
	if (memcmp(value, now, bytes) == 0)
		return NULL;
	for (u32 part = 0; part < bytes; part += 8) {
		struct target_edit edit = { .tick = 0 };

		memcpy(&edit.value, value + part, bytes - part < 8 ? bytes - part : 8);
		if (!gdb_register_name(&registers, n, part / 8, &edit))
			return "E.this register cannot be written: general ones, RIP, EFLAGS and vectors can";
		if (!travel_edit(gdb->travel, &edit))
			return "E05";
	}
	return NULL;
}

/* P n=value, or G values */
static void write_registers(struct gdb *gdb, char what, const char *text)
{
	const char *why = NULL;
	struct gdb_registers registers;
	u64 n = 0;

	if (!travel_changeable(gdb->travel)) {
		gdb_reply(gdb, REFUSAL);
		return;
	}
	if (what == 'P') {
		why = gdb_number(&text, &n) && n < gdb_register_count() && *text == '=' ? set_register(gdb, (u32)n, text + 1) :
											   "E16";
	} else {
		for (u32 i = 0; why == NULL && i < gdb_register_count() && *text != '\0'; i++) {
			u8 value[GDB_REGISTER_BYTES];
			u32 bytes = gdb_registers_get(gdb->travel, gdb->vm, &registers) ? gdb_register(&registers, i, value) : 0;

			why = strlen(text) < 2 * bytes ? "E16" : set_register(gdb, i, text);
			text += why == NULL ? 2 * bytes : 0;
		}
	}
	gdb_reply(gdb, why == NULL ? "OK" : why);
}

/* ---- breakpoints */

static u32 used(const struct gdb *gdb, bool execute)
{
	u32 count = 0;

	for (u32 i = 0; i < TRAVEL_BREAKS; i++)
		count += gdb->breaks[i].used && (gdb->breaks[i].kind == TRAVEL_EXECUTE) == execute;
	return count;
}

/* Z type,address,kind */
static void breakpoint(struct gdb *gdb, bool insert, const char *text)
{
	static const u8 kinds[] = { TRAVEL_EXECUTE, TRAVEL_EXECUTE, TRAVEL_ON_WRITE, TRAVEL_ON_READ, TRAVEL_ON_ACCESS };
	struct travel *travel = gdb->travel;
	struct travel_break new = { .used = true, .vm = VM_MAX };
	const struct target_registers *registers = travel_registers(travel);
	u32 room = TRAVEL_BREAKS;
	char type = *text;
	u64 gpa;

	if (type < '0' || type > '4' || text[1] != ',') {
		gdb_reply(gdb, type == '\0' ? "E16" : "");
		return;
	}
	text += 2;
	new.kind = kinds[type - '0'];
	if (!address_and_length(&text, &new.linear, &new.bytes)) {
		gdb_reply(gdb, "E16");
		return;
	}
	for (u32 i = TRAVEL_BREAKS; i-- > 0;) {
		if (!gdb->breaks[i].used)
			room = i;
		else if (gdb->breaks[i].kind == new.kind && gdb->breaks[i].linear == new.linear) {
			gdb->breaks[i].used = insert;
			gdb_reply(gdb, "OK");
			return;
		}
	}
	if (!insert) {
		gdb_reply(gdb, "OK");
		return;
	}
	if (room == TRAVEL_BREAKS || used(gdb, new.kind == TRAVEL_EXECUTE) >=
					      (new.kind == TRAVEL_EXECUTE ? TARGET_BREAKS : TARGET_WATCHES)) {
		gdb_reply(gdb, "E.no room for more: there are 1024 breakpoints and 256 watchpoints");
		return;
	}
	if (new.kind != TRAVEL_EXECUTE &&
	    (new.bytes == 0 || new.bytes > 4096 || registers == NULL ||
	     !travel_walk(travel, travel->place.vm, registers, new.linear, &gpa, NULL, NULL) ||
	     !travel_address(travel, travel->place.vm, gpa, new.bytes, &new.address))) {
		gdb_reply(gdb, "E.this address is not mapped here; watchpoints follow the memory behind it");
		return;
	}
	if (gdb->monitor.this_space && registers != NULL) {
		new.has_cr3 = true;
		new.cr3 = registers->cr3;
		new.vm = travel->place.vm;
	}
	gdb->breaks[room] = new;
	gdb_reply(gdb, "OK");
}

/* ---- queries */

static void transfer(struct gdb *gdb, const char *text)
{
	size_t total = strlen(gdb->description);
	u64 offset, bytes;
	char *out;

	if (!address_and_length(&text, &offset, &bytes)) {
		gdb_reply(gdb, "E16");
		return;
	}
	if (offset > total)
		offset = total;
	if (bytes > BYTES_MAX)
		bytes = BYTES_MAX;
	if (bytes > total - offset)
		bytes = total - offset;
	out = say_alloc(bytes + 1);
	out[0] = offset + bytes < total ? 'm' : 'l';
	memcpy(out + 1, gdb->description + offset, bytes);
	gdb_reply_bytes(gdb, out, bytes + 1);
	free(out);
}

/* qRcmd: console output in packets of its own, then OK. */
static void command(struct gdb *gdb, const char *hex)
{
	char line[1024], *text = NULL;
	size_t bytes = strlen(hex) / 2, count = 0;
	u64 tick = gdb->travel->now.tick;
	FILE *out;

	if (bytes >= sizeof(line) || !gdb_unhex(hex, bytes, line)) {
		gdb_reply(gdb, "E16");
		return;
	}
	line[bytes] = '\0';
	out = open_memstream(&text, &count);
	if (out == NULL) {
		gdb_reply(gdb, "E0c");
		return;
	}
	gdb->busy = true;
	monitor_command(&gdb->monitor, line, out, NULL);
	gdb->busy = false;
	if (gdb->travel->now.tick != tick)
		fprintf(out, "(gdb does not know yet that the place changed: 'maintenance flush register-cache' and 'frame' show "
			     "it)\n");
	fclose(out);
	for (size_t at = 0; at < count;) {
		size_t part = count - at < BYTES_MAX ? count - at : BYTES_MAX;
		char *packet = say_alloc(2 * part + 2);

		packet[0] = 'O';
		gdb_hex(text + at, part, packet + 1);
		gdb_reply_bytes(gdb, packet, 2 * part + 1);
		free(packet);
		at += part;
	}
	free(text);
	if (gdb->travel->place.vm < VM_MAX)
		gdb->vm = gdb->travel->place.vm;
	gdb_reply(gdb, "OK");
}

static bool begins(const char *text, const char *with, const char **rest)
{
	size_t bytes = strlen(with);

	*rest = text + bytes;
	return strncmp(text, with, bytes) == 0;
}

static void threads(struct gdb *gdb)
{
	char text[VM_MAX * 4 + 2];
	size_t at = 0;

	for (u32 vm = 0; vm < gdb->travel->layout.plan.vm_count; vm++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%c%x", vm == 0 ? 'm' : ',', vm + 1);
	gdb_reply(gdb, text);
}

static void thread_info(struct gdb *gdb, const char *text)
{
	struct travel *travel = gdb->travel;
	char line[64], hex[2 * sizeof(line) + 1];
	s64 thread;

	if (!gdb_thread(&text, &thread) || thread < 1 || thread > (s64)travel->layout.plan.vm_count) {
		gdb_reply(gdb, "E16");
		return;
	}
	snprintf(line, sizeof(line), "VM %s%s", (const char *)travel->layout.plan.vm[thread - 1].name,
		 travel->place.vm == (u32)(thread - 1) ? ", running" : "");
	gdb_hex(line, strlen(line), hex);
	gdb_reply(gdb, hex);
}

static void query(struct gdb *gdb, const char *text)
{
	const char *rest;
	char answer[256];

	if (begins(text, "qSupported", &rest)) {
		snprintf(answer, sizeof(answer),
			 "PacketSize=%x;qXfer:features:read+;ReverseStep+;ReverseContinue+;vContSupported+;QStartNoAckMode+;"
			 "swbreak+;hwbreak+",
			 GDB_PACKET_MAX - 64);
		gdb_reply(gdb, answer);
	} else if (begins(text, "qXfer:features:read:target.xml:", &rest)) {
		transfer(gdb, rest);
	} else if (begins(text, "qRcmd,", &rest)) {
		command(gdb, rest);
	} else if (begins(text, "qfThreadInfo", &rest)) {
		threads(gdb);
	} else if (begins(text, "qsThreadInfo", &rest)) {
		gdb_reply(gdb, "l");
	} else if (begins(text, "qThreadExtraInfo,", &rest)) {
		thread_info(gdb, rest);
	} else if (begins(text, "qAttached", &rest)) {
		gdb_reply(gdb, "1");
	} else if (strcmp(text, "qC") == 0) {
		snprintf(answer, sizeof(answer), "QC%x", gdb->vm + 1);
		gdb_reply(gdb, answer);
	} else if (begins(text, "qSymbol", &rest)) {
		gdb_reply(gdb, "OK");
	} else {
		gdb_reply(gdb, "");
	}
}

static void select_thread(struct gdb *gdb, const char *text)
{
	char what = *text;
	s64 thread;

	text += what != '\0';
	if (!gdb_thread(&text, &thread) || thread > (s64)gdb->travel->layout.plan.vm_count) {
		gdb_reply(gdb, "E16");
		return;
	}
	if (what == 'g')
		gdb->vm = thread > 0 ? (u32)thread - 1 : gdb->travel->place.vm < VM_MAX ? gdb->travel->place.vm : 0;
	gdb_reply(gdb, "OK");
}

void gdb_handle(struct gdb *gdb, const char *text)
{
	const char *rest = text + 1;
	s64 thread;

	switch (text[0]) {
	case '?': gdb_reply(gdb, gdb->stop); break;
	case 'g': read_registers(gdb); break;
	case 'p': read_register(gdb, rest); break;
	case 'G':
	case 'P': write_registers(gdb, text[0], rest); break;
	case 'm': read_memory(gdb, rest); break;
	case 'M': write_memory(gdb, rest); break;
	case 'Z': breakpoint(gdb, true, rest); break;
	case 'z': breakpoint(gdb, false, rest); break;
	case 'c': gdb_resume(gdb, 'c', -1, 0, 0); break;
	case 's': gdb_resume(gdb, 's', -1, 0, 0); break;
	case 'b':
		if (text[1] == 's' || text[1] == 'c')
			gdb_resume(gdb, text[1] == 's' ? 'S' : 'C', -1, 0, 0);
		else
			gdb_reply(gdb, "");
		break;
	case 'H': select_thread(gdb, rest); break;
	case 'T':
		gdb_reply(gdb, gdb_thread(&rest, &thread) && thread >= 1 && thread <= (s64)gdb->travel->layout.plan.vm_count ?
				   "OK" : "E16");
		break;
	case 'q': query(gdb, text); break;
	case 'Q':
		if (strcmp(text, "QStartNoAckMode") == 0) {
			gdb_reply(gdb, "OK");
			gdb->no_ack = true;
		} else {
			gdb_reply(gdb, "");
		}
		break;
	case 'v':
		if (strcmp(text, "vCont?") == 0)
			gdb_reply(gdb, "vCont;c;C;s;S;r");
		else if (begins(text, "vCont", &rest))
			gdb_vcont(gdb, rest);
		else if (begins(text, "vKill", &rest)) {
			gdb_reply(gdb, "OK");
			gdb->killed = true;
		} else
			gdb_reply(gdb, "");
		break;
	case 'D':
		gdb_reply(gdb, "OK");
		gdb->quit = true;
		break;
	case 'k':
		gdb->killed = true;
		break;
	default:
		gdb_reply(gdb, "");
	}
}

