/* SPDX-License-Identifier: BSD-2-Clause */
/* The gdb remote protocol over a travel. A client that vanishes or sends garbage only ends its own connection. */
#include "gdb.h"
#include "gdb_registers.h"

#include "gdb_internal.h"
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

void gdb_reply_bytes(struct gdb *gdb, const void *data, size_t bytes)
{
	char *out = say_alloc(2 * bytes + 4);

	send_all(gdb, out, gdb_frame(data, bytes, out, 2 * bytes + 4));
	free(out);
}

void gdb_reply(struct gdb *gdb, const char *text)
{
	gdb_reply_bytes(gdb, text, strlen(text));
}

/* ---- stops */

static void stop_text(struct gdb *gdb, enum travel_result result, u32 hit)
{
	const struct travel_break *b = &gdb->breaks[hit < TRAVEL_BREAKS ? hit : 0];
	unsigned thread = (gdb->travel->place.vm < VM_MAX ? gdb->travel->place.vm : 0) + 1;
	const char *what = "";
	char watch[64] = "";
	int signal = SIGTRAP_NUMBER;

	switch (result) {
	case TRAVEL_BREAK:
		what = "swbreak:;";
		break;
	case TRAVEL_READ:
	case TRAVEL_WRITE:
		snprintf(watch, sizeof(watch), "%s:%llx;",
			 b->kind == TRAVEL_ON_ACCESS ? "awatch" : b->kind == TRAVEL_ON_READ ? "rwatch" : "watch",
			 (unsigned long long)b->linear);
		break;
	case TRAVEL_BEGIN:
		what = "replaylog:begin;";
		break;
	case TRAVEL_END:
		what = "replaylog:end;";
		break;
	case TRAVEL_INTERRUPTED:
		signal = SIGINT_NUMBER;
		break;
	case TRAVEL_STOPPED:
	case TRAVEL_FAILED:
		break;
	}
	snprintf(gdb->stop, sizeof(gdb->stop), "T%02xthread:%x;%s%s", signal, thread, what, watch);
	if (result == TRAVEL_FAILED)
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

/* A monitor command takes long: gdb waits for a sign of life. */
static void alive(void *context)
{
	struct gdb *gdb = context;

	if (gdb->busy)
		gdb_reply(gdb, "O");
}

/* Text for gdb's console. */
static void tell(struct gdb *gdb, const char *format, unsigned long long number)
{
	char *text = say_format(format, number);
	char *packet = say_alloc(2 * strlen(text) + 2);

	packet[0] = 'O';
	gdb_hex(text, strlen(text), packet + 1);
	gdb_reply(gdb, packet);
	free(packet);
	free(text);
}

static void resumed(struct gdb *gdb, enum travel_result result, u32 hit)
{
	stop_text(gdb, result, hit);
	if (gdb->travel->place.vm < VM_MAX)
		gdb->vm = gdb->travel->place.vm;
	if (gdb->travel->diverged && !gdb->told)
		tell(gdb, "the replay differs from its recording at position %llu: what the guest did up to the last digest before "
			  "that is what was recorded\n", (unsigned long long)gdb->travel->diverged_position);
	gdb->told = gdb->travel->diverged;
	gdb_reply(gdb, gdb->stop);
	if (result == TRAVEL_FAILED) {
		say("Bochs ended while it was being debugged");
		gdb->quit = true;
	}
}

/* Is the next instruction in [from, to), as gdb counts? */
static bool inside(struct travel *travel, u64 from, u64 to)
{
	const struct target_registers *registers;

	if (travel->place.rip >= from && travel->place.rip < to)
		return true;
	registers = from >> 32 == 0 ? travel_registers(travel) : NULL;
	return registers != NULL && gdb_pc(registers) >= from && gdb_pc(registers) < to;
}

void gdb_resume(struct gdb *gdb, char how, s64 thread, u64 from, u64 to)
{
	struct travel *travel = gdb->travel;
	u32 vm = thread > 0 && thread <= (s64)travel->layout.plan.vm_count ? (u32)thread - 1 :
		 travel->place.vm < VM_MAX ? travel->place.vm : 0;
	enum travel_result result = TRAVEL_STOPPED;
	u32 hit = 0;

	switch (how) {
	case 's':
		result = travel_step(travel, vm);
		break;
	case 'r':	/* steps while inside a range */
		do
			result = travel_step(travel, vm);
		while (result == TRAVEL_STOPPED && inside(travel, from, to));
		break;
	case 'S':
		result = travel->live ? TRAVEL_BEGIN : travel_step_back(travel, vm);
		break;
	case 'c':
		result = travel_continue(travel, gdb->breaks, TRAVEL_BREAKS, &hit);
		break;
	case 'C':
		result = travel->live ? TRAVEL_BEGIN :
					 travel_continue_back(travel, gdb->breaks, TRAVEL_BREAKS, &hit);
		break;
	}
	resumed(gdb, result, hit);
}

/* vCont;action[:thread];... : one VM steps, or all go on. */
void gdb_vcont(struct gdb *gdb, const char *text)
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
		gdb_reply(gdb, "E16");
	else
		gdb_resume(gdb, how, thread, from, to);
}

/* One client, until it leaves. */
static void client(struct gdb *gdb, pid_t child)
{
	memset(&gdb->reader, 0, sizeof(gdb->reader));
	memset(gdb->breaks, 0, sizeof(gdb->breaks));
	gdb->no_ack = gdb->quit = gdb->told = false;
	gdb->vm = gdb->travel->place.vm < VM_MAX ? gdb->travel->place.vm : 0;
	stop_text(gdb, TRAVEL_STOPPED, 0);
	travel_wake(gdb->travel, gdb->fd, wake, alive, gdb);
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
			gdb_handle(gdb, (const char *)gdb->reader.data);
			break;
		case GDB_BAD:
			send_all(gdb, "-", 1);
			break;
		case GDB_NACK:
			gdb_reply(gdb, gdb->stop);
			break;
		case GDB_INTERRUPT:	/* it stands already */
		case GDB_ACK:
		case GDB_NOTHING:
			break;
		}
	}
	travel_wake(gdb->travel, -1, NULL, NULL, NULL);
	if (gdb->fd >= 0)
		close(gdb->fd);
	gdb->fd = -1;
}

int gdb_serve(struct travel *travel, int listener, bool once, pid_t child)
{
	struct gdb *gdb = say_alloc(sizeof(*gdb));

	memset(gdb, 0, sizeof(*gdb));
	gdb->travel = travel;
	gdb->fd = -1;
	gdb->description = gdb_description();
	monitor_open(&gdb->monitor, travel);
	while (!gdb->killed && travel->now.fd >= 0) {
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
	return travel->now.fd >= 0 ? 0 : STATUS_FAILED;
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
