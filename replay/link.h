/* SPDX-License-Identifier: BSD-2-Clause */
/* The tool's end of COM1: a loopback socket to Bochs, and the framing of hv/link.h. */
#ifndef REPLAY_LINK_H
#define REPLAY_LINK_H

#include "hv/link.h"

#define LINK_INPUT_BYTES 65536
#define LINK_PENDING_MAX 4096		/* bytes for the guests that wait for Bochs; nobody should queue more */

enum link_event_type {
	LINK_EVENT_NONE,	/* nothing more until link_receive */
	LINK_EVENT_TEXT,	/* console bytes of a VM */
	LINK_EVENT_MESSAGE,	/* a line for people, NUL-terminated */
	LINK_EVENT_REPORT,
	LINK_EVENT_BROKEN	/* the stream breaks the protocol */
};

struct link_event {
	enum link_event_type type;
	u32 vm;
	const char *text;	/* valid until the next call */
	u32 bytes;
	struct link_report report;
};

struct link {
	int listener, fd;	/* -1: none */
	u16 port;
	u32 from_vm, to_vm;	/* selected by the hypervisor, selected by us */
	u8 in[LINK_INPUT_BYTES];
	u32 in_start, in_end;
	u8 out[2 * LINK_PENDING_MAX + 16];
	u32 out_bytes;
	char message[LINK_MESSAGE_MAX + 1];
	char text[LINK_INPUT_BYTES];
};

/* Listens on a free port of 127.0.0.1. Returns 0 or STATUS_FAILED after a message. */
int link_listen(struct link *link);

/* Accepts Bochs's connection if one waits that belongs to this user; others are closed. True: connected, and nobody
 * else can be. */
bool link_accept(struct link *link);

/* Reads what has come; call it when poll says so. False: the other side is gone. */
bool link_receive(struct link *link);

/* The next event of what was received. */
void link_next(struct link *link, struct link_event *event);

/* Queues bytes for a VM's console; returns how many were taken. link_flush sends without blocking. */
u32 link_send(struct link *link, u32 vm, const u8 *data, u32 bytes);
void link_flush(struct link *link);

void link_close(struct link *link);

#endif
