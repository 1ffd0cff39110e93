/* SPDX-License-Identifier: BSD-2-Clause */
/* The translation cases: random guest tables and EPT, one access. Shared by the runner and the host. */
#ifndef MODEL_EPT_CASE_H
#define MODEL_EPT_CASE_H

#include "types.h"

#define AT_EPT_PAGES 0x4800000ull	/* EPT tables: the PML4, then what a case takes */
#define AT_POOL 0x5000000ull		/* 16 MiB: guest tables, code and data of a case; filled with NOPs */
#define POOL_PAGES 4096u
#define POOL_FILL 0x9090909090909090ull

#define EPT_WRITES 48u
#define EPT_CODE 0x000889ull		/* 89 08: MOV [EAX], ECX; 8B 08: MOV ECX, [EAX] */

enum guest_mode { GUEST_4_LEVEL, GUEST_PAE, GUEST_32, GUEST_MODES };

struct ept_case {
	u64 cr0, cr3, cr4, efer, rflags, pdpte[4];
	u32 pkru, cpl, mode, access;	/* access: SPEC_READ ... */
	u64 eptp, linear, rip;
	u32 count;
	u32 ept_count;		/* the first ones are EPT entries */
	struct {
		u64 address, value;
		u32 bytes;
	} write[EPT_WRITES];
};

/* A case as the host writes it to the boot disk, which is many times quicker than making it in Bochs: blocks of EPT_BLOCK bytes that
 * begin with the number of their cases (8 bytes). */
#define EPT_BLOCK 32768u
struct ept_packed {
	u64 cr0, cr3, cr4, efer, rflags, pdpte[4], eptp, linear, rip;
	u32 pkru;
	u8 cpl, mode, count, ept_count;
	struct {
		u64 value;
		u32 address, bytes;
	} write[];
};

struct ept_result {
	u64 tsc;
	u32 reason, error_code;
	u64 qualification, gpa, linear;
	u64 ept_flags;		/* bits 2n, 2n+1: A and D of write[n] afterwards */
	u64 guest_flags;	/* the same for the guest's entries, write[ept_count + n] */
	u64 damage;		/* a bit for each write[n] whose other bits have changed */
};

void ept_generate(u64 seed, u64 number, struct ept_case *out);

/* Packs a case; returns its bytes. */
u32 ept_pack(const struct ept_case *c, struct ept_packed *out);

#endif
