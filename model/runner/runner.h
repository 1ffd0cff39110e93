/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the runner share. */
#ifndef MODEL_RUNNER_H
#define MODEL_RUNNER_H

#include "model/case.h"

extern struct model_params params;
extern struct model_header header;

/* tables.c: page tables, EPT and the pages that fields point at. */
void tables_build(void);
void tables_guest(void);
void tables_case(void);

/* bases.c: fills and loads the VMCS of each base; base_vmcs(b) makes it current. */
void bases_build(void);
void base_load(u32 base);
void base_restore_guest(u32 base);
bool base_launched(u32 base);
void base_set_launched(u32 base);

/* enter.S: one VM entry with VMLAUNCH (0) or VMRESUME; returns at the VM exit or after VMfail. */
struct enter_frame {
	u64 tsc, failed, tsc_exit;
	u64 gpr[16];
};
void runner_enter(struct enter_frame *frame, u64 resume);
void runner_exit(void);
bool runner_enter_base(u32 base, struct model_result *result);

void suite_entry(void);
void suite_ept(void);
void suite_exit(void);
void suite_counter(void);
void suite_instruction(void);

/* main.c: results go to the data disk in batches. */
void *result_slot(u64 number);
void result_done(u64 number);

#endif
