/* SPDX-License-Identifier: BSD-2-Clause */
/* The gdb remote protocol over a session. A client that vanishes or sends garbage only ends its own connection. */
#include "gdb.h"

#include "gdb_packet.h"
#include "gdb_registers.h"
#include "monitor.h"
#include "say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGTRAP_NUMBER 5
#define SIGINT_NUMBER 2
#define BYTES_MAX (GDB_PACKET_MAX / 2 - 16)	/* of memory in one answer */

struct gdb {
	struct session *session;
	int fd;			/* -1: the client is gone */
	bool no_ack, quit, killed;
	u32 vm;			/* whose registers are asked for (Hg) */
	struct gdb_reader reader;
	struct session_break breaks[SESSION_BREAKS];
	struct monitor monitor;
	char stop[128];		/* the last stop reply */
	char *description;
};

/* ---- sending */

static void send_all(struct gdb *gdb, const char *data, size_t bytes)
{
	while (bytes > 0 && gdb->fd >= 0) {
		ssize_t done = send(gdb->fd, data, bytes, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			close(gdb->fd);
			gdb->fd = -1;
			return;
		}
		data += done;
		bytes -= (size_t)done;
	}
}

static void reply_bytes(struct gdb *gdb, const void *data, size_t bytes)
{
	char *out = say_alloc(2 * bytes + 4);

	send_all(gdb, out, gdb_frame(data, bytes, out, 2 * bytes + 4));
	free(out);
}

static void reply(struct gdb *gdb, const char *text)
{
	reply_bytes(gdb, text, strlen(text));
}

/* ---- stops */

static void stop_text(struct gdb *gdb, enum session_result result, u32 hit)
{
	const struct session_break *b = &gdb->breaks[hit < SESSION_BREAKS ? hit : 0];
	unsigned thread = (gdb->session->place.vm < VM_MAX ? gdb->session->place.vm : 0) + 1;
	const char *what = "";
	char watch[64] = "";
	int signal = SIGTRAP_NUMBER;

	switch (result) {
	case SESSION_BREAK:
		what = "swbreak:;";
		break;
	case SESSION_READ:
	case SESSION_WRITE:
		snprintf(watch, sizeof(watch), "%s:%llx;",
			 b->kind == SESSION_ON_ACCESS ? "awatch" : b->kind == SESSION_ON_READ ? "rwatch" : "watch",
			 (unsigned long long)b->linear);
		break;
	case SESSION_BEGIN:
		what = "replaylog:begin;";
		break;
	case SESSION_END:
		what = "replaylog:end;";
		break;
	case SESSION_INTERRUPTED:
		signal = SIGINT_NUMBER;
		break;
	case SESSION_STOPPED:
	case SESSION_FAILED:
		break;
	}
	snprintf(gdb->stop, sizeof(gdb->stop), "T%02xthread:%x;%s%s", signal, thread, what, watch);
	if (result == SESSION_FAILED)
		snprintf(gdb->stop, sizeof(gdb->stop), "X09");
}

/* Something came from gdb while the machine runs: Ctrl-C, or it is gone. */
static bool wake(void *context)
{
	struct gdb *gdb = context;
	u8 byte;
	ssize_t got = recv(gdb->fd, &byte, 1, MSG_DONTWAIT);

	if (got == 1)
		return gdb_take(&gdb->reader, byte) == GDB_INTERRUPT;
	return got == 0 || (errno != EAGAIN && errno != EINTR);
}

static void resumed(struct gdb *gdb, enum session_result result, u32 hit)
{
	stop_text(gdb, result, hit);
	if (gdb->session->place.vm < VM_MAX)
		gdb->vm = gdb->session->place.vm;
	reply(gdb, gdb->stop);
	if (result == SESSION_FAILED) {
		say("Bochs ended while it was being debugged");
		gdb->quit = true;
	}
}

