/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's terminal: raw while a guest has it, and the Ctrl-A keys. */
#include "terminal.h"

#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_A 1

static struct termios saved;
static bool raw;
static bool after_ctrl_a;

void terminal_restore(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	raw = false;
}

void terminal_raw(void)
{
	struct termios mode;

	if (raw || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0)
		return;
	mode = saved;
	cfmakeraw(&mode);
	mode.c_oflag = saved.c_oflag;	/* our own messages are plain lines */
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) != 0)
		return;
	raw = true;
	atexit(terminal_restore);
}

enum terminal_key terminal_key(u8 byte)
{
	if (!raw)
		return TERMINAL_BYTE;
	if (!after_ctrl_a) {
		after_ctrl_a = byte == CTRL_A;
		return after_ctrl_a ? TERMINAL_NONE : TERMINAL_BYTE;
	}
	after_ctrl_a = false;
	switch (byte) {
	case CTRL_A:
		return TERMINAL_BYTE;
	case 'x':
	case 'X':
		return TERMINAL_QUIT;
	case 'c':
		return TERMINAL_SWITCH;
	case 'h':
	case '?':
		return TERMINAL_HELP;
	default:
		return TERMINAL_NONE;
	}
}
