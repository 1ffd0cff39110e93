/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads outside RAM give all ones, at the edge, far away, across the edge and by string instructions. */
/* run: --memory 16M */
/* run: --memory 16M --map-4k --intercept all */
#include "guest.h"

#define END (16ull << 20)

void guest_main(void)
{
	static u8 copy[64];
	reg si, di, cx;

	if (!on_reprise())
		guest_skip("bare Bochs has more RAM");
	EXPECT(*(volatile u8 *)(END), 0xff);
	EXPECT(*(volatile u64 *)(END), ~0ull);
	EXPECT(*(volatile u32 *)0xc1e00000, 0xffffffff);
	EXPECT(*(volatile u16 *)0xfffffffe, 0xffff);
	EXPECT(*(volatile u64 *)(END + 0x123456), ~0ull);
	*(volatile u32 *)(END - 4) = 0x11223344;
	EXPECT(*(volatile u64 *)(END - 4), 0xffffffff11223344ull);
	EXPECT(*(volatile u64 *)(END - 7) >> 56, 0xff);
	si = END - 32, di = (reg)copy, cx = 64;
	asm volatile("rep movsb" : "+S"(si), "+D"(di), "+c"(cx) : : "memory");
	for (u32 i = 32; i < 64; i++)
		EXPECT(copy[i], 0xff);
	EXPECT(copy[31], 0x11);
	/* OUTSB from there: all ones reach the port (the UART's scratch register) */
	si = END + PAGE * 5, cx = 1;
	asm volatile("rep outsb" : "+S"(si), "+c"(cx) : "d"(0x3ff) : "memory");
	EXPECT(inb(0x3ff), 0xff);
	guest_success();
}
