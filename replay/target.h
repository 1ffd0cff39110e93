/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the debugger, host's side: one paused platform (hypervisor, VMs and all) that can run, be looked at
 * and be copied. This is the seam between the debugger and what it debugs: replay/bochsdbg.c is the body for stock
 * Bochs. Time here is the platform's own (ticks); addresses are host-physical but where `linear` says otherwise.
 */
#ifndef REPLAY_TARGET_H
#define REPLAY_TARGET_H

#include "bochs.h"
#include "link.h"

#define TARGET_BREAKS 1024
#define TARGET_WATCHES 256
#define TARGET_HITS 256		/* so many of the last ones are remembered */

/* Why it stopped; several can be true at once. */
enum target_stop {
	TARGET_TICK = 0x1,		/* the time that was asked for has come */
	TARGET_BREAK = 0x2,
	TARGET_READ = 0x4,		/* a watchpoint; the access is done */
	TARGET_WRITE = 0x8,
	TARGET_ENTRY = 0x10,		/* a guest's instruction is next */
	TARGET_EXIT = 0x80,		/* a VM exit; the hypervisor's first instruction is next */
	TARGET_WOKEN = 0x20,		/* host->wake said so */
	TARGET_DEAD = 0x40		/* the platform ended or does not answer; only target_close is left */
};

/* A change from outside, at a time: memory, or a register of the VM that runs then. It is made whenever the time comes. */
#define TARGET_EDIT_BYTES 64u
struct target_edit {
	u64 tick;
	char name[12];			/* the emulator's name of a register; empty: memory */
	u64 value;
	u64 address;			/* host-physical */
	u32 bytes;
	u8 data[TARGET_EDIT_BYTES];
};

/* Who is told while the machine runs. */
struct target_host {
	void *context;
	bool (*com1)(void *context);	/* bytes may wait at target.com: take them; shall the machine stop? */
	int wake;			/* a descriptor, or -1 */
	bool (*wake_now)(void *context);	/* something happened there: shall the machine stop? */
	void (*alive)(void *context);	/* a second went by, and the machine still runs */
	const struct target_edit *edits;	/* in the order of their times */
	u32 edit_count;
};

/* A breakpoint, a watchpoint or an instruction of a guest that was come by. */
struct target_hit {
	u64 tick;		/* of the boundary before the instruction, or after the one that made the access */
	enum target_stop what;
	u64 address;		/* of the instruction, or physical */
	u32 index;		/* of the breakpoint or watchpoint, in the order in which they were set; a step: the VPID */
};

struct target {
	const struct target_host *host;
	pid_t pid;		/* 0: none */
	int fd, com, life;
	u64 tick;
	u64 address;		/* of the next instruction; valid if `fetchable` */
	u64 rip;		/* valid if `fetchable` */
	bool fetchable;
	struct target_hit hit;	/* what it stopped for, the last of them */
	bool dirty;		/* something of what target_clear clears is set */
	u64 moves;		/* changes whenever the machine ran */
	u64 raw;		/* this many bytes of the next answer are data */
	char *text;		/* what it said last */
	size_t text_bytes, text_room;
};

enum target_segment { TARGET_ES, TARGET_CS, TARGET_SS, TARGET_DS, TARGET_FS, TARGET_GS, TARGET_LDTR, TARGET_TR, TARGET_SEGMENTS };

struct target_registers {
	u64 gpr[16];		/* in the encoding's order: RAX RCX RDX RBX RSP RBP RSI RDI R8 ... */
	u64 rip, rflags;
	struct { u16 selector; u64 base; u32 limit; bool l, db; } segment[TARGET_SEGMENTS];
	u64 gdtr_base, idtr_base;
	u16 gdtr_limit, idtr_limit;
	u64 cr0, cr2, cr3, cr4, cr8, efer, xcr0;
	u64 dr[8];
};

struct target_vectors {
	u64 zmm[16][8];
	u32 mxcsr;
	struct { u64 fraction; u16 exponent; } st[8];	/* by number from the top of the stack */
	u16 fcw, fsw, ftw, fop, fcs, fds;
	u64 fip, fdp;
};

/* Starts the platform with its debugger, stopped before the first instruction. `link` listens already; its connection
 * becomes target->com. Returns 0 or a status after a message. */
int target_open(struct target *target, const struct target_host *host, const struct temp *temp,
		const struct run_spec *run, u64 host_bytes, struct link *link, struct bochs *bochs);

/* *copy becomes an exact copy of *target, breakpoints and all, with a COM1 of its own. False: it could not be made. */
bool target_fork(struct target *target, struct target *copy);

/* Kills it. */
void target_close(struct target *target);

/* Runs until something in the result's set happens; `until` is a time in the future, or 0 for none. */
u32 target_run(struct target *target, u64 until);

/* Executes `count` instructions. */
u32 target_step(struct target *target, u64 count);

/* Stops before the instruction at a linear address: of the VM with this VPID (0: of any), in this address space
 * (TARGET_ANY: in any). False: there is no room. */
#define TARGET_ANY (~0ull)
bool target_break(struct target *target, u64 linear, u32 vpid, u64 cr3);

/* Stops after an instruction that reads or writes [address, address + bytes), or after which the CPU did so by itself. */
bool target_watch(struct target *target, u64 address, u64 bytes, bool read, bool write);

/* Stops before each instruction of a guest. */
void target_entry(struct target *target);

/* Stops after so many VM exits of the VM with this VPID (0: of any). */
void target_exits(struct target *target, u64 count, u32 vpid);

/* Breakpoints and watchpoints do not stop it: their hits are remembered. */
void target_note(struct target *target);

/* Remembers the boundaries before instructions of guests (vpid 0: of any). */
void target_trail(struct target *target, u32 vpid);

/* What was remembered, the oldest first; returns how many. */
u32 target_hits(struct target *target, struct target_hit hits[TARGET_HITS]);
u32 target_steps(struct target *target, struct target_hit hits[TARGET_HITS]);

/* How often the first `count` breakpoints (or watchpoints) were hit. */
void target_counts(struct target *target, bool watchpoints, u64 *hits, u32 count);

/* Ends all of these and forgets what was remembered. */
void target_clear(struct target *target);

bool target_read(struct target *target, u64 address, void *data, u64 bytes);

/* A checksum of whole pages: that of another moment or copy is the same if they hold the same. */
bool target_sum(struct target *target, u64 address, u64 bytes, char text[65]);

/* Makes the change now. */
bool target_change(struct target *target, const struct target_edit *edit);
bool target_registers(struct target *target, struct target_registers *registers);
bool target_vectors(struct target *target, struct target_vectors *vectors);

/* RIP, whether fetchable or not. */
u64 target_rip(struct target *target);

/* The VPID of the VM whose instruction is next, 0 for the hypervisor. */
u32 target_vpid(struct target *target);

/* A field of the VMCS whose region is at `region`, as it is in memory: the guest's own state as of its last exit. */
bool target_vmcs(struct target *target, u64 region, u32 field, u64 *value);

/* What the debugger answers to one command of its own; valid until the next call. NULL: it is dead. */
const char *target_ask(struct target *target, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The time that it had of the host's CPU, seconds; 0: not known. */
double target_cpu_seconds(const struct target *target);

/* What only this copy holds goes to disk, to a file that gets no name (it is made at `path`); bytes. */
u64 target_spill(struct target *target, const char *path);

/* Memory that only this copy holds, bytes. */
u64 target_private_bytes(const struct target *target);

#endif
