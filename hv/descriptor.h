/* SPDX-License-Identifier: BSD-2-Clause */
/* Segment descriptors in the guest's GDT and LDT (SDM 3A 3.4.5), as a task switch loads them. */
#ifndef HV_DESCRIPTOR_H
#define HV_DESCRIPTOR_H

#include "cpu.h"
#include "gmem.h"
#include "guest.h"
#include "types.h"
#include "vmcs.h"

struct descriptor {
	u64 base;
	u64 limit;	/* in bytes, granularity applied */
	u32 rights;	/* in the VMCS's format */
};

/* No exception. */
#define DESCRIPTOR_OK 0xffu

/* The four fields of a segment register in the VMCS (SDM 3D appendix B). */
#define SEGMENT_FIELDS(vm, seg) \
	vmcs[vm][GUEST_ES_SELECTOR + 2 * (seg)], vmcs[vm][GUEST_ES_LIMIT + 2 * (seg)], \
	vmcs[vm][GUEST_ES_ACCESS_RIGHTS + 2 * (seg)], vmcs[vm][GUEST_ES_BASE + 2 * (seg)]

/*@ // They are as they were.
    predicate segment_kept{K, L}(integer v, integer seg) =
      \at(vmcs[v][GUEST_ES_SELECTOR + 2 * seg], K) == \at(vmcs[v][GUEST_ES_SELECTOR + 2 * seg], L) &&
      \at(vmcs[v][GUEST_ES_LIMIT + 2 * seg], K) == \at(vmcs[v][GUEST_ES_LIMIT + 2 * seg], L) &&
      \at(vmcs[v][GUEST_ES_ACCESS_RIGHTS + 2 * seg], K) == \at(vmcs[v][GUEST_ES_ACCESS_RIGHTS + 2 * seg], L) &&
      \at(vmcs[v][GUEST_ES_BASE + 2 * seg], K) == \at(vmcs[v][GUEST_ES_BASE + 2 * seg], L);
*/

/* Reads the descriptor that a selector names. ERR_RANGE: null, beyond the table, or the table is not mapped. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires valid:    \valid(out);
    assigns  *out, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_RANGE;
    ensures  null:     selector / 4 % 0x4000 == 0 ==> \result == ERR_RANGE;
    ensures  bounds:   \result == OK ==> out->base <= 0xffffffff && out->limit <= 0xffffffff && out->rights <= 0xffff;
    ensures  kept:     \result != OK ==> *out == \old(*out);
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
enum error descriptor_read(vm_id vm, u32 selector, struct descriptor *out);

/* Sets or clears the busy bit of a TSS descriptor in the GDT. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    assigns  vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:    \false;
    ensures  null:     selector / 4 % 0x4000 == 0 ==> \result != OK;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
enum error descriptor_set_busy(vm_id vm, u32 selector, bool busy);

/* Loads a segment register from its descriptor with the checks of a task switch (SDM 3A table 7-1) at privilege `cpl`.
 * DESCRIPTOR_OK, or the exception vector; the error code is the selector. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires seg:      seg <= SEG_GS;
    requires selector: selector <= 0xffff;
    requires cpl:      cpl <= 3;
    assigns  SEGMENT_FIELDS(vm, seg), vm_ept[vm],
             host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:    \false;
    ensures  result:   \result == DESCRIPTOR_OK || \result == VECTOR_TS || \result == VECTOR_SS || \result == VECTOR_NP;
    ensures  null:     selector / 4 == 0 && (seg == SEG_CS || seg == SEG_SS) ==> \result == VECTOR_TS;
    ensures  selector: \result == DESCRIPTOR_OK ==> vmcs[vm][GUEST_ES_SELECTOR + 2 * seg] == selector;
    ensures  failed:   \result != DESCRIPTOR_OK ==> segment_kept{Pre, Post}(vm, seg);
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
u32 descriptor_load(vm_id vm, u32 seg, u32 selector, u32 cpl);
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires selector: selector <= 0xffff;
    assigns  SEGMENT_FIELDS(vm, SEG_LDTR), vm_ept[vm],
             host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:    \false;
    ensures  result:   \result == DESCRIPTOR_OK || \result == VECTOR_TS;
    ensures  selector: \result == DESCRIPTOR_OK ==> vmcs[vm][GUEST_LDTR_SELECTOR] == selector;
    ensures  failed:   \result != DESCRIPTOR_OK ==> segment_kept{Pre, Post}(vm, SEG_LDTR);
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
u32 descriptor_load_ldt(vm_id vm, u32 selector);

/* A segment register in virtual-8086 mode: base = selector * 16. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires seg:      seg <= SEG_GS;
    requires selector: selector <= 0xffff;
    assigns  SEGMENT_FIELDS(vm, seg);
    exits    never:    \false;
    ensures  selector: vmcs[vm][GUEST_ES_SELECTOR + 2 * seg] == selector;
    ensures  base:     vmcs[vm][GUEST_ES_BASE + 2 * seg] == selector * 16 && vmcs[vm][GUEST_ES_LIMIT + 2 * seg] == 0xffff;
    ensures  rights:   vmcs[vm][GUEST_ES_ACCESS_RIGHTS + 2 * seg] == 0xf3;
*/
void descriptor_load_virtual8086(vm_id vm, u32 seg, u32 selector);

#endif
