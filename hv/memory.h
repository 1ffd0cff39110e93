/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's memory from plan to EPT: RAM zeroed, images loaded and measured, everything mapped up front. */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include "gmem.h"
#include "plan.h"
#include "types.h"

#include "spec/doors.acsl"

/*@ // What the functions here need of a plan's VM: plan_validate gives it.
    predicate memory_plan{L}(struct plan_vm *m) =
      m->ram_hpa % PAGE_2M_BYTES == 0 && m->ram_bytes % PAGE_BYTES == 0 && m->ram_hpa + m->ram_bytes <= 0x100000000 &&
      plan_images(m);
*/

/* What a VM reads outside its RAM, read-only. */
extern u64 ones_page[512];

/* Host-physical address of the read-only page of ones that a VM reads outside its RAM. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures where: \result == ones_place && \result % 4096 == 0;
*/
u64 memory_ones_page(void);

/* Gives the VM its RAM: zeroes what no image covers, loads the images in place, maps all of it with the largest pages
 * that fit (4 KiB pages with PLAN_MAP_4K). False: the medium failed; ERR_* of ept_map otherwise cannot happen for a
 * valid plan, and stops the machine. */
/*@ requires vm:       vm < VM_MAX;
    requires plan:     \valid_read(plan) && memory_plan(plan);
    requires apart:    \separated(plan, vm_ram + (0 .. VM_MAX - 1), ones_page + (0 .. 511));
    assigns  ones_page[0 .. 511], vm_ram[vm], vm_ept[vm],
             host_memory[plan->ram_hpa .. plan->ram_hpa + plan->ram_bytes - 1];
    exits    never:    \false;
    ensures  ram:      vm_ram[vm].hpa == plan->ram_hpa && vm_ram[vm].bytes == plan->ram_bytes;
    ensures  inv:      \result ==> gmem_ready(vm);
    ensures  place:    \result ==> vm_ept[vm].hfn * 4096 == ept_place(vm);
    ensures  mapped:   \result ==> \forall integer h; 0 <= h < plan->ram_bytes / 4096 ==>
                       ept_page_hfn(ept_translation(vm, h)) == plan->ram_hpa / 4096 + h;
    ensures  others:   \result ==> \forall integer h; plan->ram_bytes / 4096 <= h < EPT_GFN_END ==>
                       ept_translation(vm, h) == 0;
*/
bool memory_prepare(vm_id vm, const struct plan_vm *plan);

/* SHA-256 of each image as loaded, against the plan. Returns the number of the first that differs, or PLAN_IMAGES. */
/*@ requires vm:       vm < VM_MAX;
    requires plan:     \valid_read(plan) && memory_plan(plan);
    requires ram:      vm_ram[vm].hpa == plan->ram_hpa && vm_ram[vm].bytes == plan->ram_bytes;
    assigns  \nothing;
    exits    never:    \false;
    ensures  number:   \result < plan->image_count || \result == PLAN_IMAGES;
*/
u32 memory_measure(vm_id vm, const struct plan_vm *plan);

#endif
