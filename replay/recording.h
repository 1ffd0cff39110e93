/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording on the host: the container FILE.rpl (replay/FORMAT.md), and while it is being made the journal beside it,
 * FILE.rpl.journal. Whoever is killed in between leaves a pair that can be replayed as it is.
 */
#ifndef REPLAY_RECORDING_H
#define REPLAY_RECORDING_H

#include "file.h"
#include "hv/journal.h"
#include "hv/session.h"

#define RECORDING_FORMAT 2
#define RECORDING_FORMAT_FORK 3	/* with changes (replay/fork.c) */
#define RECORDING_BUILD_BYTES 65	/* hexadecimal SHA-256 and a NUL */

/* How far a VM got, from the last record of its journal. */
struct recording_vm {
	struct bytes journal;		/* its whole blocks */
	struct bytes console;		/* what it wrote; only in a recording that was finished */
	struct bytes states;		/* what its digests were taken of (hv/input/states.h); may be missing */
	u64 blocks, events;		/* that are whole */
	u64 inputs, digests;
	u64 position, time;		/* of the last record */
	bool ended;			/* the last record says how: */
	u32 end_code, end_value;
	u64 exits;			/* of the last digest */
};

struct recording {
	char *path;
	u64 id;
	u64 created;			/* seconds since 1970 */
	u64 digest_ticks;
	char build[RECORDING_BUILD_BYTES];
	bool host_clock;
	bool finished;			/* the journal is in the container: recording came to an end of its own */
	u8 plan_bytes[PLAN_BYTES];
	struct plan plan;
	struct bytes image[VM_MAX][PLAN_IMAGES];
	struct recording_vm vm[VM_MAX];
	u64 length[VM_MAX];		/* if finished: how far each got, by the manifest */
	struct bytes edits;		/* of a fork: its changes, text */
	char *guest[VM_MAX];		/* what each was made from, for people */
};

/* The build that records and replays: SHA-256 of hv-record.bin and hv-replay.bin. Returns 0 or a status after a message. */
int recording_build(char build[RECORDING_BUILD_BYTES]);

/* Writes the container: without journals and consoles if !recording->finished. It replaces recording->path in one
 * step. Returns 0 or STATUS_FAILED after a message. */
int recording_write(const struct recording *recording);

/* Reads and checks a recording: every member against its digest, every journal up to its first bad block, which is
 * told. `strict`: a bad block is an error. Returns 0 or STATUS_REFUSED after a message. */
int recording_read(const char *path, bool strict, struct recording *recording);

/* The same of a container in memory: `build` is the build it must be of, NULL: any. Does not look for a journal beside it.
 * Like recording_scan and the functions of hv/journal.h it touches no file: what fuzzing calls. */
int recording_parse(const char *path, const struct bytes *file, const char *build, bool strict, struct recording *recording);

/* Takes the whole blocks of a journal, of `bytes` bytes, of VM `vm`: fills in recording->vm[vm] but the console. `name` is
 * for messages. Returns the error of the first block that is not whole (JOURNAL_UNWRITTEN: the journal just ends), with a
 * message if `say_bad`. */
enum journal_error recording_scan(struct recording *recording, u32 vm, const u8 *data, u64 bytes, const char *name,
				  bool say_bad);

/* Calls `take` for each event of a VM's journal, until it returns false. */
typedef bool recording_take(const struct journal_event *event, u64 block, u32 offset, u32 bytes, void *context);
void recording_events(const struct recording *recording, u32 vm, recording_take *take, void *context);

void recording_free(struct recording *recording);

/* FILE.rpl.journal; the caller frees it. */
char *recording_journal_path(const char *path);

#endif