static void resume(struct gdb *gdb, char how, s64 thread, u64 from, u64 to)
{
	struct session *session = gdb->session;
	u32 vm = thread > 0 && thread <= (s64)session->layout.plan.vm_count ? (u32)thread - 1 :
		 session->place.vm < VM_MAX ? session->place.vm : 0;
	enum session_result result = SESSION_STOPPED;
	u32 hit = 0;

	switch (how) {
	case 's':
		result = session_step(session, vm);
		break;
	case 'r':	/* steps while inside a range */
		do
			result = session_step(session, vm);
		while (result == SESSION_STOPPED && session->place.rip >= from && session->place.rip < to);
		break;
	case 'S':
		result = session->live ? SESSION_BEGIN : session_step_back(session, vm);
		break;
	case 'c':
		result = session_continue(session, gdb->breaks, SESSION_BREAKS, &hit);
		break;
	case 'C':
		result = session->live ? SESSION_BEGIN :
					 session_continue_back(session, gdb->breaks, SESSION_BREAKS, &hit);
		break;
	}
	resumed(gdb, result, hit);
}

/* vCont;action[:thread];... : one VM steps, or all go on. */
static void vcont(struct gdb *gdb, const char *text)
{
	char how = 0;
	s64 thread = -1;
	u64 from = 0, to = 0;

	while (*text == ';') {
		char action = *++text;
		s64 whose = -1;
		u64 number;

		text += action != '\0';
		if (action == 'C' || action == 'S') {	/* with a signal, which a guest does not have */
			if (!gdb_number(&text, &number))
				break;
			action = action == 'C' ? 'c' : 's';
		} else if (action == 'r') {
			if (!gdb_number(&text, &from) || *text != ',')
				break;
			text++;
			if (!gdb_number(&text, &to))
				break;
		} else if (action != 'c' && action != 's') {
			break;
		}
		if (*text == ':') {
			text++;
			if (!gdb_thread(&text, &whose))
				break;
		}
		if (how == 0 || (how == 'c' && action != 'c')) {
			how = action;
			thread = whose;
		}
	}
	if (how == 0 || *text != '\0')
		reply(gdb, "E16");
	else
		resume(gdb, how, thread, from, to);
}

/* ---- registers and memory */

static void read_registers(struct gdb *gdb)
{
	struct gdb_registers registers;
	char text[8192];
	size_t at = 0;

	if (!gdb_registers_get(gdb->session, gdb->vm, &registers)) {
		reply(gdb, "E05");
		return;
	}
	for (u32 i = 0; i < gdb_register_count(); i++) {
		u8 value[GDB_REGISTER_BYTES];
		u32 bytes = gdb_register(&registers, i, value);

		gdb_hex(value, bytes, text + at);
		at += 2 * bytes;
	}
	reply_bytes(gdb, text, at);
}

static void read_register(struct gdb *gdb, const char *text)
{
	struct gdb_registers registers;
	u8 value[GDB_REGISTER_BYTES];
	char hex[2 * GDB_REGISTER_BYTES + 1];
	u64 n;
	u32 bytes;

	if (!gdb_number(&text, &n) || n >= gdb_register_count() ||
	    !gdb_registers_get(gdb->session, gdb->vm, &registers)) {
		reply(gdb, "E16");
		return;
	}
	bytes = gdb_register(&registers, (u32)n, value);
	gdb_hex(value, bytes, hex);
	reply(gdb, hex);
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
	u64 address, bytes;

	if (!address_and_length(&text, &address, &bytes)) {
		reply(gdb, "E16");
		return;
	}
	bytes = session_read(gdb->session, address, data, bytes < BYTES_MAX ? bytes : BYTES_MAX);
	gdb_hex(data, bytes, hex);
	reply(gdb, bytes > 0 ? hex : "E0e");
}

#define REFUSAL "E.A replay cannot be changed; 'monitor fork' makes a run of its own from here on."

static void write_memory(struct gdb *gdb, const char *text)
{
	struct session *session = gdb->session;
	const struct target_registers *registers = session_registers(session);
	u64 address, bytes;

	if (!address_and_length(&text, &address, &bytes) || *text != ':' || bytes > BYTES_MAX) {
		reply(gdb, "E16");
		return;
	}
	if (!session->live) {
		reply(gdb, bytes == 0 ? "OK" : REFUSAL);
		return;
	}
	text++;
	for (u64 i = 0; i < bytes; i++) {
		u64 gpa, at;
		u8 byte;

		if (registers == NULL || !gdb_unhex(text + 2 * i, 1, &byte) ||
		    !session_walk(session, registers, address + i, &gpa, NULL, NULL) ||
		    !session_address(session, session->place.vm, gpa, 1, &at) ||
		    !target_write(&session->now, at, &byte, 1)) {
			reply(gdb, "E0e");
			return;
		}
	}
	reply(gdb, "OK");
}

