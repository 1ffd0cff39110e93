/* SPDX-License-Identifier: BSD-2-Clause */
/* All of a VM but its memory, for checkpoints and states. The layout is that of the build; a recording replays with its own
 * build only. */
#ifndef HV_INPUT_SNAPSHOT_H
#define HV_INPUT_SNAPSHOT_H

#include "dev/board.h"
#include "types.h"
#include "vcpu.h"

#define SNAPSHOT_XSAVE_BYTES 1024u

enum snapshot_field {
#define SNAPSHOT_FIELD(name) SNAPSHOT_##name,
#include "snapshot.def"
#undef SNAPSHOT_FIELD
	SNAPSHOT_FIELDS
};

struct snapshot {
	struct vcpu vcpu;
	struct board board;
	u64 field[SNAPSHOT_FIELDS];	/* of the VMCS, by enum snapshot_field */
	u8 xsave[SNAPSHOT_XSAVE_BYTES];
};

#define SNAPSHOT_SECTORS ((u32)((sizeof(struct snapshot) + 511) / 512))
_Static_assert(sizeof(struct snapshot) % 512 == 0, "a snapshot is whole sectors");

/* Takes a VM whose digest was just taken: its swapped registers and its XSAVE area are in memory. */
void snapshot_take(vm_id vm, struct snapshot *out);

/* Puts it into a VM that was just set up. */
void snapshot_restore(vm_id vm, const struct snapshot *from);

#endif
