/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's own IDT and TSS. */
#ifndef HV_NATIVE_TABLES_H
#define HV_NATIVE_TABLES_H

#include "types.h"

/* Loads the IDT and the task register; NMI, #DF and #MC get a stack of their own. */
void tables_init(void);

/* The base address of the TSS. */
u64 native_tss(void);

#endif
