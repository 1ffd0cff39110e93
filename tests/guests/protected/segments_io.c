/* SPDX-License-Identifier: BSD-2-Clause */
/* INS and OUTS against segments of 32-bit protected mode: base, limit, read-only and expand-down ones, a null selector. */
/* run: */
/* run: --intercept all */
#include "guest.h"

static u8 area[256] __attribute__((aligned(256)));
#define SCRATCH 0x3ff

/* INSB to ES:edi, or OUTSB from FS:esi, with a segment of the guest's own; `segment` is restored in the asm. */
static u32 insb_es(u32 selector, reg di)
{
	return TRY("mov %w0, %%es\n\tinsb", : : "r"(selector), "D"(di), "d"(SCRATCH) : "memory");
}

static u32 outsb_fs(u32 selector, reg si)
{
	return TRY("mov %w0, %%fs\n\tfs outsb", : : "r"(selector), "S"(si), "d"(SCRATCH) : "memory");
}

static void restore(void)
{
	asm volatile("mov %0, %%es\n\tmov %0, %%fs" : : "r"(DS0) : "memory");
}

void guest_main(void)
{
	u32 base = (u32)(reg)area, sel = SEL_FREE;

	for (u32 i = 0; i < 256; i++)
		area[i] = (u8)i;
	outb(SCRATCH, 0xee);
	gdt[sel / 8] = gdt_segment(base, 99, 0x93, 4);		/* data, 100 bytes */
	EXPECT(insb_es(sel, 99), NO_TRAP);
	restore();
	EXPECT(area[99], 0xee);
	EXPECT(insb_es(sel, 100), GP);
	restore();
	EXPECT(trap.error, 0);
	EXPECT(outsb_fs(sel, 98), NO_TRAP);
	EXPECT(inb(SCRATCH), 98);
	EXPECT(outsb_fs(sel, 100), GP);
	EXPECT(TRY("mov %w0, %%fs\n\tfs outsl", : : "r"(sel), "S"(97), "d"(0x80) : "memory"), GP);
	EXPECT(TRY("mov %w0, %%fs\n\tfs outsl", : : "r"(sel), "S"(96), "d"(0x80) : "memory"), NO_TRAP);
	EXPECT(TRY("mov %w0, %%fs\n\tfs outsl", : : "r"(sel), "S"(0xfffffffe), "d"(0x80) : "memory"), GP);
	gdt[sel / 8] = gdt_segment(base, 99, 0x91, 4);		/* read-only */
	EXPECT(insb_es(sel, 5), GP);
	restore();
	EXPECT(outsb_fs(sel, 5), NO_TRAP);
	EXPECT(inb(SCRATCH), 5);
	gdt[sel / 8] = gdt_segment(base, 99, 0x97, 4);		/* expand-down: valid above 99 */
	EXPECT(insb_es(sel, 99), GP);
	restore();
	EXPECT(insb_es(sel, 100), NO_TRAP);
	restore();
	EXPECT(area[100], 5);
	gdt[sel / 8] = gdt_segment(base, 99, 0x9b, 4);		/* code, readable: OUTS may, INS may not */
	EXPECT(outsb_fs(sel, 7), NO_TRAP);
	EXPECT(inb(SCRATCH), 7);
	EXPECT(insb_es(sel, 7), GP);
	restore();
	gdt[sel / 8] = gdt_segment(base, 99, 0x99, 4);		/* code, execute-only: a load is #GP already */
	EXPECT(outsb_fs(sel, 7), GP);
	EXPECT(trap.error, sel);
	EXPECT(outsb_fs(0, 7), GP);				/* a null selector */
	EXPECT(trap.error, 0);
	EXPECT(insb_es(0, 7), GP);
	restore();
	/* SS: #SS(0) */
	gdt[sel / 8] = gdt_segment(base, 99, 0x93, 4);
	EXPECT(TRY("mov %%ss, %%ecx\n\tmov %w0, %%ss\n\tss outsb\n\tmov %%ecx, %%ss", : : "r"(sel), "S"(50), "d"(SCRATCH) : "ecx", "memory"), NO_TRAP);
	EXPECT(inb(SCRATCH), 50);
	/* 16-bit address size: SI only */
	EXPECT(TRY("mov %w0, %%fs\n\taddr16 fs outsb", : : "r"(sel), "S"(0xabcd0021), "d"(SCRATCH) : "memory"), NO_TRAP);
	EXPECT(inb(SCRATCH), 0x21);
	restore();
	guest_success();
}
