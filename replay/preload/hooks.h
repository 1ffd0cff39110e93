/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens inside the emulator between two prompts: breakpoints, watchpoints and the stops of guests, watched by code
 * that stock Bochs calls anyway. Each is a word of a command; see hooks.c.
 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

#include <stdbool.h>

/* Puts the hooks in place. False: this Bochs is another one. */
bool hooks_install(void);

/* Does what a line that begins with '!' says; false if it is none of the hooks' commands. */
bool hooks_command(const char *line);

/* Prints what was hit since the last prompt. */
void hooks_report(void);

#endif
