/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of target.h for stock Bochs: its internal debugger, driven over a socket (replay/preload/fork.c is the other
 * end of each prompt). Bochs's debugger stops the emulator, not the guest, so nothing here changes what the guest does.
 *
 * "s N" executes N instructions, or iterations of a REP: N ticks. A time breakpoint ("sba") could not be removed again.
 * Breakpoints and watchpoints are those of replay/preload/hooks.c, not Bochs's own, of which there are 16.
 */
#include "bochsdbg.h"

#include "file.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARK '\036'		/* as in preload/fork.c */
#define STEPS_MAX 0x7fffffffull	/* of one "s" */
#define ANSWER_MS 60000		/* no command but "c" and "s" takes so long */

static u32 dead(struct target *target)
{
	target_close(target);
	return TARGET_DEAD;
}

static void text_add(struct target *target, const char *data, size_t bytes)
{
	if (target->text_bytes + bytes + 1 > target->text_room) {
		size_t room = 2 * (target->text_bytes + bytes + 4096);
		char *text = say_alloc(room);

		if (target->text_bytes > 0)
			memcpy(text, target->text, target->text_bytes);
		free(target->text);
		target->text = text;
		target->text_room = room;
	}
	memcpy(target->text + target->text_bytes, data, bytes);
	target->text_bytes += bytes;
	target->text[target->text_bytes] = '\0';
}

/* Reads up to the next prompt. While it `runs` there is no time-out, and host->wake may ask it to stop. */
static bool answer(struct target *target, bool runs, bool *woken)
{
	u64 raw = target->raw;	/* bytes in which a mark means nothing */

	target->text_bytes = 0;
	text_add(target, "", 0);
	for (;;) {
		struct pollfd fds[3] = { { target->fd, POLLIN, 0 }, { target->com, POLLIN, 0 },
					 { runs && !*woken ? target->host->wake : -1, POLLIN, 0 } };
		char data[65536];
		ssize_t got;
		char *mark;

		if (poll(fds, 3, runs ? 1000 : ANSWER_MS) == 0) {
			if (!runs)
				return false;
			target->host->alive(target->host->context);
			continue;
		}
		if (fds[1].revents != 0 && target->host->com1(target->host->context) && runs && !*woken) {
			*woken = true;
			kill(target->pid, SIGINT);
		}
		if (fds[2].revents != 0 && target->host->wake_now(target->host->context)) {
			*woken = true;
			kill(target->pid, SIGINT);
		}
		if (fds[0].revents == 0)
			continue;
		got = read(target->fd, data, sizeof(data));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return false;
		text_add(target, data, (size_t)got);
		if (raw > 0 && target->text[0] == '-')
			raw = 0;
		if (target->text_bytes < raw + 2 || target->text[target->text_bytes - 1] != '\n')
			continue;
		mark = memrchr(target->text + raw, MARK, target->text_bytes - raw);
		if (mark == NULL)
			continue;
		target->pid = (pid_t)strtol(mark + 1, NULL, 10);
		*mark = '\0';
		target->text_bytes = (size_t)(mark - target->text);
		return true;
	}
}

