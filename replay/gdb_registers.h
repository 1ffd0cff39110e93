/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers as gdb numbers them, and the target description that tells it so. */
#ifndef REPLAY_GDB_REGISTERS_H
#define REPLAY_GDB_REGISTERS_H

#include "travel.h"

#define GDB_REGISTER_BYTES 16u	/* the widest */

struct gdb_registers {		/* everything of one VM */
	struct target_registers core;
	struct target_vectors vectors;
	struct travel_place place;
};

u32 gdb_register_count(void);

/* Where the next instruction is, as gdb is told: gdb knows no segments, so it is linear (in 64-bit code that is RIP). */
u64 gdb_pc(const struct target_registers *registers);

/* The value of register `n`, little-endian, and its size in bytes. */
u32 gdb_register(const struct gdb_registers *registers, u32 n, u8 value[GDB_REGISTER_BYTES]);

/* What to change for part `part` (8 bytes) of register `n` to become edit->value; false: it cannot be changed. */
bool gdb_register_name(const struct gdb_registers *registers, u32 n, u32 part, struct target_edit *edit);

/* The target description (XML); the caller frees it. */
char *gdb_description(void);

/* Fills *registers for a VM: the one at the stop, or another as it was when it last ran. */
bool gdb_registers_get(struct travel *travel, u32 vm, struct gdb_registers *registers);

#endif
