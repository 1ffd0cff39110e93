/* SPDX-License-Identifier: BSD-2-Clause */
/* PAE paging: 4 KiB and 2 MiB pages, NX, PDPTEs loaded by MOV CR3 and checked for reserved bits, string I/O. */
/* run: */
/* run: --intercept all --map-4k */
#include "guest.h"

static volatile u64 pdpt[4] __attribute__((aligned(32))), other[4] __attribute__((aligned(32)));
static volatile u64 pd0[512] __attribute__((aligned(PAGE))), pd1[512] __attribute__((aligned(PAGE)));
static volatile u64 pt[512] __attribute__((aligned(PAGE)));
static volatile u8 a[PAGE] __attribute__((aligned(PAGE))), b[PAGE] __attribute__((aligned(PAGE)));
#define WINDOW ((volatile u8 *)0x40000000)
#define SCRATCH 0x3ff

void guest_main(void)
{
	reg si, di, cx;

	for (u32 i = 0; i < 512; i++)
		pd0[i] = (u64)i << 21 | 0x83;
	pd1[0] = (reg)pt | 3;
	pt[0] = (reg)a | 3;
	pt[1] = (reg)b | 3;
	pdpt[0] = other[0] = (reg)pd0 | 1;
	pdpt[1] = (reg)pd1 | 1;
	write_cr4(read_cr4() | CR4_PAE);
	write_cr3((reg)pdpt);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 0x800);
	write_cr0(read_cr0() | CR0_PG | CR0_WP);

	WINDOW[7] = 0x24;
	EXPECT(a[7], 0x24);
	EXPECT((u32)pt[0] & 0x60, 0x60);
	outl(0xcf8, 0x80443320);
	di = 0x40000ffd;
	asm volatile("insl" : "+D"(di) : "d"(0xcf8) : "memory");
	outl(0xcf8, 0);
	EXPECT(a[PAGE - 3], 0x20);
	EXPECT(b[0], 0x80);
	b[PAGE - 1] = 0x5e;
	si = 0x40001ffd, cx = 9;
	EXPECT(TRY("rep outsb", : "+S"(si), "+c"(cx) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(cx, 6);
	EXPECT(trap.cr2, 0x40002000);
	EXPECT(inb(SCRATCH), 0x5e);
	/* NX; a set reserved bit */
	a[0] = 0xc3;
	EXPECT(TRY("call *%0", : : "r"(WINDOW) : "memory"), NO_TRAP);
	pt[0] |= 1ull << 63;
	invlpg((void *)WINDOW);
	EXPECT(TRY("jmp *%0", : : "r"(WINDOW) : "memory"), PF);
	EXPECT(trap.error, 0x11);
	di = 0x40000003;
	asm volatile("insb" : "+D"(di) : "d"(SCRATCH) : "memory");
	EXPECT(a[3], 0x5e);
	pt[0] = (pt[0] & ~(1ull << 63)) | 1ull << 55;
	invlpg((void *)WINDOW);
	di = 0x40000000;
	EXPECT(TRY("insb", : "+D"(di) : "d"(SCRATCH) : "memory"), PF);
	EXPECT(trap.error, 0xb);
	pt[0] &= ~(1ull << 55);
	/* a PDPTE without the table: #PF; loaded again by MOV CR3 */
	write_cr3((reg)other);
	EXPECT(TRY("mov (%0), %%al", : : "r"(WINDOW) : "eax"), PF);
	EXPECT(trap.error, 0);
	si = 0x40000000;
	EXPECT(TRY("outsb", : "+S"(si) : "d"(SCRATCH) : "memory"), PF);
	/* the processor keeps PDPTEs: a change in memory counts after the next load only */
	other[1] = (reg)pd1 | 1;
	EXPECT(TRY("outsb", : "+S"(si) : "d"(SCRATCH) : "memory"), PF);
	write_cr3(read_cr3());
	EXPECT(TRY("outsb", : "+S"(si) : "d"(SCRATCH) : "memory"), NO_TRAP);
	EXPECT(inb(SCRATCH), 0xc3);
	/* a reserved bit in a PDPTE: MOV CR3 is #GP and CR3 stays */
	pdpt[2] = 0x1e7;
	EXPECT(TRY("mov %0, %%cr3", : : "r"(pdpt) : "memory"), GP);
	EXPECT(read_cr3(), (reg)other);
	write_cr0(read_cr0() & ~CR0_PG);
	guest_success();
}
