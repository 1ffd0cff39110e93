/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for: the machines to run (struct vm_spec) and how to run them (struct run_spec). */
#ifndef REPLAY_GUEST_H
#define REPLAY_GUEST_H

#include "hv/plan.h"

#define GUEST_MODULES 8
#define GUEST_MEMORY_MIN (1ull << 20)
#define GUEST_MEMORY_MAX (2ull << 30)
#define GUEST_MEMORY_DEFAULT (128ull << 20)
#define GUEST_QUANTUM_MIN 10000ull
#define GUEST_QUANTUM_MAX 1000000000ull
#define GUEST_QUANTUM_DEFAULT 5000000ull
#define GUEST_WEIGHT_MAX 1000
#define GUEST_WEIGHT_DEFAULT 100

enum guest_kind { GUEST_NONE, GUEST_KERNEL, GUEST_MULTIBOOT, GUEST_FLAT };

/* A file of the guest. `origin` is "FILE:LINE: " for a file named in a workload, else "": messages begin with it. */
struct file_spec {
	char *path;
	char *cmdline;		/* of a multiboot module, or NULL */
	char *sha256;		/* 64 hexadecimal digits that the file must match, or NULL */
	char *origin;
};

struct vm_spec {
	char name[PLAN_NAME_BYTES];
	char *origin;
	enum guest_kind kind;
	struct file_spec image;			/* kernel, multiboot ELF or flat image */
	struct file_spec initrd;
	struct file_spec module[GUEST_MODULES];
	u32 module_count;
	char *append;				/* command line, or NULL for the default */
	char *console;				/* stdio, file:PATH, tcp:[HOST:]PORT; NULL is stdio */
	u64 memory_bytes;
	u32 cpu, weight, intercepts, flags;	/* as in struct plan_vm */
	bool seeded, rtc_given;
	u64 seed, rtc_seconds;
};

struct run_spec {
	struct vm_spec vm[VM_MAX];
	u32 vm_count;
	u32 clock, link;		/* enum plan_clock, plan_link */
	int pace;			/* enum plan_pace; real by default if stdin is a terminal */
	u64 quantum_ticks;
	bool seeded;			/* --seed: seeds every VM that has none of its own */
	u64 seed;
	double timeout_seconds;		/* of host time; 0 is none */
	u64 ips;
	char *iso, *report;		/* paths or NULL */
	char *gdb;			/* NULL: no; "": start gdb; else where to serve one */
	char *record;			/* record -o: the recording to make, or NULL */
	u64 journal_bytes;		/* room for the journals of all VMs */
	char *script;			/* --script: what is typed, with --seed */
	char *journal, *output;		/* disk images for Bochs: ata1-master and ata1-slave, or NULL */
	bool verbose, keep;
	bool no_input;			/* nothing is read from standard input */
};

/* The values that an option or a workload entry may have. Each returns false if `text` is none of them. */
bool guest_parse_size(const char *text, u64 *bytes);		/* digits and an optional K, M or G */
bool guest_parse_number(const char *text, u64 min, u64 max, u64 *value);
bool guest_parse_cpu(const char *text, u32 *cpu);		/* base, avx */
bool guest_parse_clock(const char *text, u32 *clock);		/* virtual, host */
bool guest_parse_pace(const char *text, int *pace);		/* real, fast */
bool guest_parse_intercept(const char *text, u32 *set);		/* one name of --intercept's list; adds to *set */
bool guest_parse_name(const char *text, char name[PLAN_NAME_BYTES]);
bool guest_parse_console(const char *text);
bool guest_parse_sha256(const char *text);
bool guest_parse_seconds(const char *text, double *seconds);	/* more than 0 */

/* A size that a VM may have: a multiple of 4 KiB, at least 1 MiB, at most 2 GiB. */
bool guest_memory_good(u64 bytes);

/* A guest as --help describes it: 128 MiB, cpu=base, weight 100, no name yet. */
void guest_defaults(struct vm_spec *vm);
void guest_free(struct run_spec *run);

#endif