static bool say_to(struct target *target, const char *line, size_t bytes)
{
	while (bytes > 0) {
		ssize_t done = write(target->fd, line, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		line += done;
		bytes -= (size_t)done;
	}
	return true;
}

const char *target_ask(struct target *target, const char *format, ...)
{
	char line[512];
	va_list arguments;
	bool woken = false;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (target->fd < 0 || bytes < 0 || (size_t)bytes >= sizeof(line) - 1)
		return NULL;
	line[bytes++] = '\n';
	if (say_to(target, line, (size_t)bytes) && answer(target, false, &woken))
		return target->text;
	target_close(target);
	return NULL;
}

bool bochsdbg_number(const char *text, const char *word, int base, u64 *value)
{
	const char *at = strstr(text, word);
	char *end;

	if (at == NULL)
		return false;
	at += strlen(word);
	*value = strtoull(at, &end, base);
	return end != at;
}

/* Takes the time and place from what a stop says: "Next at t=N" and "(0) [0x<physical>] ...". */
static bool stop_parse(struct target *target)
{
	const char *at = strstr(target->text, "Next at t=");
	unsigned long long address, rip;

	if (at == NULL || !bochsdbg_number(at, "t=", 10, &target->tick))
		return false;
	at = strstr(target->text, "(0) [0x");
	target->fetchable = at != NULL && sscanf(at, "(0) [0x%llx] %*x:%llx", &address, &rip) == 2;
	if (target->fetchable) {
		target->address = address;
		target->rip = rip;
	}
	return true;
}

/* The lines "!AGO WHAT ADDRESS INDEX" in what it said. */
static u32 hits_parse(const struct target *target, struct target_hit hits[TARGET_HITS])
{
	u32 count = 0;

	for (const char *at = target->text; at != NULL && count < TARGET_HITS; at = strchr(at, '\n')) {
		long long ago;
		unsigned long long address;
		unsigned what, index;

		at += *at == '\n';
		if (sscanf(at, "!%lld %u %llx %u", &ago, &what, &address, &index) != 4)
			continue;
		hits[count++] = (struct target_hit){ target->tick - (u64)ago,
						     ((what & 1) != 0 ? TARGET_READ : 0) | ((what & 2) != 0 ? TARGET_WRITE : 0) |
							     ((what & 4) != 0 ? TARGET_BREAK : 0) |
							     ((what & 8) != 0 ? TARGET_ENTRY : 0) |
							     ((what & 16) != 0 ? TARGET_EXIT : 0),
						     address, index };
	}
	return count;
}

static u32 go(struct target *target, const char *command)
{
	struct target_hit hits[TARGET_HITS];
	bool woken = false, changes = false;
	u32 stop = 0;

	target->moves++;
	if (target->fd < 0 || !say_to(target, command, strlen(command)) || !answer(target, true, &woken) ||
	    !stop_parse(target))
		return dead(target);
	if (target->host->com1(target->host->context))	/* all that was sent up to here */
		woken = true;
	for (u32 i = 0; i < target->host->edit_count; i++)
		changes = changes || target->host->edits[i].tick == target->tick;
	for (u32 i = hits_parse(target, hits); i > 0; i--) {
		target->hit = hits[i - 1];
		stop |= target->hit.what;
	}
	for (u32 i = 0; changes && i < target->host->edit_count; i++)
		if (target->host->edits[i].tick == target->tick && !target_change(target, &target->host->edits[i]))
			return dead(target);
	return woken ? stop | TARGET_WOKEN : stop;
}

u32 target_step(struct target *target, u64 count)
{
	u64 end = target->tick + count;
	u32 stop = 0;
	char command[32];

	while (stop == 0 && target->tick < end) {
		u64 to = end;

		for (u32 i = 0; i < target->host->edit_count; i++)
			if (target->host->edits[i].tick > target->tick && target->host->edits[i].tick < to)
				to = target->host->edits[i].tick;
		snprintf(command, sizeof(command), "s %llu\n", (unsigned long long)(to - target->tick));
		stop = go(target, command);
	}
	return stop;
}

u32 target_run(struct target *target, u64 until)
{
	u32 stop = 0;

	while (stop == 0) {
		u64 count = until == 0 ? STEPS_MAX : until - target->tick;

		if (until != 0 && target->tick >= until)
			return TARGET_TICK;
		stop = target_step(target, count < STEPS_MAX ? count : STEPS_MAX);
	}
	return until != 0 && target->tick >= until ? stop | TARGET_TICK : stop;
}

static bool set(struct target *target)
{
	return strstr(target->text, "!full") == NULL;
}

bool target_break(struct target *target, u64 linear, u32 vpid, u64 cr3)
{
	target->dirty = true;
	return target_ask(target, "!break %llx %u %llx", (unsigned long long)linear, vpid, (unsigned long long)cr3) != NULL &&
	       set(target);
}

bool target_watch(struct target *target, u64 address, u64 bytes, bool read, bool write)
{
	target->dirty = true;
	return target_ask(target, "!watch %llx %llu %u", (unsigned long long)address, (unsigned long long)bytes,
			  (read ? 1u : 0) | (write ? 2u : 0)) != NULL && set(target);
}

void target_entry(struct target *target)
{
	target->dirty = true;
	target_ask(target, "!entry 1");
}

void target_exits(struct target *target, u64 count, u32 vpid)
{
	target->dirty = true;
	target_ask(target, "!exits %llu %u", (unsigned long long)count, vpid);
}

void target_note(struct target *target)
{
	target->dirty = true;
	target_ask(target, "!note 1");
}

void target_trail(struct target *target, u32 vpid)
{
	target->dirty = true;
	target_ask(target, "!trail 1 %u", vpid);
}

u32 target_hits(struct target *target, struct target_hit hits[TARGET_HITS])
{
	return target_ask(target, "!hits") == NULL ? 0 : hits_parse(target, hits);
}

u32 target_steps(struct target *target, struct target_hit hits[TARGET_HITS])
{
	return target_ask(target, "!steps") == NULL ? 0 : hits_parse(target, hits);
}

void target_counts(struct target *target, bool watchpoints, u64 *hits, u32 count)
{
	memset(hits, 0, count * sizeof(*hits));
	if (target_ask(target, "!counts") == NULL)
		return;
	for (const char *at = target->text; at != NULL; at = strchr(at, '\n')) {
		unsigned long long n;
		unsigned what, index;

		at += *at == '\n';
		if (sscanf(at, "#%u %u %llu", &what, &index, &n) == 3 && (what == 2) == watchpoints && index < count)
			hits[index] = n;
	}
}

void target_clear(struct target *target)
{
	if (target->dirty)
		target_ask(target, "!clear");
	target->dirty = false;
}

bool target_read(struct target *target, u64 address, void *data, u64 bytes)
{
	const char *text;

	target->raw = bytes + 1;
	text = target_ask(target, "!read %llx %llu", (unsigned long long)address, (unsigned long long)bytes);
	target->raw = 0;
	if (text == NULL || text[0] != '+' || target->text_bytes < bytes + 1)
		return false;
	memcpy(data, text + 1, bytes);
	return true;
}

bool target_sum(struct target *target, u64 address, u64 bytes, char text[65])
{
	const char *answer = target_ask(target, "!sum %llx %llu", (unsigned long long)address, (unsigned long long)bytes);

	return answer != NULL && sscanf(answer, "sum %64[0-9a-f]", text) == 1;
}

static bool write_bytes(struct target *target, u64 address, const void *data, u64 bytes)
{
	const u8 *from = data;

	for (u64 i = 0; i < bytes; i++)
		if (target_ask(target, "setpmem 0x%llx 1 %u", (unsigned long long)(address + i), from[i]) == NULL)
			return false;
	return true;
}

bool target_change(struct target *target, const struct target_edit *edit)
{
	if (edit->name[0] == '\0')
		return write_bytes(target, edit->address, edit->data, edit->bytes);
	target->moves++;
	target->fetchable = false;	/* what it said of the next instruction may not hold any more */
	return target_ask(target, "!set %s %llx", edit->name, (unsigned long long)edit->value) != NULL &&
	       strstr(target->text, "!unknown") == NULL;
}

int target_open(struct target *target, const struct target_host *host, const struct temp *temp,
		const struct run_spec *run, u64 host_bytes, struct link *link, struct bochs *bochs)
{
	int pair[2];
	bool woken = false;
	int status;

	memset(target, 0, sizeof(*target));
	target->fd = target->com = target->life = -1;
	target->host = host;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return say_fail(STATUS_FAILED, "no socket for Bochs's debugger: %s", strerror(errno));
	bochs->debugger = pair[1];
	status = bochs_start(bochs, temp, run, host_bytes, link->port);
	close(pair[1]);
	target->fd = pair[0];
	target->pid = bochs->pid;
	if (status == 0 && (!answer(target, false, &woken) || !stop_parse(target) || !link_accept(link)))
		status = bochs_complain(temp, "before its debugger answered");
	if (status == 0 && strstr(target->text, "!no hooks") != NULL)
		status = say_fail(STATUS_FAILED, "this Bochs is not the one that the debugger knows (Debian's 2.7)");
	if (status != 0)
		target_close(target);
	target->com = link->fd;
	return status;
}

/* Sends "!fork" with three descriptors. */
static bool send_fork(int fd, const int rights[3])
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = { .align = { 0 } };
	char line[] = "!fork\n";
	struct iovec data = { line, sizeof(line) - 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(3 * sizeof(int));
	memcpy(CMSG_DATA(head), rights, 3 * sizeof(int));
	return sendmsg(fd, &message, 0) == (ssize_t)(sizeof(line) - 1);
}

bool target_fork(struct target *target, struct target *copy)
{
	int command[2] = { -1, -1 }, com[2] = { -1, -1 }, life[2] = { -1, -1 };
	bool woken = false;
	bool good = target->fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, command) == 0 &&
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, com) == 0 && pipe2(life, O_CLOEXEC) == 0;

	*copy = *target;
	copy->text = NULL;
	copy->text_bytes = copy->text_room = 0;
	copy->fd = command[0];
	copy->com = com[0];
	copy->life = life[1];
	if (good)
		good = fcntl(com[0], F_SETFL, O_NONBLOCK) == 0 &&
		       send_fork(target->fd, (int[]){ command[1], com[1], life[0] });
	if (command[1] >= 0)
		close(command[1]);
	if (com[1] >= 0)
		close(com[1]);
	if (life[0] >= 0)
		close(life[0]);
	if (good && !answer(target, false, &woken)) {
		target_close(target);
		good = false;
	}
	good = good && strstr(target->text, "failed") == NULL && answer(copy, false, &woken);
	if (!good)
		target_close(copy);
	return good;
}

