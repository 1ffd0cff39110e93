/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's memory from plan to EPT: RAM zeroed, images loaded and measured, everything mapped up front. */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include "plan.h"
#include "types.h"

#include "spec/doors.acsl"

/* What a VM reads outside its RAM, read-only. */
extern u64 ones_page[512];

/* Host-physical address of the read-only page of ones that a VM reads outside its RAM. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures where: \result == physical(&ones_page[0]) && \result % 4096 == 0;
*/
u64 memory_ones_page(void);

/* Gives the VM its RAM: zeroes what no image covers, loads the images in place, maps all of it with the largest pages
 * that fit (4 KiB pages with PLAN_MAP_4K). False: the medium failed; ERR_* of ept_map otherwise cannot happen for a
 * valid plan, and stops the machine. */
bool memory_prepare(vm_id vm, const struct plan_vm *plan);

/* SHA-256 of each image as loaded, against the plan. Returns the number of the first that differs, or PLAN_IMAGES. */
u32 memory_measure(vm_id vm, const struct plan_vm *plan);

#endif
