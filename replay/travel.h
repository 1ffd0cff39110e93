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
#ifndef REPLAY_TRAVEL_H
#define REPLAY_TRAVEL_H

#include "layout.h"
#include "run.h"
#include "symbols.h"
#include "target.h"

#define TRAVEL_CHECKPOINTS 96
#define TRAVEL_NEAR 4		/* further ones close behind the places that were visited last */
#define TRAVEL_INTERVAL (8ull << 20)	/* ticks between two checkpoints, at first */
#define TRAVEL_BREAKS (TARGET_BREAKS + TARGET_WATCHES)

enum travel_result { TRAVEL_STOPPED, TRAVEL_BREAK, TRAVEL_READ, TRAVEL_WRITE, TRAVEL_BEGIN, TRAVEL_END,
		      TRAVEL_INTERRUPTED, TRAVEL_FAILED };

struct travel_break {
	bool used;
	enum { TRAVEL_EXECUTE, TRAVEL_ON_WRITE, TRAVEL_ON_READ, TRAVEL_ON_ACCESS } kind;
	u32 vm;			/* VM_MAX: any */
	u64 linear, bytes;
	u64 cr3;		/* with has_cr3: in this address space only */
	bool has_cr3;
	u64 address;		/* host-physical, of a watchpoint */
};

/* Where the machine stands. */
struct travel_place {
	u32 vm;			/* VM_MAX: in the hypervisor */
	u64 tick, position, vtime, exits;
	u64 rip;
};

struct checkpoint {
	struct target target;
	struct link link;		/* the parser's state */
	u64 console_bytes[VM_MAX];
	u64 visited;			/* for replacing the oldest of the near ones */
	struct travel_place place;
};

struct travel_console {
	char *text;
	u64 bytes, room;
};

struct travel {
	struct run_spec spec;
	struct layout layout;
	struct temp temp;
	struct bochs bochs;
	struct link link;		/* of `now` */
	struct target_host host;
	struct target first_target;	/* the process that all others are copies of */
	struct target now;
	struct checkpoint *checkpoint[TRAVEL_CHECKPOINTS + TRAVEL_NEAR];	/* the near ones at the end */
	u32 checkpoints;
	u64 interval, visits, copies;
	u64 memory_max;			/* bytes that checkpoints may hold of their own in memory; the rest goes to disk */
	u64 spilled;			/* bytes that went there */
	struct travel_console console[VM_MAX];
	struct symbols *symbols, *hv;
	u64 vcpus, vmcs, entry_ticks;	/* addresses in the hypervisor, and a constant */
	struct target_registers registers;	/* travel_registers keeps them */
	pid_t registers_pid;
	u64 registers_moves;
	struct travel_place place, first, last;	/* last.tick 0: the end has not been seen yet */
	u64 end_tick;			/* when the last VM ended, 0 unknown */
	struct link_report end;		/* how the VM that ended last did */
	bool (*wake)(void *context);
	void (*alive)(void *context);
	void *wake_context;
	bool ended, echo;		/* the end was just seen; write consoles to stdout */
	bool diverged;			/* a digest of the recording did not match: */
	u64 diverged_position;
	bool live;			/* a run of its own: it can be changed, and not gone back in */
	bool forked;			/* a run of its own from fork_tick on, by the changes in `edits`: it repeats, too */
	u64 fork_tick, forked_flag;	/* forked_flag: where the hypervisor's input_forked is, 0: it has none */
	struct target_edit *edits;
	u32 edit_room;			/* their number is in `host` */
	u32 armed[2][TARGET_BREAKS];	/* the breakpoints and watchpoints that are set, by the target's numbers */
	const struct recording *recording;	/* NULL: a run by its options */
	const struct run_hooks *hooks;	/* the hypervisor, its layout and disks; set before travel_open */
};

/* Lays the run out, starts it and goes to the first instruction of a guest. travel->spec is filled in. Returns 0 or a
 * status after a message. travel_close is right in both cases. */
int travel_open(struct travel *travel);
void travel_close(struct travel *travel);

/* The machine goes to a time, exactly: a stop if there is one with this time, else in the hypervisor. */
enum travel_result travel_goto_tick(struct travel *travel, u64 tick);

/* To a VM's position: the first stop at or after it. */
enum travel_result travel_goto_position(struct travel *travel, u32 vm, u64 position);
enum travel_result travel_goto_end(struct travel *travel);

/* One stop of `vm` (VM_MAX: of any) forwards or backwards. */
enum travel_result travel_step(struct travel *travel, u32 vm);
enum travel_result travel_step_back(struct travel *travel, u32 vm);

/* Until a breakpoint, forwards or backwards. `hit` is the index of what was hit. */
enum travel_result travel_continue(struct travel *travel, struct travel_break *breaks, u32 count, u32 *hit);
enum travel_result travel_continue_back(struct travel *travel, struct travel_break *breaks, u32 count, u32 *hit);

/* From here on the run is on its own: it can be changed. False: it cannot be made so. */
bool travel_fork(struct travel *travel);

/* May it be changed here? */
bool travel_changeable(const struct travel *travel);

/* Changes it, here; what would have been later is forgotten. edit->tick is filled in. */
bool travel_edit(struct travel *travel, struct target_edit *edit);

/* Adds a change of a fork that was recorded, before travel_open. */
void travel_edit_add(struct travel *travel, const struct target_edit *edit);

/* Makes a checkpoint here, and room for it. */
bool travel_checkpoint(struct travel *travel);

/* Where guest-physical memory of a VM lies; false if it has none there. */
bool travel_address(const struct travel *travel, u32 vm, u64 gpa, u64 bytes, u64 *address);

/* Linear to guest-physical by the page tables of a VM that has these registers. */
bool travel_walk(struct travel *travel, u32 vm, const struct target_registers *registers, u64 linear, u64 *gpa,
		  void (*level)(void *context, const char *name, u64 at, u64 entry), void *context);

/* The registers at this stop; NULL when the machine is dead. */
const struct target_registers *travel_registers(struct travel *travel);

/* Reads linear memory of a VM that has these registers; returns how many bytes could be read. */
u64 travel_read_vm(struct travel *travel, u32 vm, const struct target_registers *registers, u64 linear, void *data,
		   u64 bytes);

/* The same of the VM that is at the stop. */
u64 travel_read(struct travel *travel, u64 linear, void *data, u64 bytes);

/* While the machine runs: `wake` is asked when `fd` is readable, `alive` is called every second. */
void travel_wake(struct travel *travel, int fd, bool (*wake)(void *context), void (*alive)(void *context), void *context);

#endif
