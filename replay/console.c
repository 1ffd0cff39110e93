/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' consoles: stdin and stdout, a file, or a TCP port, one for each VM. */
#include "console.h"

#include "queue.h"
#include "say.h"
#include "share.h"
#include "tcp.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG_BYTES 65536u		/* kept for a TCP client that is not there yet */
#define FULL_BYTES (1u << 20)
#define READ_BYTES 256u

enum kind { KIND_STDIO, KIND_FILE, KIND_TCP };

struct console {
	enum kind kind;
	int fd;				/* where output goes; -1: nobody there */
	int listener;
	bool started, ended;
	struct queue queue;		/* not for stdio, which shares one */
	const char *name;
};

static struct console consoles[VM_MAX];
static u32 console_count;
static u32 stdio_vm;			/* the one that gets the keys */
static bool stdin_open, stdout_broken;

int console_open(const struct run_spec *run)
{
	console_count = run->vm_count;
	stdin_open = !run->no_input;
	stdio_vm = VM_MAX;
	for (u32 v = 0; v < run->vm_count; v++) {
		struct console *console = &consoles[v];
		const char *where = run->vm[v].console ? run->vm[v].console : "stdio";
		int status = 0;

		*console = (struct console){ .fd = -1, .listener = -1, .name = run->vm[v].name };
		if (strncmp(where, "file:", 5) == 0) {
			console->kind = KIND_FILE;
			console->fd = open(where + 5, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
			if (console->fd < 0)
				status = say_fail(STATUS_REFUSED, "--console %s: %s", where, strerror(errno));
		} else if (strncmp(where, "tcp:", 4) == 0) {
			console->kind = KIND_TCP;
			console->listener = tcp_listen(where, console->name);
			if (console->listener < 0)
				status = STATUS_REFUSED;
		} else {
			console->kind = KIND_STDIO;
			console->fd = STDOUT_FILENO;
			share_add(v, console->name);
			if (stdio_vm == VM_MAX)
				stdio_vm = v;
		}
		if (status != 0)
			return status;
	}
	return 0;
}

void console_started(u32 vm)
{
	consoles[vm].started = true;
	if (consoles[vm].kind == KIND_STDIO && stdin_open)
		terminal_raw();
}

static bool takes_keys(u32 vm)
{
	return vm < console_count && consoles[vm].kind == KIND_STDIO && !consoles[vm].ended;
}

/* The next VM on stdio after `vm` that still runs, or `vm` itself. */
static u32 next_stdio(u32 vm)
{
	for (u32 i = 1; i <= console_count; i++)
		if (takes_keys((vm + i) % console_count))
			return (vm + i) % console_count;
	return vm;
}

void console_ended(u32 vm)
{
	consoles[vm].ended = true;
	if (vm == stdio_vm)
		stdio_vm = next_stdio(vm);
}

void console_write(u32 vm, const char *text, u32 bytes)
{
	struct console *console = &consoles[vm];

	if (vm >= console_count)
		return;
	if (console->kind != KIND_STDIO) {
		queue_add(&console->queue, text, bytes);
		if (console->fd < 0)
			queue_trim(&console->queue, BACKLOG_BYTES);
	} else {
		share_put(vm, text, bytes);
	}
}

void console_idle(void)
{
	share_idle();
}

bool console_is_full(void)
{
	bool full = share_waiting() > FULL_BYTES;

	for (u32 v = 0; v < console_count; v++)
		full = full || queue_bytes(&consoles[v].queue) > FULL_BYTES;
	return full;
}

static bool takes_input(const struct console *console, const struct link *link)
{
	return console->started && !console->ended && link->out_bytes < LINK_PENDING_MAX - 2 * READ_BYTES;
}

u32 console_poll(struct pollfd fds[CONSOLE_POLLS], const struct link *link)
{
	u32 count = 0;
	short events;

	if (stdin_open && takes_keys(stdio_vm) && takes_input(&consoles[stdio_vm], link))
		fds[count++] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	if (share_waiting() > 0)
		fds[count++] = (struct pollfd){ STDOUT_FILENO, POLLOUT, 0 };
	for (u32 v = 0; v < console_count; v++) {
		const struct console *console = &consoles[v];

		if (console->listener >= 0)
			fds[count++] = (struct pollfd){ console->listener, POLLIN, 0 };
		events = queue_bytes(&console->queue) > 0 ? POLLOUT : 0;
		if (console->kind == KIND_TCP && takes_input(console, link))
			events |= POLLIN;
		if (console->kind != KIND_STDIO && console->fd >= 0 && events != 0)
			fds[count++] = (struct pollfd){ console->fd, events, 0 };
	}
	return count;
}

static enum console_wish stdin_read(struct link *link)
{
	u8 data[READ_BYTES];
	ssize_t got = read(STDIN_FILENO, data, sizeof(data));

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		stdin_open = false;
	for (ssize_t i = 0; i < got; i++) {
		switch (terminal_key(data[i])) {
		case TERMINAL_BYTE:
			link_send(link, stdio_vm, &data[i], 1);
			break;
		case TERMINAL_QUIT:
			return CONSOLE_QUIT;
		case TERMINAL_SWITCH:
			stdio_vm = next_stdio(stdio_vm);
			say("keys go to %s", consoles[stdio_vm].name);
			break;
		case TERMINAL_HELP:
			say("Ctrl-A x: leave; Ctrl-A c: keys to the next VM; Ctrl-A Ctrl-A: a Ctrl-A for the guest");
			break;
		case TERMINAL_NONE:
			break;
		}
	}
	return CONSOLE_GO_ON;
}

static void client_close(struct console *console)
{
	close(console->fd);
	console->fd = -1;
	queue_trim(&console->queue, BACKLOG_BYTES);
}

static void client_accept(struct console *console)
{
	int fd = accept4(console->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (console->fd >= 0)
		close(fd);	/* one at a time */
	else
		console->fd = fd;
}

static void client_move(u32 vm, short revents, struct link *link)
{
	struct console *console = &consoles[vm];
	u8 data[READ_BYTES];
	ssize_t got = 1;

	if ((revents & POLLOUT) != 0 && !queue_write(&console->queue, console->fd, NULL))
		got = 0;
	if (console->kind == KIND_TCP && got > 0 && (revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    takes_input(console, link)) {
		got = read(console->fd, data, sizeof(data));
		if (got > 0)
			link_send(link, vm, data, (u32)got);
		else if (got < 0 && (errno == EAGAIN || errno == EINTR))
			got = 1;
	}
	if (got > 0)
		return;
	if (console->kind == KIND_TCP)
		client_close(console);
	else
		say("%s: its console file cannot be written: %s", console->name, strerror(errno));
	if (console->kind == KIND_FILE) {
		close(console->fd);
		console->fd = -1;
	}
}

enum console_wish console_move(const struct pollfd fds[CONSOLE_POLLS], u32 count, struct link *link)
{
	enum console_wish wish = CONSOLE_GO_ON;

	for (u32 i = 0; i < count; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].fd == STDIN_FILENO && (fds[i].events & POLLIN) != 0) {
			wish = stdin_read(link);
		} else if (fds[i].fd == STDOUT_FILENO) {
			stdout_broken = !share_write() || stdout_broken;
		} else {
			for (u32 v = 0; v < console_count; v++) {
				if (fds[i].fd == consoles[v].listener)
					client_accept(&consoles[v]);
				else if (consoles[v].kind != KIND_STDIO && fds[i].fd == consoles[v].fd)
					client_move(v, fds[i].revents, link);
			}
		}
	}
	return stdout_broken ? CONSOLE_BROKEN_PIPE : wish;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void console_flush(double seconds)
{
	static struct link closed = { .fd = -1, .out_bytes = LINK_PENDING_MAX };	/* takes no input */
	double end = now() + seconds;
	struct pollfd fds[CONSOLE_POLLS];

	for (;;) {
		u32 count = console_poll(fds, &closed);
		u32 waiting = 0;

		for (u32 i = 0; i < count; i++)
			waiting += (fds[i].events & POLLOUT) != 0;
		if (waiting == 0 || now() >= end)
			return;
		if (poll(fds, count, (int)((end - now()) * 1000) + 1) > 0)
			console_move(fds, count, &closed);
	}
}

void console_close(double seconds)
{
	share_finish();
	console_flush(seconds);
	terminal_restore();
	for (u32 v = 0; v < console_count; v++) {
		if (consoles[v].kind != KIND_STDIO && consoles[v].fd >= 0)
			close(consoles[v].fd);
		if (consoles[v].listener >= 0)
			close(consoles[v].listener);
		queue_free(&consoles[v].queue);
	}
	console_count = 0;
}
