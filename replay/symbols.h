/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names, source lines and disassembly of guest code: from ELF files with symbols or DWARF (libbfd), from kallsyms text
 * ("ADDRESS TYPE NAME" lines), and by libopcodes. A program linked with these two libraries is GPL-3.0-or-later as a
 * whole; this source is BSD-2-Clause.
 */
#ifndef REPLAY_SYMBOLS_H
#define REPLAY_SYMBOLS_H

#include "hv/types.h"

#include <stdbool.h>
#include <stddef.h>

struct symbols;		/* any number of files; NULL is none */

/* Adds a file: ELF, with `offset` added to its addresses, or kallsyms text. Returns 0 or STATUS_REFUSED after a
 * message. *symbols begins as NULL. */
int symbols_add(struct symbols **symbols, const char *path, u64 offset);
void symbols_free(struct symbols *symbols);

/* The last symbol at or before `address`, and its distance; NULL if there is none within 16 MiB. */
const char *symbols_name(const struct symbols *symbols, u64 address, u64 *distance);

/* The address of a symbol by name; "0x..." and decimal numbers are taken as they are. */
bool symbols_address(const struct symbols *symbols, const char *name, u64 *address);

/* "file.c:12 (function)" of an address that has DWARF; false if none. */
bool symbols_line(const struct symbols *symbols, u64 address, char *text, size_t bytes);

/* "name+0x12" or "0x..." when nothing is known. */
void symbols_format(const struct symbols *symbols, u64 address, char *text, size_t bytes);

/* One instruction of `mode` bits (16, 32 or 64) at `address`; returns its length, 0 if it is none. */
u32 symbols_disassemble(const struct symbols *symbols, u64 address, const u8 *code, u32 bytes, u32 mode, char *text,
			size_t text_bytes);

#endif
