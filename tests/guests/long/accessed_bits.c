/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that clears A and D bits in its own page tables without INVLPG and prints what it sees afterwards: in Bochs
 * that depends on where the VM was stopped (every exit flushes the TLB), so it must be stopped at the same positions in
 * every run. cases/accessed_bits.sh runs it twice and compares.
 */
#include "guest.h"

#define PAGES 64
static volatile u8 area[PAGES * PAGE] __attribute__((aligned(PAGE)));

void guest_main(void)
{
	u32 clear = 0, set = 0;
	u64 pattern = 0;

	paging_own();
	for (u32 i = 0; i < PAGES; i++)
		paging_pte((void *)&area[i * PAGE]);
	for (u32 round = 0; round < 400; round++) {
		for (u32 i = 0; i < PAGES; i++)
			area[i * PAGE] = (u8)i;
		for (u32 i = 0; i < PAGES; i++)
			*paging_pte((void *)&area[i * PAGE]) &= ~(PTE_A | PTE_D);
		for (volatile u32 spin = 0; spin < 300 + round; spin++)
			;
		for (u32 i = 0; i < PAGES; i++)
			area[i * PAGE] += 1;
		for (u32 i = 0; i < PAGES; i++) {
			u64 bits = *paging_pte((void *)&area[i * PAGE]) & (PTE_A | PTE_D);

			clear += bits == 0;
			set += bits != 0;
			pattern = (pattern << 1 | pattern >> 63) ^ bits;
		}
	}
	say("clear %u set %u pattern %llx\n", clear, set, pattern);
	guest_success();
}
