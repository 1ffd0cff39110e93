/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exit harness without its oracles, for comparison: what does fuzzing find that only sees crashes? Linked before the
 * library, it stands in for judge.c, state.c and harness/exit.c; with ASan and UBSan, and the core's own assertions.
 */
#include <setjmp.h>
#include "guests.h"
#include "judge.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

u32 oracle_step;

static jmp_buf out;

/* The sequence ends, and nobody hears of it. */
_Noreturn void oracle_fail(const char *rule, const char *source, const char *format, ...)
{
	(void)rule, (void)source, (void)format;
	longjmp(out, 1);
}

void judge_reset(const struct plan *plan)
{
	(void)plan;
}

void judge_exit(vm_id vm, const struct vmexit *x, s64 ticks)
{
	(void)vm, (void)x, (void)ticks;
}

void judge_entry_failed(vm_id vm)
{
	(void)vm;
}

void judge_console(vm_id vm, u8 byte)
{
	(void)vm, (void)byte;
}

void judge_enter(vm_id vm, u64 tsc)
{
	(void)vm, (void)tsc;
}

void judge_end(void)
{
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (setjmp(out) == 0)
		guests_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (setjmp(out) == 0)
		(void)guests_run(data, size, false);
	return 0;
}
