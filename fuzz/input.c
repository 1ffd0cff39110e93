/* SPDX-License-Identifier: BSD-2-Clause */
/* The input door of the exit harness. fuzz/fuzz.mk compiles hv/input/live.c, record.c and replay.c with a prefix. */
#include "fuzz/input.h"
#include "hv/input.h"

#define BODY(prefix) \
	const char *prefix##_input_begin(const struct plan *plan, bool exact); \
	void prefix##_input_started(vm_id vm); \
	u32 prefix##_input_console(vm_id vm); \
	bool prefix##_input_ready(vm_id vm); \
	u64 prefix##_input_time(vm_id vm, u64 now); \
	u64 prefix##_input_wait(vm_id vm, u64 now, u64 until); \
	void prefix##_input_boundary(vm_id vm); \
	u64 prefix##_input_end(vm_id vm);
BODY(live)
BODY(record)
BODY(replay)

static enum input_mode mode;
static void (*on_idle)(void);
static void (*on_arrival)(vm_id vm, u8 byte);
static void (*on_look)(vm_id vm);

#define CALL(function, ...) \
	(mode == INPUT_LIVE ? live_##function(__VA_ARGS__) : \
	 mode == INPUT_RECORD ? record_##function(__VA_ARGS__) : replay_##function(__VA_ARGS__))

void input_select(enum input_mode the_mode, void (*idle)(void), void (*arrived)(vm_id vm, u8 byte),
		  void (*about)(vm_id vm))
{
	mode = the_mode;
	on_idle = idle;
	on_arrival = arrived;
	on_look = about;
}

const char *input_begin(const struct plan *plan, bool exact)
{
	return CALL(input_begin, plan, exact);
}

void input_started(vm_id vm)
{
	on_look(vm);
	CALL(input_started, vm);
}

u32 input_console(vm_id vm)
{
	u32 byte = CALL(input_console, vm);

	if (byte != INPUT_NONE)
		on_arrival(vm, (u8)byte);
	return byte;
}

bool input_ready(vm_id vm)
{
	return CALL(input_ready, vm);
}

u64 input_time(vm_id vm, u64 now)
{
	on_idle();
	return CALL(input_time, vm, now);
}

u64 input_wait(vm_id vm, u64 now, u64 until)
{
	return CALL(input_wait, vm, now, until);
}

void input_boundary(vm_id vm)
{
	on_look(vm);
	CALL(input_boundary, vm);
}

u64 input_end(vm_id vm)
{
	on_look(vm);
	return CALL(input_end, vm);
}