void target_close(struct target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	if (target->life >= 0) {
		close(target->life);	/* kills it */
		if (target->com >= 0)
			close(target->com);
	}
	free(target->text);
	target->text = NULL;
	target->text_bytes = target->text_room = 0;
	target->fd = target->com = target->life = -1;
	target->pid = 0;
}

double target_cpu_seconds(const struct target *target)
{
	char *path = say_format("/proc/%d/schedstat", (int)target->pid);
	FILE *file = fopen(path, "re");
	unsigned long long nanoseconds = 0;

	if (file != NULL) {
		if (fscanf(file, "%llu", &nanoseconds) != 1)
			nanoseconds = 0;
		fclose(file);
	}
	free(path);
	return (double)nanoseconds / 1e9;
}

u64 target_spill(struct target *target, const char *path)
{
	u64 bytes = 0;

	if (target_ask(target, "!spill %s", path) != NULL)
		bochsdbg_number(target->text, "spilled ", 10, &bytes);
	return bytes;
}

u64 target_private_bytes(const struct target *target)
{
	char *path = say_format("/proc/%d/smaps_rollup", (int)target->pid);
	FILE *file = fopen(path, "re");
	unsigned long long kib, sum = 0;
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Private_Dirty: %llu", &kib) == 1)
			sum += kib << 10;
	if (file != NULL)
		fclose(file);
	free(path);
	return sum;
}
