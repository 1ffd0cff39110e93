/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's memory as the hypervisor reads and writes it for the guest: by guest-physical address within the VM's RAM, or
 * by linear address through the guest's page tables. Every byte is checked against the RAM's bounds before hv/mem.h
 * sees it, and every page written is marked dirty in the EPT, so that checkpoints find the hypervisor's writes too.
 *
 * Values are little-endian; widths are 1, 2, 4 or 8 bytes; ERR_INVALID for any other.
 */
#ifndef HV_GMEM_H
#define HV_GMEM_H

#include "gwalk.h"
#include "ram.h"
#include "types.h"

/* By guest-physical address. ERR_RANGE: a byte lies outside the RAM; nothing was done. */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires value:  \valid(value);
    assigns  *value;
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_INVALID || \result == ERR_RANGE;
*/
enum error gmem_read(vm_id vm, u64 gpa, u32 width, u64 *value);
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    assigns  vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
*/
enum error gmem_write(vm_id vm, u64 gpa, u32 width, u64 value);

/*
 * By linear address, with the rights of `paging` (gwalk.h). An access may cross a page: both pages are translated
 * before a byte is read or written, the lower one first. Linear addresses wrap at 2^32 outside IA-32e
 * mode. Accessed and dirty flags of the guest's tables are set page by page as it is translated, so that the lower
 * page's may be set although the upper one faults, as on the processor.
 *
 * ERR_UNMAPPED: a page fault: fault->linear and fault->error_code. Other errors as in gwalk. Where a page lies outside the
 * VM's RAM a read finds ones, as the guest's own does (hv/exit_memory.c), and a write is ERR_RANGE.
 */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(value) && \valid(fault);
    requires apart:  \separated(paging, value, fault);
    assigns  *value, *fault, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> fault->error_code <= 0x3f;
    ensures  fits:   \result == OK ==> *value < mem_limit(width);
*/
enum error gmem_linear_read(vm_id vm, const struct paging *paging, u64 linear, u32 width, u64 *value, struct gwalk *fault);
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(fault);
    requires apart:  \separated(paging, fault);
    assigns  *fault, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> fault->error_code <= 0x3f;
*/
enum error gmem_linear_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, u64 value,
			     struct gwalk *fault);

/* Everything that gmem_linear_write does up to the write itself: after OK the same write cannot fail. */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(fault);
    requires apart:  \separated(paging, fault);
    assigns  *fault, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> fault->error_code <= 0x3f;
*/
enum error gmem_linear_check_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, struct gwalk *fault);

#endif
