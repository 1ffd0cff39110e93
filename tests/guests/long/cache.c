/* SPDX-License-Identifier: BSD-2-Clause */
/* INVD, WBINVD, CLFLUSH and INVLPG: memory stays as it was; a changed page table entry is seen after INVLPG; CPL 3 is #GP. */
/* run: */
/* run: --intercept invlpg,cr3 */
#include "guest.h"

static volatile u32 data[1024 * 3] __attribute__((aligned(PAGE)));
static volatile u32 user_bad;

static void user(void)
{
	user_bad = (TRY("invd", :) != GP) | (TRY("wbinvd", :) != GP) << 1 | (TRY("invlpg (%0)", : : "r"(data)) != GP) << 2;
	USER_RETURN();
}

void guest_main(void)
{
	volatile u32 *a = data, *b = data + 1024, *window = data + 2048;
	u64 *pte;

	paging_own();
	for (u32 i = 0; i < 1024; i++)
		data[i] = i * 3;
	asm volatile("wbinvd" : : : "memory");
	asm volatile("invd" : : : "memory");
	asm volatile("wbnoinvd" : : : "memory");
	asm volatile("clflush (%0)" : : "r"(data) : "memory");
	for (u32 i = 0; i < 1024; i++)
		EXPECT(data[i], i * 3);
	a[0] = 0xaaaa, b[0] = 0xbbbb;
	pte = paging_pte((void *)window);
	*pte = (reg)a | PTE_P | PTE_W;
	invlpg((void *)window);
	EXPECT(window[0], 0xaaaa);
	*pte = (reg)b | PTE_P | PTE_W;
	invlpg((void *)window);
	EXPECT(window[0], 0xbbbb);
	*pte = (reg)a | PTE_P | PTE_W;
	write_cr3(read_cr3());
	EXPECT(window[0], 0xaaaa);
	*pte &= ~PTE_P;
	invlpg((void *)window);
	EXPECT(TRY("mov (%0), %%eax", : : "r"(window) : "eax"), PF);
	user_call(user);
	EXPECT(user_bad, 0);
	guest_success();
}
