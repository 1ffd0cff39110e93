/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address translation: guest linear -> guest-physical -> physical (SDM 3A 4.3-4.6, 3C 28.3).
 *
 *	linear ── guest tables ──> guest-physical ── EPT ──> physical
 *	            each entry read ── EPT ──> physical
 */
#ifndef SPEC_WALK_H
#define SPEC_WALK_H

#include "types.h"

#define SPEC_READ 1u
#define SPEC_WRITE 2u
#define SPEC_FETCH 4u

/* Physical memory as the walks see it: naturally aligned 4 or 8 bytes. */
struct spec_memory {
	u64 (*read)(void *context, u64 address, u32 bytes);
	void (*write)(void *context, u64 address, u32 bytes, u64 value);
	void *context;
};

struct spec_ept {
	u64 eptp;
	u64 capabilities;	/* IA32_VMX_EPT_VPID_CAP */
	u32 physical_bits;
	u32 deviations;		/* of an implementation that is compared; 0: as the SDM has it */
};

/* Known deviations (Bochs 2.7): a guest-table access with accessed and dirty flags is reported as a write, not as read and
 * write (table 27-7); setting accessed and dirty flags of guest entries is not checked against EPT; bit 12 of a large page's
  * address is not reserved; protection keys apply by privilege level, not by the page (access-disable to user mode only,
 * write-disable to any page). */
#define SPEC_WALK_WRITE_ONLY 1u
#define SPEC_FLAGS_UNCHECKED 2u
#define SPEC_BIT_12_IGNORED 4u
#define SPEC_KEYS_BY_LEVEL 8u
#define SPEC_DEVIATIONS 4u

enum spec_fault { SPEC_OK, SPEC_PAGE_FAULT, SPEC_EPT_VIOLATION, SPEC_EPT_MISCONFIGURATION };

struct spec_translation {
	enum spec_fault fault;
	u64 physical;		/* SPEC_OK: where the access goes */
	u64 guest_physical;	/* of an EPT fault, or of the page */
	u64 qualification;	/* of an EPT violation (table 27-7) */
	u32 error_code;		/* of a page fault (SDM 3A 4.7) */
	u32 level;		/* where an EPT walk ended: 4 PML4E .. 1 PTE */
	u32 memory_type;	/* of the EPT leaf */
	bool ignore_pat;
};

/* Guest paging as the registers have it. `pdpte` counts for PAE paging, as loaded. */
struct spec_paging {
	u64 cr0, cr3, cr4, efer, rflags, pdpte[4];
	u32 pkru, cpl, physical_bits;
};

/* Translates a guest-physical address for `access` (SPEC_READ ...). `linear`: it is the translation of a linear address;
 * `table`: the access is to a guest paging-structure entry. Sets accessed and dirty flags of a completed walk. */
void spec_ept_walk(const struct spec_memory *memory, const struct spec_ept *ept, u64 guest_physical, u32 access, bool linear,
		   bool table, struct spec_translation *out);

/* Translates a linear address; `ept` null: without EPT. */
void spec_walk(const struct spec_memory *memory, const struct spec_ept *ept, const struct spec_paging *paging, u64 linear,
	       u32 access, struct spec_translation *out);

#endif
