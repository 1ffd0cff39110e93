/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a guest's own page tables (SDM 3A chapter 4): no paging, 32-bit paging with PSE and PSE-36, PAE paging,
 * 4-level paging. 5-level paging, which CPUID hides, is refused.
 */
#ifndef HV_GWALK_H
#define HV_GWALK_H

#include "ram.h"
#include "types.h"
#include "x86.h"

/* What an access depends on besides the tables. */
struct paging {
	u64 cr0, cr3, cr4, efer;
	u32 maxphyaddr;	/* of the guest's CPUID: 36 to 52 */
	bool user;	/* a user-mode access: CPL 3, and not an implicit one to a system structure */
	bool ac;	/* RFLAGS.AC of an explicit supervisor-mode access; false for an implicit one (SDM 3A 4.6.1) */
	u32 pkru;
	u64 pdpte[4];	/* PAE paging: the processor's copy (VMCS), not what memory holds (SDM 3A 4.4.1) */
};

/* Kinds of access; neither is a data read. */
#define GWALK_WRITE 1u
#define GWALK_FETCH 2u

/* Page-fault error code (SDM 3A 4.7, figure 4-12). */
#define PF_PRESENT 0x01u
#define PF_WRITE 0x02u
#define PF_USER 0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH 0x10u
#define PF_KEY 0x20u

struct gwalk {
	u64 linear;		/* the address asked for: CR2 of a page fault */
	u64 gpa;		/* if OK: its guest-physical address */
	u32 page_bytes_shift;	/* if OK: log2 of the page size; 32 without paging */
	u32 error_code;		/* if ERR_UNMAPPED: of the page fault */
};

/*
 * Translates `linear` (canonical in 64-bit mode; its low 32 bits count outside IA-32e mode) for an access
 * `access` (0, GWALK_WRITE or GWALK_FETCH) and writes all of `out`.
 *
 * If the access is allowed, A is set in every entry used and, for a write, D in the one that maps the page (SDM 3A
 * 4.8), from the top down: an entry that is used at several levels (a recursive mapping) ends with both. If it is not
 * allowed no flag is set. The page itself need not lie in the VM's RAM: that is for gmem to find.
 *
 * ERR_UNMAPPED: a page fault, out->error_code says why. Entries are judged from the top down, each first for P, then
 * for reserved bits; rights only when the whole way is known (SDM 3A 4.6, 4.7).
 * ERR_RANGE: a paging-structure entry lies outside the VM's RAM.
 * ERR_INVALID: 5-level paging, or maxphyaddr is out of range.
 */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(out);
    requires apart:  \separated(paging, out);
    assigns  *out, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> out->error_code <= 0x3f;
    ensures  width:  paging->maxphyaddr < 36 || paging->maxphyaddr > 52 ==> \result == ERR_INVALID;
    ensures  off:    36 <= paging->maxphyaddr <= 52 && (paging->cr0 & CR0_PG) == 0 ==>
                     \result == OK && out->gpa == linear % 0x100000000;
    ensures  linear: \result == ERR_UNMAPPED ==> out->linear == linear || out->linear == linear % 0x100000000;
*/
enum error gwalk(vm_id vm, const struct paging *paging, u64 linear, u32 access, struct gwalk *out);

#endif
