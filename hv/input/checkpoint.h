/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints of a replaying VM: written to the output disk at quantum boundaries after a digest that agreed, one after
 * another, each with what changed since the VM's one before:
 *
 *   header     one sector, struct checkpoint_header
 *   snapshot   SNAPSHOT_SECTORS, struct snapshot
 *   list       u32 for each page: its guest frame; whole sectors
 *   pages      4096 bytes each, in the order of the list
 *
 * The tool puts together what a VM is to start from and hands it in at session.restore_sector of the journal disk:
 * the header (pages = number of runs), the snapshot, a list of struct checkpoint_run, the pages of all runs. Layouts are those
 * of the build that wrote them; a recording replays with its own build only.
 */
#ifndef HV_INPUT_CHECKPOINT_H
#define HV_INPUT_CHECKPOINT_H

#include "plan.h"
#include "session.h"
#include "snapshot.h"
#include "types.h"

#define CHECKPOINT_MAGIC 0x544e504b43525052ull	/* "RPRCKPNT" */
#define CHECKPOINT_WRITTEN 0x80000000u	/* in checkpoint_run.pages: pages that the guest has written */
#define CHECKPOINT_RUN_PAGES 32u

struct checkpoint_header {
	u64 magic;
	u64 recording;
	u64 vm;			/* in the recording */
	u64 position;
	u64 pages;
	u32 state_crc, list_crc;	/* CRC-32C of the snapshot's and the list's sectors */
	u64 memory;		/* XOR of the hashes of all pages ever written */
	u8 reserved[448];
	u32 zero;
	u32 crc;		/* CRC-32C of the 508 bytes before */
};

struct checkpoint_run {
	u32 gfn;
	u32 pages;		/* 1..CHECKPOINT_RUN_PAGES, and CHECKPOINT_WRITTEN */
};

_Static_assert(sizeof(struct checkpoint_header) == 512, "a header is one sector");

void checkpoint_begin(const struct plan *plan, const struct session *session);

/* Replaces the state of a VM that has just been set up by that of the session's checkpoint. False: it is damaged, after
 * a message; the VM must not run. */
bool checkpoint_restore(vm_id vm);

/* Writes a checkpoint if it is time for one. The VM stands at a quantum boundary where its digest was just taken. */
void checkpoint_maybe(vm_id vm);

#endif
