/* SPDX-License-Identifier: BSD-2-Clause */
/* INS and OUTS in 64-bit mode: widths, REP, DF, address size, page crossings, faults in the middle with exact partial progress. */
/* run: */
/* run: --intercept all --map-4k */
#include "guest.h"

static u8 area[4 * PAGE] __attribute__((aligned(PAGE)));
#define SCRATCH 0x3ff	/* the UART's scratch register: what was written last */

static void widths(void)
{
	reg di = (reg)area, cx = 3;

	memset(area, 0x77, 64);
	outb(SCRATCH, 0x42);
	asm volatile("insb" : "+D"(di) : "d"(SCRATCH) : "memory");
	EXPECT(di, (reg)area + 1);
	EXPECT(area[0], 0x42);
	EXPECT(area[1], 0x77);
	outl(0xcf8, 0x80abcdec);
	di = (reg)area + 8;
	asm volatile("rep insl" : "+D"(di), "+c"(cx) : "d"(0xcf8) : "memory");
	EXPECT(cx, 0);
	EXPECT(di, (reg)area + 20);
	for (u32 i = 8; i < 20; i += 4)
		EXPECT(*(u32 *)&area[i], 0x80abcdec);
	EXPECT(area[20], 0x77);
	*(u32 *)&area[32] = 0x80654320;
	di = (reg)area + 32;
	asm volatile("outsl" : "+S"(di) : "d"(0xcf8) : "memory");
	EXPECT(inl(0xcf8), 0x80654320);
	EXPECT(di, (reg)area + 36);
	if (on_reprise()) {
		di = (reg)area + 40, cx = 2;
		asm volatile("rep insw" : "+D"(di), "+c"(cx) : "d"(0x2ee) : "memory");
		EXPECT(*(u32 *)&area[40], 0xffffffff);
		EXPECT(area[44], 0x77);
		EXPECT(di, (reg)area + 44);
	}
	outl(0xcf8, 0);
	/* nothing with RCX = 0, whatever RDI says */
	di = 1ull << 47, cx = 0;
	EXPECT(TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), NO_TRAP);
	EXPECT(di, 1ull << 47);
}

static void direction_and_address_size(void)
{
	reg si = (reg)area + 10, cx = 3, di;

	area[8] = 1, area[9] = 2, area[10] = 3;
	asm volatile("std\n\trep outsb\n\tcld" : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory");
	EXPECT(si, (reg)area + 7);
	EXPECT(inb(SCRATCH), 1);
	/* 32-bit addresses: the high halves do not count, and are zeroed */
	si = (reg)area + 8 + 0xabcd00000000, cx = 2 + 0x100000000;
	asm volatile("addr32 rep outsb" : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory");
	EXPECT(si, (reg)area + 10);
	EXPECT(cx, 0);
	EXPECT(inb(SCRATCH), 2);
	di = (reg)area + 100 + 0xabcd00000000, cx = 2 + 0x100000000;
	asm volatile("addr32 rep insb" : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory");
	EXPECT(di, (reg)area + 102);
	EXPECT(area[101], 2);
	/* segment override: FS and GS have a base */
	wrmsr(0xc0000100, (reg)area);
	si = 9, cx = 1;
	asm volatile("fs rep outsb" : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory");
	EXPECT(inb(SCRATCH), 2);
	EXPECT(si, 10);
	wrmsr(0xc0000101, (reg)area + 2);
	si = 8;
	asm volatile("gs outsb" : "+S"(si) : "d"(SCRATCH) : "memory");
	EXPECT(inb(SCRATCH), 3);
}

static void faults(void)
{
	u64 *second = paging_pte(area + PAGE);
	reg si, di, cx;

	/* across a boundary between pages that do not follow each other */
	*second = (reg)(area + 3 * PAGE) | PTE_P | PTE_W | PTE_U;
	invlpg(area + PAGE);
	outl(0xcf8, 0x80112234);
	di = (reg)area + PAGE - 2;
	asm volatile("insl" : "+D"(di) : "d"(0xcf8) : "memory");
	EXPECT(*(u16 *)&area[PAGE - 2], 0x2234);
	EXPECT(*(u16 *)&area[3 * PAGE], 0x8011);
	EXPECT(*(u32 *)&area[PAGE - 2], 0x80112234);
	outl(0xcf8, 0);
	CHECK((*second & (PTE_A | PTE_D)) == (PTE_A | PTE_D));

	/* the second page is missing: #PF with partial progress, RIP at the instruction */
	*second = 0;
	invlpg(area + PAGE);
	for (u32 i = 0; i < 8; i++)
		area[PAGE - 8 + i] = (u8)(0x30 + i);
	si = (reg)area + PAGE - 8, cx = 20;
	EXPECT(TRY("rep outsb", : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(cx, 12);
	EXPECT(si, (reg)area + PAGE);
	EXPECT(trap.cr2, (reg)area + PAGE);
	EXPECT(trap.error, 0);
	EXPECT(trap.ip, trap_start);
	EXPECT(trap.flags & FLAG_RF, FLAG_RF);
	EXPECT(inb(SCRATCH), 0x37);
	outb(SCRATCH, 0x99);
	di = (reg)area + PAGE - 5, cx = 20;
	EXPECT(TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(cx, 15);
	EXPECT(di, (reg)area + PAGE);
	EXPECT(trap.cr2, (reg)area + PAGE);
	EXPECT(trap.error, 2);
	EXPECT(area[PAGE - 1], 0x99);
	/* a straddling access faults without writing its first part, and CR2 is in the second page */
	area[PAGE - 1] = 0x11;
	di = (reg)area + PAGE - 1;
	EXPECT(TRY("insl", : "+D"(di) : "d"(0xcf8) : "memory"), PF);
	EXPECT(trap.cr2, (reg)area + PAGE);
	EXPECT(di, (reg)area + PAGE - 1);
	EXPECT(area[PAGE - 1], 0x11);

	/* read-only: INS is #PF error 3 with WP, OUTS is fine */
	*second = (reg)(area + PAGE) | PTE_P | PTE_U;
	invlpg(area + PAGE);
	write_cr0(read_cr0() | CR0_WP);
	di = (reg)area + PAGE, cx = 1;
	EXPECT(TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(trap.error, 3);
	EXPECT(cx, 1);
	si = (reg)area + PAGE;
	EXPECT(TRY("outsb", : "+S"(si) : "d"(SCRATCH) : "memory"), NO_TRAP);
	CHECK((*second & (PTE_A | PTE_D)) == PTE_A);
	write_cr0(read_cr0() & ~CR0_WP);
	di = (reg)area + PAGE;
	EXPECT(TRY("insb", : "+D"(di) : "d"(SCRATCH) : "memory"), NO_TRAP);
	CHECK((*second & PTE_D) == PTE_D);

	/* not canonical: #GP(0) */
	di = 1ull << 47, cx = 2;
	EXPECT(TRY("rep insb", : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory"), GP);
	EXPECT(trap.error, 0);
	EXPECT(cx, 2);
	guest_success();
}

void guest_main(void)
{
	paging_own();
	widths();
	direction_and_address_size();
	faults();
}
