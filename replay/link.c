/* SPDX-License-Identifier: BSD-2-Clause */
/* The tool's end of COM1: a loopback socket to Bochs, and the framing of hv/link.h. */
#include "link.h"

#include "say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int link_listen(struct link *link)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	memset(link, 0, sizeof(*link));
	link->fd = -1;
	link->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->listener < 0 || bind(link->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(link->listener, 1) != 0 ||
	    getsockname(link->listener, (struct sockaddr *)&address, &length) != 0)
		return say_fail(STATUS_FAILED, "no port on 127.0.0.1 for Bochs's serial line: %s", strerror(errno));
	link->port = ntohs(address.sin_port);
	return 0;
}

/* Whether the loopback connection from `peer` belongs to a process of this user, by Linux's table of sockets. */
static bool peer_is_ours(const struct sockaddr_in *peer, u16 port)
{
	FILE *table = fopen("/proc/net/tcp", "re");
	char line[256];
	bool ours = false;

	if (table == NULL)
		return true;
	while (!ours && fgets(line, sizeof(line), table) != NULL) {
		unsigned int local_address, local_port, remote_address, remote_port, uid;

		if (sscanf(line, " %*d: %X:%X %X:%X %*X %*X:%*X %*X:%*X %*X %u", &local_address, &local_port,
			   &remote_address, &remote_port, &uid) == 5)
			ours = local_address == peer->sin_addr.s_addr && local_port == ntohs(peer->sin_port) &&
			       remote_port == port && uid == geteuid();
	}
	fclose(table);
	return ours;
}

bool link_accept(struct link *link)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	int one = 1;
	int fd = accept4(link->listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return false;
	if (!peer_is_ours(&peer, link->port)) {
		close(fd);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(link->listener);
	link->listener = -1;
	link->fd = fd;
	return true;
}

bool link_receive(struct link *link)
{
	ssize_t got;

	if (link->in_start > 0) {
		memmove(link->in, link->in + link->in_start, link->in_end - link->in_start);
		link->in_end -= link->in_start;
		link->in_start = 0;
	}
	got = recv(link->fd, link->in + link->in_end, sizeof(link->in) - link->in_end, 0);
	if (got > 0)
		link->in_end += (u32)got;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* A frame that begins with the escape at in_start. False: it is not whole yet. */
static bool frame_next(struct link *link, struct link_event *event)
{
	const u8 *in = link->in + link->in_start;
	u32 have = link->in_end - link->in_start;
	u32 length;

	if (have < 2 || (in[1] == LINK_SELECT && have < 3))
		return false;
	if (in[1] == LINK_SELECT) {
		event->type = in[2] < VM_MAX ? LINK_EVENT_NONE : LINK_EVENT_BROKEN;
		link->from_vm = in[2] % VM_MAX;
		link->in_start += 3;
		return true;
	}
	if (in[1] != LINK_MESSAGE && in[1] != LINK_REPORT) {
		event->type = LINK_EVENT_BROKEN;
		return true;
	}
	if (have < 4)
		return false;
	length = (u32)in[2] | (u32)in[3] << 8;
	if (length > LINK_MESSAGE_MAX || (in[1] == LINK_REPORT && length != LINK_REPORT_BYTES)) {
		event->type = LINK_EVENT_BROKEN;
		return true;
	}
	if (have < 4 + length)
		return false;
	link->in_start += 4 + length;
	if (in[1] == LINK_REPORT) {
		memcpy(&event->report, in + 4, LINK_REPORT_BYTES);	/* this machine is little-endian, too */
		event->type = event->report.vm < VM_MAX ? LINK_EVENT_REPORT : LINK_EVENT_BROKEN;
		return true;
	}
	memcpy(link->message, in + 4, length);
	for (u32 i = 0; i < length; i++)
		if ((u8)link->message[i] < 0x20)
			link->message[i] = ' ';
	link->message[length] = '\0';
	event->text = link->message;
	event->type = LINK_EVENT_MESSAGE;
	return true;
}

void link_next(struct link *link, struct link_event *event)
{
	u32 length = 0;

	memset(event, 0, sizeof(*event));
	while (link->in_start < link->in_end) {
		const u8 *in = link->in + link->in_start;
		bool escape = in[0] == LINK_ESCAPE;
		bool literal = escape && link->in_end - link->in_start >= 2 && in[1] == LINK_ESCAPE;

		if (escape && !literal)
			break;
		link->text[length++] = (char)in[0];
		link->in_start += literal ? 2 : 1;
	}
	if (length > 0) {
		*event = (struct link_event){ .type = LINK_EVENT_TEXT, .vm = link->from_vm, .text = link->text,
					      .bytes = length };
		return;
	}
	if (link->in_start == link->in_end || !frame_next(link, event))
		return;
	if (event->type == LINK_EVENT_NONE)
		link_next(link, event);
}

u32 link_send(struct link *link, u32 vm, const u8 *data, u32 bytes)
{
	u32 taken = 0;

	if (link->out_bytes >= LINK_PENDING_MAX)
		return 0;
	if (vm != link->to_vm) {
		link->out[link->out_bytes++] = LINK_ESCAPE;
		link->out[link->out_bytes++] = LINK_SELECT;
		link->out[link->out_bytes++] = (u8)vm;
		link->to_vm = vm;
	}
	while (taken < bytes && link->out_bytes < LINK_PENDING_MAX) {
		if (data[taken] == LINK_ESCAPE)
			link->out[link->out_bytes++] = LINK_ESCAPE;
		link->out[link->out_bytes++] = data[taken++];
	}
	return taken;
}

void link_flush(struct link *link)
{
	ssize_t done;

	if (link->fd < 0 || link->out_bytes == 0)
		return;
	done = send(link->fd, link->out, link->out_bytes, MSG_NOSIGNAL);
	if (done <= 0)
		return;
	memmove(link->out, link->out + done, link->out_bytes - (u32)done);
	link->out_bytes -= (u32)done;
}

void link_close(struct link *link)
{
	if (link->listener >= 0)
		close(link->listener);
	if (link->fd >= 0)
		close(link->fd);
	link->listener = -1;
	link->fd = -1;
}
