/* SPDX-License-Identifier: BSD-2-Clause */
/* 32-bit paging: 4 KiB and (PSE) 4 MiB pages, A and D bits, faults, string I/O through a page boundary. */
/* run: */
/* run: --intercept all --map-4k */
#include "guest.h"

static volatile u32 directory[1024] __attribute__((aligned(PAGE))), table[1024] __attribute__((aligned(PAGE)));
static volatile u8 a[PAGE] __attribute__((aligned(PAGE))), b[PAGE] __attribute__((aligned(PAGE)));
#define WINDOW ((volatile u8 *)0x40000000)
#define SCRATCH 0x3ff

void guest_main(void)
{
	reg si, di, cx;

	for (u32 i = 0; i < 16; i++)
		directory[i] = i << 22 | 0x83;
	directory[0x100] = (u32)(reg)table | 3;
	table[0] = (u32)(reg)a | 3;
	table[1] = (u32)(reg)b | 3;
	write_cr4(read_cr4() | CR4_PSE);
	write_cr3((reg)directory);
	write_cr0(read_cr0() | CR0_PG | CR0_WP);

	WINDOW[5] = 0x42;
	EXPECT(a[5], 0x42);
	EXPECT(table[0] & 0x60, 0x60);
	EXPECT(table[1] & 0x60, 0);
	EXPECT(TRY("mov (%0), %%al", : : "r"(WINDOW + 2 * PAGE) : "eax"), PF);
	EXPECT(trap.cr2, 0x40002000);
	EXPECT(trap.error, 0);
	/* string I/O: across the boundary, and a fault in the middle */
	outl(0xcf8, 0x80443320);
	di = 0x40000ffe;
	asm volatile("insl" : "+D"(di) : "d"(0xcf8) : "memory");
	EXPECT(*(u16 *)&a[PAGE - 2], 0x3320);
	EXPECT(*(u16 *)b, 0x8044);
	EXPECT(table[1] & 0x60, 0x60);
	outl(0xcf8, 0);
	b[PAGE - 1] = 0x5e;
	si = 0x40001ffd, cx = 9;
	EXPECT(TRY("rep outsb", : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(cx, 6);
	EXPECT(si, 0x40002000);
	EXPECT(trap.cr2, 0x40002000);
	EXPECT(inb(SCRATCH), 0x5e);
	table[0] &= ~2u;
	invlpg((void *)WINDOW);
	di = 0x40000000;
	EXPECT(TRY("insb", : "+D"(di) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(trap.error, 3);
	/* 4 MiB pages are big only with PSE: without it bit 7 is ignored */
	directory[0x101] = 0x800000 | 0x83;
	*(volatile u32 *)0x800004 = 0x1234;
	EXPECT(*(volatile u32 *)0x40400004, 0x1234);
	di = 0x40400010, cx = 4;
	outb(SCRATCH, 0x66);
	asm volatile("rep insb" : "+D"(di), "+c"(cx) : "d"(SCRATCH) : "memory");
	EXPECT(*(volatile u32 *)0x800010, 0x66666666);
	EXPECT(directory[0x101] & 0x60, 0x60);
	/* paging off again */
	write_cr0(read_cr0() & ~CR0_PG);
	EXPECT(a[5], 0x42);
	guest_success();
}
