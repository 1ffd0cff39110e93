/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables of a 64-bit guest: identity map of 4 GiB, with 2 MiB pages that are split where a guest asks. */
#include "guest.h"

#ifdef __x86_64__
static u64 pml4[512] __attribute__((aligned(PAGE)));
static u64 pdpt[512] __attribute__((aligned(PAGE)));
static u64 pd[4 * 512] __attribute__((aligned(PAGE)));
static u64 split[8][512] __attribute__((aligned(PAGE)));
static u32 splits;

void paging_own(void)
{
	pml4[0] = (reg)pdpt | PTE_P | PTE_W | PTE_U;
	for (u32 i = 0; i < 4; i++)
		pdpt[i] = (reg)&pd[512 * i] | PTE_P | PTE_W | PTE_U;
	for (u64 i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PTE_P | PTE_W | PTE_U | PTE_PS;
	write_cr3((reg)pml4);
}

u64 *paging_pte(const void *address)
{
	reg a = (reg)address;
	u64 *pde = &pd[a >> 21];

	if ((*pde & PTE_PS) != 0) {
		u64 *table = split[splits++];

		if (splits > ARRAY_COUNT(split))
			guest_error("paging: too many pages split");
		for (u64 i = 0; i < 512; i++)
			table[i] = (a & ~0x1fffffull) + i * PAGE + (PTE_P | PTE_W | PTE_U);
		*pde = (reg)table | PTE_P | PTE_W | PTE_U;
		write_cr3(read_cr3());
	}
	return &((u64 *)(reg)(*pde & ~0xfffull))[a >> 12 & 511];
}
#endif
