/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A deterministic run that can be gone through in both directions. One target runs at a time; the checkpoints are copies
 * of it that stand still. Going back is: a copy of the nearest checkpoint before, and forward to the exact time.
 *
 *   checkpoints  |--------|--------|--------|----|-|     dense behind the place one looks at
 *                ^start                          ^ now
 *
 * A stop is the boundary before an instruction of a guest, named by the platform's time (ticks) there. Re-entering a
 * guest after an exit that changed nothing of it makes no new stop.
 */
#ifndef REPLAY_SESSION_H
#define REPLAY_SESSION_H

#include "layout.h"
#include "symbols.h"
#include "target.h"

#define SESSION_CHECKPOINTS 96
#define SESSION_NEAR 4		/* further ones close behind the places that were visited last */
#define SESSION_INTERVAL (8ull << 20)	/* ticks between two checkpoints, at first */
#define SESSION_BREAKS 64

enum session_result { SESSION_STOPPED, SESSION_BREAK, SESSION_READ, SESSION_WRITE, SESSION_BEGIN, SESSION_END,
		      SESSION_INTERRUPTED, SESSION_FAILED };

struct session_break {
	bool used;
	enum { SESSION_EXECUTE, SESSION_ON_WRITE, SESSION_ON_READ, SESSION_ON_ACCESS } kind;
	u32 vm;			/* VM_MAX: any */
	u64 linear, bytes;
	u64 cr3;		/* with has_cr3: in this address space only */
	bool has_cr3;
	u64 address;		/* host-physical, of a watchpoint */
};

/* Where the machine stands. */
struct session_place {
	u32 vm;			/* VM_MAX: in the hypervisor */
	u64 tick, position, vtime, exits;
	u64 rip;
};

struct checkpoint {
	struct target target;
	struct link link;		/* the parser's state */
	u64 console_bytes[VM_MAX];
	u64 visited;			/* for replacing the oldest of the near ones */
	struct session_place place;
};

struct session_console {
	char *text;
	u64 bytes, room;
};

struct session {
	struct run_spec spec;
	struct layout layout;
	struct temp temp;
	struct bochs bochs;
	struct link link;		/* of `now` */
	struct target_host host;
	struct target first_target;	/* the process that all others are copies of */
	struct target now;
	struct checkpoint *checkpoint[SESSION_CHECKPOINTS + SESSION_NEAR];	/* the near ones at the end */
	u32 checkpoints;
	u64 interval, visits, copies;
	u64 memory_max;			/* bytes that checkpoints may hold of their own */
	struct session_console console[VM_MAX];
	struct symbols *symbols, *hv;
	u64 vcpus, resume, launch, vmcs, entry_ticks;	/* addresses in the hypervisor, and a constant */
	struct target_registers registers;	/* session_registers keeps them */
	pid_t registers_pid;
	u64 registers_moves;
	struct session_place place, first, last;	/* last.tick 0: the end has not been seen yet */
	u64 end_tick, end_seen;		/* when the last VM ended, 0 unknown; the same of this copy */
	bool (*wake)(void *context);
	void *wake_context;
	bool ended, echo;		/* the end was just seen; write consoles to stdout */
	bool live;			/* a run of its own: it can be changed, and not gone back in */
	int (*prepare)(struct session *session);	/* what else the platform needs before it starts, or NULL */
};

/* Lays the run out, starts it and goes to the first instruction of a guest. session->spec is filled in. Returns 0 or a
 * status after a message. session_close is right in both cases. */
int session_open(struct session *session);
void session_close(struct session *session);

/* The machine goes to a time, exactly: a stop if there is one with this time, else in the hypervisor. */
enum session_result session_goto_tick(struct session *session, u64 tick);

/* To a VM's position: the first stop at or after it. */
enum session_result session_goto_position(struct session *session, u32 vm, u64 position);
enum session_result session_goto_end(struct session *session);

/* One stop of `vm` (VM_MAX: of any) forwards or backwards. */
enum session_result session_step(struct session *session, u32 vm);
enum session_result session_step_back(struct session *session, u32 vm);

/* Until a breakpoint, forwards or backwards. `hit` is the index of what was hit. */
enum session_result session_continue(struct session *session, struct session_break *breaks, u32 count, u32 *hit);
enum session_result session_continue_back(struct session *session, struct session_break *breaks, u32 count, u32 *hit);

/* Makes a checkpoint here. */
bool session_checkpoint(struct session *session);

/* Where guest-physical memory of a VM lies; false if it has none there. */
bool session_address(const struct session *session, u32 vm, u64 gpa, u64 bytes, u64 *address);

/* Linear to guest-physical by the page tables of the VM that runs now. */
bool session_walk(struct session *session, const struct target_registers *registers, u64 linear, u64 *gpa,
		  void (*level)(void *context, const char *name, u64 at, u64 entry), void *context);

/* The registers at this stop; NULL when the machine is dead. */
const struct target_registers *session_registers(struct session *session);

/* Reads linear memory of the VM that is at the stop; returns how many bytes could be read. */
u64 session_read(struct session *session, u64 linear, void *data, u64 bytes);

/* The link's bytes were taken: the host's part of target.h. `wake` is watched while the machine runs. */
void session_wake(struct session *session, int fd, bool (*wake)(void *context), void *context);

#endif
