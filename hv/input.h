/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input door: everything that is not determined by the plan, and the console and reports on the way out. The live
 * bodies (hv/native/input.c) ask the host; hosted bodies come from a script.
 */
#ifndef HV_INPUT_H
#define HV_INPUT_H

#include "types.h"
#include "link.h"

#define INPUT_NONE 0xffffffffu

/* The next console byte for the VM, or INPUT_NONE. Asked at quantum boundaries and while the VM is idle. */
u32 input_console(vm_id vm);

/* Nanoseconds of host time since the first call; never runs backwards. */
u64 input_clock(void);

/* A byte of the VM's console. */
void output_console(vm_id vm, u8 byte);

/* One line for people, without a newline. */
void output_message(const char *text);

/* A record for the tool. */
void output_report(const struct link_report *report);

/* Sends what is waiting as far as the channel takes it without delay. */
void output_drain(void);

#endif
