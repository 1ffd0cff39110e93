/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into stock Bochs by the debugger driver (replay/bochsdbg.c): a prompt for programs, and copies of the whole
 * emulator. Bochs's internal debugger asks for each command by readline(); this one reads lines from a socket (stdin)
 * and marks each prompt, and it knows two commands more:
 *
 *   !fork     with three descriptors attached (SCM_RIGHTS): a command socket, a socket for COM1, and a pipe's read end.
 *             A copy of this process takes them over and stands at a prompt of its own; this process goes on as before.
 *             When the pipe's other end is closed, or its owner dies, the copy is killed.
 *
 *     !read A N   '+' and N bytes of physical memory from A (hexadecimal) on, as they are
 *     !sum A N    a checksum of them, whole pages
 *     !spill PATH what only this copy holds goes to a file there, which has no name any more then
 *
 * A copy shares its memory with the original until one of them writes (fork): it is an exact checkpoint, with the TLB
 * and all that an emulator's own save file would leave out. Nothing in the emulated machine can tell.
 */
#define _GNU_SOURCE
#include "hooks.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_BYTES 4096
#define PAGE 4096ul
#define SPILL (16 * PAGE)
#define SPILL_MAPPING (1ul << 20)
#define RIGHTS 3
#define MARK '\036'	/* ends what Bochs said; the process id and a newline follow */

char *readline(const char *prompt);

/* SIGINT breaks into the emulated machine. Bochs's own handler writes to its log, whose lock the interrupted code may
 * hold: this one only asks for the prompt. */
static void interrupted(int number)
{
	static void (*debug_break)(void);

	(void)number;
	if (debug_break == NULL)
		*(void **)&debug_break = dlsym(RTLD_DEFAULT, "_Z14bx_debug_breakv");
	if (debug_break != NULL)
		debug_break();
}

/* What Bochs calls to install its handler. */
void (*signal(int number, void (*handler)(int)))(int)
{
	struct sigaction old, new = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (number == SIGINT && handler != SIG_IGN && handler != SIG_DFL)
		new.sa_handler = interrupted;
	return sigaction(number, &new, &old) == 0 ? old.sa_handler : SIG_ERR;
}

static int rights[RIGHTS];
static int rights_count;

/* One byte from stdin, and the descriptors that came with it. */
static int get(char *byte)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(rights))];
	} control;
	struct iovec data = { byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *head;

	if (recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC) != 1)
		return 0;
	head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(rights))) {
		memcpy(rights, CMSG_DATA(head), sizeof(rights));
		rights_count = RIGHTS;
	}
	return 1;
}

/* COM1 is Bochs's only TCP connection, or what an earlier copy put in its place. */
static int com1(void)
{
	static int com = -1;
	struct sockaddr_storage peer;

	for (int fd = 3; com < 0 && fd < 256; fd++) {
		socklen_t bytes = sizeof(peer);

		if (getpeername(fd, (struct sockaddr *)&peer, &bytes) == 0 && peer.ss_family == AF_INET)
			com = fd;
	}
	return com;
}

static void copy(void)
{
	int com = com1();
	pid_t child;

	signal(SIGCHLD, SIG_IGN);	/* copies leave no zombies */
	child = rights_count == RIGHTS && com >= 0 ? fork() : -1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		dup2(rights[0], STDIN_FILENO);
		dup2(rights[0], STDOUT_FILENO);
		dup2(rights[1], com);
		/* The pipe says one thing only: that its other end is gone. */
		fcntl(rights[2], F_SETOWN, getpid());
		fcntl(rights[2], F_SETSIG, SIGKILL);
		fcntl(rights[2], F_SETFL, O_ASYNC | O_NONBLOCK);
		if (read(rights[2], &child, sizeof(child)) == 0)
			_exit(0);	/* it was gone before */
	}
	if (rights_count == RIGHTS) {
		close(rights[0]);
		close(rights[1]);
		if (child != 0)
			close(rights[2]);
	}
	rights_count = 0;
	if (child < 0)
		printf("!fork failed\n");
}

/* A page of physical memory; what Bochs keeps elsewhere is copied to `room`. Static functions of Bochs, by their names. */
static const unsigned char *page_of(unsigned long address, unsigned char *room)
{
	static unsigned char *(*direct)(void *cpu, unsigned long address, unsigned rw);
	static bool (*fetch)(void *cpu, unsigned long address, unsigned length, unsigned char *out);
	static void ***cpus;
	const unsigned char *at;

	if (cpus == NULL) {
		*(void **)&direct = dlsym(RTLD_DEFAULT, "_ZN8BX_MEM_C14getHostMemAddrEP8BX_CPU_Cmj");
		*(void **)&fetch = dlsym(RTLD_DEFAULT, "_ZN8BX_MEM_C13dbg_fetch_memEP8BX_CPU_CmjPh");
		cpus = dlsym(RTLD_DEFAULT, "bx_cpu_array");
	}
	at = direct((*cpus)[0], address, 0);
	if (at == NULL) {
		if (!fetch((*cpus)[0], address, PAGE, room))
			memset(room, 0xff, PAGE);
		at = room;
	}
	return at;
}

