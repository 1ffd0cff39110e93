/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's terminal: raw while a guest has it, restored whatever happens, and the Ctrl-A keys. */
#ifndef REPLAY_TERMINAL_H
#define REPLAY_TERMINAL_H

#include "hv/types.h"

enum terminal_key { TERMINAL_NONE, TERMINAL_BYTE, TERMINAL_QUIT, TERMINAL_SWITCH, TERMINAL_HELP };

/* Every key goes to the program unchanged from here (Ctrl-C, too). Nothing happens if stdin is no terminal. */
void terminal_raw(void);
void terminal_restore(void);

/* What an input byte means: a byte for the guest, or one of the commands after Ctrl-A. */
enum terminal_key terminal_key(u8 byte);

#endif
