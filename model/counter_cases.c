/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exactness that positions rest on (DESIGN: position and time): the time-stamp counter counts guest instructions, and
 * the VMX-preemption timer stops after exactly V - 1 of them. The first case measures the stub.
 */
#include "model/exit_case.h"
#include "model/case.h"
#include "spec/vmx.h"

#define LOOP { 0xeb, 0xfe }
#define SAVE { F_VM_EXIT_CONTROLS, true, EXIT_CTL_SAVE_PREEMPTION_TIMER }
#define SNIPPET(name_, reason_, ...) .snippet = { .name = name_, .reason = reason_, __VA_ARGS__ }

const struct counter_case counter_cases[] = {
	{ SNIPPET("timer 1, VMLAUNCH: no instruction", 52, .code = LOOP), .timer = 1, .ticks = 0 },
	{ SNIPPET("timer 1, VMRESUME: no instruction", 52, .code = LOOP), .timer = 1, .ticks = 0 },
	{ SNIPPET("timer 0: no instruction", 52, .code = LOOP), .timer = 0, .ticks = 0 },
	{ SNIPPET("timer 2: one instruction", 52, .code = LOOP), .timer = 2, .ticks = 1 },
	{ SNIPPET("timer 1001: 1000 instructions", 52, .code = LOOP), .timer = 1001, .ticks = 1000 },
	{ SNIPPET("timer 1000001: a million", 52, .code = LOOP), .timer = 1000001, .ticks = 1000000 },
	{ SNIPPET("timer 1001 with PAE paging, without EPT", 52, .code = LOOP, .base = BASE_PAE_NO_EPT), .timer = 1001, .ticks = 1000 },
	{ SNIPPET("timer 1001 without paging", 52, .code = LOOP, .base = BASE_PROTECTED), .timer = 1001, .ticks = 1000 },
	{ SNIPPET("the exiting instruction adds nothing", 10, .code = { 0x0f, 0xa2 }), .timer = 1000, .ticks = 0 },
	{ SNIPPET("five NOPs and an exit are five", 10, .code = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x0f, 0xa2 }), .timer = 1000, .ticks = 5 },
	{ SNIPPET("an iteration of REP counts one, and the timer stops inside", 52, .code = { 0xf3, 0xaa, 0xeb, 0xfe }, .rcx = 100), .timer = 51, .ticks = 50, .has_rcx = true, .rcx = 50 },
	{ SNIPPET("a REP with RCX = 0 counts one", 10, .code = { 0xf3, 0xaa, 0x0f, 0xa2 }, .rcx = 0), .timer = 1000, .ticks = 1, .has_rcx = true, .rcx = 0 },
	{ SNIPPET("a REP to its end counts its iterations", 10, .code = { 0xf3, 0xaa, 0x0f, 0xa2 }, .rcx = 7), .timer = 1000, .ticks = 7, .has_rcx = true, .rcx = 0 },
	{ SNIPPET("an intercepted fault adds nothing", 0, .code = { 0x90, 0x0f, 0x0b }, .change = { { F_EXCEPTION_BITMAP, false, 1u << VECTOR_UD } }), .timer = 1000, .ticks = 1 },
	{ SNIPPET("the saved timer is V - 1 - k", 10, .code = { 0x90, 0x90, 0x90, 0x0f, 0xa2 }, .change = { SAVE }), .timer = 1000, .ticks = 3, .has_timer = true, .saved = 996 },
	{ SNIPPET("an STI shadow delays the timer by one instruction", 52, .code = LOOP, .base = BASE_LONG_NO_EPT,
		  .change = { { F_GUEST_INTERRUPTIBILITY_STATE, false, BLOCKING_BY_STI }, { F_GUEST_RFLAGS, true, RFLAGS_IF } }), .timer = 1, .ticks = 1 },
	{ SNIPPET("an injected event adds nothing", 52, .code = LOOP, .base = BASE_REAL,
		  .change = { { F_VM_ENTRY_INTERRUPTION_INFO, false, EVENT_VALID | EVENT_EXTERNAL << 8 | 32 }, { F_GUEST_RFLAGS, true, RFLAGS_IF } }), .timer = 1, .ticks = 0 },
};

const u32 counter_case_count = sizeof(counter_cases) / sizeof(counter_cases[0]);
