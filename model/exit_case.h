/* SPDX-License-Identifier: BSD-2-Clause */
/* Snippets that cause one VM exit each, and what the exit must tell. Shared by the runner and the host. */
#ifndef MODEL_EXIT_CASE_H
#define MODEL_EXIT_CASE_H

#include "spec/vmcs.h"

#define EXIT_CHANGES 5u
#define EXIT_CODE 0x8000ull	/* linear address of the snippet: offset in the sandbox */
#define EXIT_DATA 0x20000ull	/* RAX: its memory operand */

struct exit_case {
	const char *name;
	u32 reason, base;
	u8 code[16];
	struct {
		u16 field;
		bool or;	/* into the base's value */
		u64 value;
	} change[EXIT_CHANGES];
	u64 rax, rcx, rdx;
	/* what is expected; only what the mask covers is compared */
	u32 skip;		/* bytes of instructions before the one that exits */
	u32 length;		/* 0: not defined for this reason */
	u64 qualification, qualification_mask;
	u32 info, info_mask;
	const char *waiver;	/* what Bochs 2.7 gets wrong, and */
	u32 waived_info;	/* what it says instead */
};

struct exit_result {
	u64 tsc;
	u32 reason, length;
	u64 qualification;
	u32 info, interruption;
	u64 rip, gpa, linear, error;
};

/* What the counter and the timer do (facts that positions rest on): guest instructions, RCX and saved timer afterwards. */
struct counter_case {
	struct exit_case snippet;	/* name, code, changes, reason */
	u64 timer;
	u64 ticks;
	bool has_rcx, has_timer;
	u64 rcx, saved;
};

extern const struct counter_case counter_cases[];
extern const u32 counter_case_count;

extern const struct exit_case exit_cases[];
extern const u32 exit_case_count;

#endif
