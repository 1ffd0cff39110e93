/* SPDX-License-Identifier: BSD-2-Clause */
/* INS and OUTS honour SMAP and EFLAGS.AC, and at CPL 3 (by the TSS's I/O bitmap) the user bit of pages. */
#include "guest.h"

static u8 area[2 * PAGE] __attribute__((aligned(PAGE)));
static volatile u32 user_vector, user_error, user_vector2;
#define SCRATCH 0x3ff

static void user(void)
{
	reg di = (reg)area, cx = 1;

	user_vector = TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory");
	user_error = (u32)trap.error;
	di = (reg)area + PAGE;
	user_vector2 = TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory");
	USER_RETURN();
}

void guest_main(void)
{
	static u32 tss[26 + 32 + 1] __attribute__((aligned(16)));	/* with a bitmap of ports 0-3FFH */
	static u8 stack[4096];
	reg di, cx, code;

	paging_own();
	outb(SCRATCH, 0x5c);
	/* every page that the kernel uses is a user page in these tables: make the code's and stack's supervisor ones */
	for (code = 0x200000; code < (reg)area; code += PAGE)
		*paging_pte((void *)code) &= ~PTE_U;
	for (code = (reg)area + sizeof(area); code < 0x300000; code += PAGE)
		*paging_pte((void *)code) &= ~PTE_U;
	write_cr3(read_cr3());
	write_cr4(read_cr4() | CR4_SMAP);
	di = (reg)area, cx = 3;
	EXPECT(TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(trap.error, 3);
	EXPECT(cx, 3);
	EXPECT(TRY("rep outsb", : : "S"(area), "c"(1), "d"(SCRATCH) : "memory"), PF);
	EXPECT(trap.error, 1);
	di = (reg)area, cx = 3;
	EXPECT(TRY("stac\n\trep insb\n\tclac", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), NO_TRAP);
	EXPECT(cx, 0);
	write_cr4(read_cr4() & ~CR4_SMAP);
	EXPECT(area[2], 0x5c);

	/* at CPL 3 with a bitmap that lets all ports through */
	for (code = 0x200000; code < 0x300000; code += PAGE)
		*paging_pte((void *)code) |= PTE_U;
	*paging_pte(area) &= ~PTE_U;
	write_cr3(read_cr3());
	*(u64 *)&tss[1] = (reg)stack + sizeof(stack);
	tss[25] = 26 * 4 << 16;
	tss[58] = 0xffffffff;
	gdt_tss(SEL_FREE + 8, tss, sizeof(tss) - 1);
	asm volatile("ltr %w0" : : "r"(SEL_FREE + 8));
	user_call(user);
	EXPECT(user_vector, PF);
	EXPECT(user_error, 7);
	EXPECT(user_vector2, NO_TRAP);
	EXPECT(area[PAGE], 0x5c);
	guest_success();
}
