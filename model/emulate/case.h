/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulation equality: generated snippets that run natively (bare Bochs) and under the hypervisor. Shared by the guest that
 * runs them and by the host that compares. Every address is below 1 MiB, so that all modes have the same.
 *
 *	 3000 stack		 8000, 9000 code, the snippet may lie across		10000, 11000, 12000 data, pages with states
 *	 4000 struct run	 5000 real-mode vectors, 6000 real-mode code		13000 two task-state segments
 */
#ifndef MODEL_EMULATE_CASE_H
#define MODEL_EMULATE_CASE_H

#define AT_STACK 0x3f00
#define AT_RUN 0x4000
#define AT_REAL_VECTORS 0x5000
#define AT_REAL_CODE 0x6000
#define AT_CODE 0x8000
#define AT_DATA 0x10000
#define AT_TASKS 0x13000
#define AT_NEW_TASK 0x200	/* in AT_TASKS */
#define AT_TASK_CODE 0x8f80	/* INT3s: where the other task begins */
#define DATA_PAGES 3

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#define CODE_BYTES 64

enum emulate_mode {
	MODE_LONG, MODE_LONG_USER, MODE_COMPAT, MODE_COMPAT_USER, MODE_COMPAT_16, MODES_64,
	MODE_PROTECTED = MODES_64, MODE_PROTECTED_USER, MODE_PROTECTED_16, MODE_V86, MODE_REAL, MODES
};

/* How the two runs must agree. Where the hypervisor means to differ, its policy says what it must do. */
enum emulate_policy {
	SAME,		/* in everything */
	SAME_TSC,	/* RDTSC: the same distance from the start */
	SAME_UNTIMED,	/* HLT: all but the ticks, for idle time is the host's on one side and skipped on the other */
	POLICY_UD,	/* CPUID hides it: natively a UD2 stands in its place */
	POLICY_GP,	/* CPUID hides the bit, or the MSR does not exist: natively an instruction of 16 bytes stands in its place, #GP(0) */
	POLICY_SHOWN,	/* of these the guest prints all */
	POLICY_CPUID = POLICY_SHOWN,	/* the table's values; all else the same */
	POLICY_RANDOM,	/* any value of the operand's size; all else the same */
	POLICY_VMCALL,	/* RAX = -1000; natively a NOP of three bytes stands in its place */
	POLICY_MSR,	/* RDMSR gives a fixed value */
	POLICIES
};

enum page_state { PAGE_FREE, PAGE_ABSENT, PAGE_READ_ONLY, PAGE_USER, PAGE_STATES };
enum emulate_paging { PAGING_4_LEVEL, PAGING_OFF, PAGING_32, PAGING_PAE };

/* What a snippet's data segments are; the guest turns them into selectors. */
enum emulate_segment { SEGMENT_FLAT, SEGMENT_NULL, SEGMENT_DATA /* base AT_DATA, limit 1FFFH */, SEGMENT_DOWN /* expand-down above 10FFFH */, SEGMENT_READ_ONLY, SEGMENT_KINDS };

struct emulate_case {
	uint32_t kind;			/* index into emulate_kinds */
	uint32_t mode, policy, paging;
	uint8_t code[CODE_BYTES];
	uint32_t bytes, ip;		/* ip: offset of the first instruction */
	uint64_t gpr[16], flags;
	uint32_t es, ds, fs, gs;	/* enum emulate_segment */
	uint32_t page[DATA_PAGES];
	uint64_t cr0, cr4;		/* beyond the mode's own */
	bool code_absent;		/* the second code page */
	uint32_t msr;			/* of RDMSR and WRMSR, whose value is compared afterwards; 0: none */
	uint32_t destination, width;	/* POLICY_RANDOM: the register and its bits */
	bool xcr0;			/* compare XCR0 */
	bool debug;			/* compare the debug registers */
	bool task;			/* it switches tasks; */
	uint32_t task_fault;		/* ... to a descriptor that is 1 busy, 2 absent, 3 short */
	bool shown;			/* print all: a waiver may apply (waivers.def) */
	bool io;			/* ports have known values */
	bool timer;			/* IRQ 0 comes soon */
	uint32_t at;			/* where in code the instruction under test begins */
};

struct emulate_kind {
	const char *name;
	uint32_t reason;		/* the exit that it causes under the hypervisor */
};

extern const struct emulate_kind emulate_kinds[];
extern const uint32_t emulate_kind_count;

/* Case `number` of the run with `seed` for a 64-bit (wide) or a 32-bit guest. */
void emulate_generate(uint64_t seed, uint64_t number, bool wide, struct emulate_case *c);

#endif
#endif
