/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' consoles: stdin and stdout (a raw terminal with Ctrl-A keys), a file, or a TCP port, one for each VM. */
#ifndef REPLAY_CONSOLE_H
#define REPLAY_CONSOLE_H

#include "guest.h"
#include "link.h"

#include <poll.h>

#define CONSOLE_POLLS (2 * VM_MAX + 2)

enum console_wish { CONSOLE_GO_ON, CONSOLE_QUIT, CONSOLE_BROKEN_PIPE };

/* Opens every VM's console. Returns 0 or STATUS_REFUSED after a message (a port in use, a file that cannot be made). */
int console_open(const struct run_spec *run);

/* The VM runs now: its input may flow; on a terminal, keys go to the guest unchanged from here. */
void console_started(u32 vm);

/* The VM has ended: its input goes nowhere. */
void console_ended(u32 vm);

/* Output of a VM. */
void console_write(u32 vm, const char *text, u32 bytes);

/* More output waits than a slow reader should hold up: do not read the link now. */
bool console_is_full(void);

/* Fills `fds` with what to wait for and returns how many. */
u32 console_poll(struct pollfd fds[CONSOLE_POLLS], const struct link *link);

/* Moves what poll found ready: output to its readers, input to the link. */
enum console_wish console_move(const struct pollfd fds[CONSOLE_POLLS], u32 count, struct link *link);

/* A VM's unfinished line may be shown now, nothing has come for a while. */
void console_idle(void);

/* Writes out what waits, for at most `seconds` of host time: before a message that shall stand after it. */
void console_flush(double seconds);

/* Writes out what waits, for at most `seconds`, restores the terminal and closes everything. */
void console_close(double seconds);

#endif