/* ---- breakpoints */

static u32 used(const struct gdb *gdb, bool execute)
{
	u32 count = 0;

	for (u32 i = 0; i < SESSION_BREAKS; i++)
		count += gdb->breaks[i].used && (gdb->breaks[i].kind == SESSION_EXECUTE) == execute;
	return count;
}

/* Z type,address,kind */
static void breakpoint(struct gdb *gdb, bool insert, const char *text)
{
	static const u8 kinds[] = { SESSION_EXECUTE, SESSION_EXECUTE, SESSION_ON_WRITE, SESSION_ON_READ, SESSION_ON_ACCESS };
	struct session *session = gdb->session;
	struct session_break new = { .used = true, .vm = VM_MAX };
	const struct target_registers *registers = session_registers(session);
	u32 room = SESSION_BREAKS;
	char type = *text;
	u64 gpa;

	if (type < '0' || type > '4' || text[1] != ',') {
		reply(gdb, type == '\0' ? "E16" : "");
		return;
	}
	text += 2;
	new.kind = kinds[type - '0'];
	if (!address_and_length(&text, &new.linear, &new.bytes)) {
		reply(gdb, "E16");
		return;
	}
	for (u32 i = SESSION_BREAKS; i-- > 0;) {
		if (!gdb->breaks[i].used)
			room = i;
		else if (gdb->breaks[i].kind == new.kind && gdb->breaks[i].linear == new.linear) {
			gdb->breaks[i].used = insert;
			reply(gdb, "OK");
			return;
		}
	}
	if (!insert) {
		reply(gdb, "OK");
		return;
	}
	if (room == SESSION_BREAKS || used(gdb, new.kind == SESSION_EXECUTE) >=
					      (new.kind == SESSION_EXECUTE ? TARGET_BREAKS : TARGET_WATCHES)) {
		reply(gdb, "E.Bochs has no room for more: 14 breakpoints and 16 watchpoints");
		return;
	}
	if (new.kind != SESSION_EXECUTE &&
	    (new.bytes == 0 || new.bytes > 4096 || registers == NULL ||
	     !session_walk(session, registers, new.linear, &gpa, NULL, NULL) ||
	     !session_address(session, session->place.vm, gpa, new.bytes, &new.address))) {
		reply(gdb, "E.this address is not mapped here; watchpoints follow the memory behind it");
		return;
	}
	if (gdb->monitor.this_space && registers != NULL) {
		new.has_cr3 = true;
		new.cr3 = registers->cr3;
		new.vm = session->place.vm;
	}
	gdb->breaks[room] = new;
	reply(gdb, "OK");
}

/* ---- queries */

