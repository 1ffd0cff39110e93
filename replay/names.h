/* SPDX-License-Identifier: BSD-2-Clause */
/* --symbols and --symbols-at for the verbs that name places in the guest: an argp child, and what it found. */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include "symbols.h"

#include <argp.h>

/* For argp.children; takes no input. */
extern const struct argp_child names_argp[2];

/* What --symbols gave, read by the first call; NULL: nothing. Returns 0 or STATUS_REFUSED after a message. */
int names_open(void);

/* " symbol+0x12 file.c:3", "" if nothing is known of the address. */
void names_text(u64 address, char *text, size_t bytes);

/* "symbol+0x12" and "file.c:3 (symbol)"; each "" if unknown. */
void names_parts(u64 address, char *symbol, size_t symbol_bytes, char *line, size_t line_bytes);

#endif
