/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracle's book: what each VM must look like at its next entry. */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include "exit.h"
#include "plan.h"

void judge_reset(const struct plan *plan);

/* A VM exit with `ticks` retired: works out what it must do. Called before the core sees the exit. */
void judge_exit(vm_id vm, const struct vmexit *x, s64 ticks);

/* The VM entry failed before guest state was loaded. */
void judge_entry_failed(vm_id vm);

/* A VM entry: the core's state against what was worked out; the entry checks; the timer; interrupts. */
void judge_enter(vm_id vm, u64 tsc);

/* A console byte reaches a VM. */
void judge_console(vm_id vm, u8 byte);

/* The end of the run: what no entry has checked, the whole EPT, the consoles. */
void judge_end(void);

#endif