/* Sends '+' and `bytes` bytes of physical memory. */
static void read_memory(unsigned long address, unsigned long bytes)
{
	unsigned char room[PAGE];

	putchar('+');
	while (bytes > 0) {
		unsigned long offset = address % PAGE, count = PAGE - offset < bytes ? PAGE - offset : bytes;

		fwrite(page_of(address - offset, room) + offset, 1, count, stdout);
		address += count;
		bytes -= count;
	}
}

/* A checksum of whole pages, to see whether two copies have the same; not against one who wants to deceive. */
static void sum_memory(unsigned long address, unsigned long bytes)
{
	unsigned long long lane[4] = { 1, 2, 3, 4 }, word[4];
	unsigned char room[PAGE];

	for (unsigned long end = address + bytes; address < end; address += PAGE) {
		const unsigned char *page = page_of(address, room);

		for (unsigned i = 0; i < PAGE; i += sizeof(word)) {
			memcpy(word, page + i, sizeof(word));
			for (unsigned k = 0; k < 4; k++) {
				lane[k] = (lane[k] ^ word[k]) * 0x9e3779b97f4a7c15ull;
				lane[k] ^= lane[k] >> 29;
			}
		}
	}
	printf("sum %016llx%016llx%016llx%016llx\n", lane[0], lane[1], lane[2], lane[3]);
}

/* Memory that only this process has goes to a file, and the file takes its place, privately: the host may drop it now. In
 * chunks, of large mappings only; nothing may be written meanwhile, so no library is asked for memory. */
static void spill(const char *path)
{
	static char maps[65536];
	static uint64_t pages[SPILL / PAGE];
	int list = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t count = 0;
	ssize_t got;
	off_t end = 0;

	unlink(path);
	while (list >= 0 && count < sizeof(maps) - 1 && (got = read(list, maps + count, sizeof(maps) - 1 - count)) > 0)
		count += (size_t)got;
	maps[count] = '\0';
	for (char *line = maps; file >= 0 && map >= 0 && *line != '\0'; line = strchr(line, '\n') + 1) {
		unsigned long from, to, inode = 1;
		char rights[5];

		if (strchr(line, '\n') == NULL)
			break;
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &inode) != 4 || inode != 0 ||
		    strcmp(rights, "rw-p") != 0 || to - from < SPILL_MAPPING || memchr(line, '[', (size_t)(strchr(line, '\n') - line)))
			continue;
		for (unsigned long at = from; at + SPILL <= to; at += SPILL) {
			bool own = false;

			if (pread(map, pages, sizeof(pages), (off_t)(at / PAGE * 8)) != sizeof(pages))
				break;
			for (unsigned i = 0; i < SPILL / PAGE; i++)	/* present, mapped here only, not of a file */
				own = own || ((pages[i] >> 63) != 0 && (pages[i] >> 56 & 1) != 0 && (pages[i] >> 61 & 1) == 0);
			if (!own)
				continue;
			if (pwrite(file, (void *)at, SPILL, end) != (ssize_t)SPILL)
				goto full;
			if (mmap((void *)at, SPILL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, end) == MAP_FAILED)
				goto full;
			end += (off_t)SPILL;
		}
	}
full:
	if (list >= 0)
		close(list);
	if (map >= 0)
		close(map);
	if (file >= 0)
		close(file);
	printf("spilled %lld\n", (long long)end);
}

/* The display is a pseudo-terminal that nobody reads: the debugger draws it at each stop, until its buffer is full. */
static void blind(void)
{
	char path[32], target[16];

	for (int fd = 3; fd < 256; fd++) {
		ssize_t bytes;
		int null;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		bytes = readlink(path, target, sizeof(target));
		if (bytes != 9 || memcmp(target, "/dev/ptmx", 9) != 0)
			continue;
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null >= 0) {
			dup2(null, fd);
			close(null);
		}
	}
}

/* What Bochs calls for each command. */
char *readline(const char *prompt)
{
	char line[LINE_BYTES];
	char mark[32];
	size_t count;
	unsigned long address, bytes;
	static bool prompted;

	(void)prompt;
	if (!prompted) {
		blind();
		if (!hooks_install())
			printf("!no hooks\n");
	} else {
		hooks_report();
	}
	prompted = true;
	for (;;) {
		char byte = 0;

		fflush(stdout);
		snprintf(mark, sizeof(mark), "%c%d\n", MARK, (int)getpid());
		if (write(STDOUT_FILENO, mark, strlen(mark)) < 0)
			_exit(1);
		for (count = 0; get(&byte) && byte != '\n';)
			if (count < sizeof(line) - 1)
				line[count++] = byte;
		if (byte != '\n')
			_exit(1);	/* nobody is there any more */
		line[count] = '\0';
		if (sscanf(line, "!read %lx %lu", &address, &bytes) == 2)
			read_memory(address, bytes);
		else if (sscanf(line, "!sum %lx %lu", &address, &bytes) == 2)
			sum_memory(address, bytes);
		else if (strncmp(line, "!spill ", 7) == 0)
			spill(line + 7);
		else if (strcmp(line, "!fork") == 0)
			copy();
		else if (line[0] == '!' && hooks_command(line))
			continue;
		else
			return strdup(line);
	}
}