static void transfer(struct gdb *gdb, const char *text)
{
	size_t total = strlen(gdb->description);
	u64 offset, bytes;
	char *out;

	if (!address_and_length(&text, &offset, &bytes)) {
		reply(gdb, "E16");
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
	reply_bytes(gdb, out, bytes + 1);
	free(out);
}

/* qRcmd: console output in packets of its own, then OK. */
static void command(struct gdb *gdb, const char *hex)
{
	char line[1024], *text = NULL;
	size_t bytes = strlen(hex) / 2, count = 0;
	u64 tick = gdb->session->now.tick;
	FILE *out;

	if (bytes >= sizeof(line) || !gdb_unhex(hex, bytes, line)) {
		reply(gdb, "E16");
		return;
	}
	line[bytes] = '\0';
	out = open_memstream(&text, &count);
	if (out == NULL) {
		reply(gdb, "E0c");
		return;
	}
	monitor_command(&gdb->monitor, line, out, NULL);
	if (gdb->session->now.tick != tick)
		fprintf(out, "(gdb does not know yet that the place changed: 'maintenance flush register-cache' and 'frame' show "
			     "it)\n");
	fclose(out);
	for (size_t at = 0; at < count;) {
		size_t part = count - at < BYTES_MAX ? count - at : BYTES_MAX;
		char *packet = say_alloc(2 * part + 2);

		packet[0] = 'O';
		gdb_hex(text + at, part, packet + 1);
		reply_bytes(gdb, packet, 2 * part + 1);
		free(packet);
		at += part;
	}
	free(text);
	if (gdb->session->place.vm < VM_MAX)
		gdb->vm = gdb->session->place.vm;
	reply(gdb, "OK");
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

	for (u32 vm = 0; vm < gdb->session->layout.plan.vm_count; vm++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%c%x", vm == 0 ? 'm' : ',', vm + 1);
	reply(gdb, text);
}

static void thread_info(struct gdb *gdb, const char *text)
{
	struct session *session = gdb->session;
	char line[64], hex[2 * sizeof(line) + 1];
	s64 thread;

	if (!gdb_thread(&text, &thread) || thread < 1 || thread > (s64)session->layout.plan.vm_count) {
		reply(gdb, "E16");
		return;
	}
	snprintf(line, sizeof(line), "VM %s%s", (const char *)session->layout.plan.vm[thread - 1].name,
		 session->place.vm == (u32)(thread - 1) ? ", running" : "");
	gdb_hex(line, strlen(line), hex);
	reply(gdb, hex);
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
		reply(gdb, answer);
	} else if (begins(text, "qXfer:features:read:target.xml:", &rest)) {
		transfer(gdb, rest);
	} else if (begins(text, "qRcmd,", &rest)) {
		command(gdb, rest);
	} else if (begins(text, "qfThreadInfo", &rest)) {
		threads(gdb);
	} else if (begins(text, "qsThreadInfo", &rest)) {
		reply(gdb, "l");
	} else if (begins(text, "qThreadExtraInfo,", &rest)) {
		thread_info(gdb, rest);
	} else if (begins(text, "qAttached", &rest)) {
		reply(gdb, "1");
	} else if (strcmp(text, "qC") == 0) {
		snprintf(answer, sizeof(answer), "QC%x", gdb->vm + 1);
		reply(gdb, answer);
	} else if (begins(text, "qSymbol", &rest)) {
		reply(gdb, "OK");
	} else {
		reply(gdb, "");
	}
}

static void select_thread(struct gdb *gdb, const char *text)
{
	char what = *text;
	s64 thread;

	text += what != '\0';
	if (!gdb_thread(&text, &thread) || thread > (s64)gdb->session->layout.plan.vm_count) {
		reply(gdb, "E16");
		return;
	}
	if (what == 'g')
		gdb->vm = thread > 0 ? (u32)thread - 1 : gdb->session->place.vm < VM_MAX ? gdb->session->place.vm : 0;
	reply(gdb, "OK");
}

static void handle(struct gdb *gdb, const char *text)
{
	const char *rest = text + 1;
	s64 thread;

	switch (text[0]) {
	case '?': reply(gdb, gdb->stop); break;
	case 'g': read_registers(gdb); break;
	case 'p': read_register(gdb, rest); break;
	case 'G':
	case 'P': reply(gdb, gdb->session->live ? "E.registers cannot be written" : REFUSAL); break;
	case 'm': read_memory(gdb, rest); break;
	case 'M': write_memory(gdb, rest); break;
	case 'Z': breakpoint(gdb, true, rest); break;
	case 'z': breakpoint(gdb, false, rest); break;
	case 'c': resume(gdb, 'c', -1, 0, 0); break;
	case 's': resume(gdb, 's', -1, 0, 0); break;
	case 'b':
		if (text[1] == 's' || text[1] == 'c')
			resume(gdb, text[1] == 's' ? 'S' : 'C', -1, 0, 0);
		else
			reply(gdb, "");
		break;
	case 'H': select_thread(gdb, rest); break;
	case 'T':
		reply(gdb, gdb_thread(&rest, &thread) && thread >= 1 && thread <= (s64)gdb->session->layout.plan.vm_count ?
				   "OK" : "E16");
		break;
	case 'q': query(gdb, text); break;
	case 'Q':
		if (strcmp(text, "QStartNoAckMode") == 0) {
			reply(gdb, "OK");
			gdb->no_ack = true;
		} else {
			reply(gdb, "");
		}
		break;
	case 'v':
		if (strcmp(text, "vCont?") == 0)
			reply(gdb, "vCont;c;C;s;S;r");
		else if (begins(text, "vCont", &rest))
			vcont(gdb, rest);
		else if (begins(text, "vKill", &rest)) {
			reply(gdb, "OK");
			gdb->killed = true;
		} else
			reply(gdb, "");
		break;
	case 'D':
		reply(gdb, "OK");
		gdb->quit = true;
		break;
	case 'k':
		gdb->killed = true;
		break;
	default:
		reply(gdb, "");
	}
}

/* One client, until it leaves. */
static void client(struct gdb *gdb, pid_t child)
{
	memset(&gdb->reader, 0, sizeof(gdb->reader));
	memset(gdb->breaks, 0, sizeof(gdb->breaks));
	gdb->no_ack = gdb->quit = false;
	gdb->vm = gdb->session->place.vm < VM_MAX ? gdb->session->place.vm : 0;
	stop_text(gdb, SESSION_STOPPED, 0);
	session_wake(gdb->session, gdb->fd, wake, gdb);
	while (gdb->fd >= 0 && !gdb->quit && !gdb->killed) {
		struct pollfd ready = { gdb->fd, POLLIN, 0 };
		u8 byte;
		ssize_t got;

		if (poll(&ready, 1, 500) == 0) {
			if (child > 0 && waitpid(child, NULL, WNOHANG) == child)
				gdb->killed = true;
			continue;
		}
		got = recv(gdb->fd, &byte, 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		switch (gdb_take(&gdb->reader, byte)) {
		case GDB_PACKET:
			if (!gdb->no_ack)
				send_all(gdb, "+", 1);
			handle(gdb, (const char *)gdb->reader.data);
			break;
		case GDB_BAD:
			send_all(gdb, "-", 1);
			break;
		case GDB_NACK:
			reply(gdb, gdb->stop);
			break;
		case GDB_INTERRUPT:	/* it stands already */
		case GDB_ACK:
		case GDB_NOTHING:
			break;
		}
	}
	session_wake(gdb->session, -1, NULL, NULL);
	if (gdb->fd >= 0)
		close(gdb->fd);
	gdb->fd = -1;
}

int gdb_serve(struct session *session, int listener, bool once, pid_t child)
{
	struct gdb *gdb = say_alloc(sizeof(*gdb));

	memset(gdb, 0, sizeof(*gdb));
	gdb->session = session;
	gdb->fd = -1;
	gdb->description = gdb_description();
	monitor_open(&gdb->monitor, session);
	while (!gdb->killed && session->now.fd >= 0) {
		struct pollfd ready = { listener, POLLIN, 0 };
		int one = 1;

		if (poll(&ready, 1, 500) == 0) {
			if (child > 0 && waitpid(child, NULL, WNOHANG) == child)
				break;
			continue;
		}
		gdb->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (gdb->fd < 0)
			continue;
		setsockopt(gdb->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		client(gdb, child);
		if (once && gdb->quit)
			break;
	}
	free(gdb->description);
	free(gdb);
	return session->now.fd >= 0 ? 0 : STATUS_FAILED;
}

int gdb_listen(const char *where, u16 *port)
{
	char host[256] = "127.0.0.1";
	const char *colon = strrchr(where, ':');
	const char *service = colon == NULL ? where : colon + 1;
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found;
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int one = 1, fd = -1, error;

	if (colon != NULL && colon != where)
		snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	error = getaddrinfo(host, service, &hints, &found);
	if (error == 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (fd >= 0 && (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 4) != 0)) {
			close(fd);
			fd = -1;
		}
		freeaddrinfo(found);
	}
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		say("cannot listen at '%s': %s", where, error != 0 ? gai_strerror(error) : strerror(errno));
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}
