/* SPDX-License-Identifier: BSD-2-Clause */
/* Segment descriptors in the guest's GDT and LDT (SDM 3A 3.4.5), as a task switch loads them. */
#ifndef HV_DESCRIPTOR_H
#define HV_DESCRIPTOR_H

#include "types.h"

struct descriptor {
	u64 base;
	u64 limit;	/* in bytes, granularity applied */
	u32 rights;	/* in the VMCS's format */
};

/* No exception. */
#define DESCRIPTOR_OK 0xffu

/* Reads the descriptor that a selector names. ERR_RANGE: null, beyond the table, or the table is not mapped. */
enum error descriptor_read(vm_id vm, u32 selector, struct descriptor *out);

/* Sets or clears the busy bit of a TSS descriptor in the GDT. */
enum error descriptor_set_busy(vm_id vm, u32 selector, bool busy);

/* Loads a segment register from its descriptor with the checks of a task switch (SDM 3A table 7-1) at privilege `cpl`.
 * DESCRIPTOR_OK, or the exception vector; the error code is the selector. */
u32 descriptor_load(vm_id vm, u32 seg, u32 selector, u32 cpl);
u32 descriptor_load_ldt(vm_id vm, u32 selector);

/* A segment register in virtual-8086 mode: base = selector * 16. */
void descriptor_load_virtual8086(vm_id vm, u32 seg, u32 selector);

#endif
