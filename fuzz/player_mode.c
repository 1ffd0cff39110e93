/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole modes of a guest.
 *
 *   8000H GDT   9000H, 9100H, 9200H TSSs   10000H PML4   11000H PDPT   12000H PD   13000H PT
 *   16000H PDPTEs   14000H page directory and 15000H page table of 32-bit paging
 *
 * The first 2 (or 4) MiB are the identity, the next ones lead through a PT whose first pages are of every kind.
 */
#include "player_mode.h"
#include "gmem.h"
#include "guest.h"
#include "machine.h"
#include "mem.h"
#include "player.h"
#include "vcpu.h"
#include "vmcs.h"

#define F(name) field[machine_index(name)]

static void put(vm_id vm, u64 gpa, u64 value)
{
	mem_write(vm_ram[vm].hpa + gpa, 8, value);
}

static void tables(vm_id vm)
{
	static const u64 gdt[] = {
		0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff,
		0x00008b0090000067, 0x0000890091000067, 0x0000820060000fff, 0x0000090092000067, 0x00009b000000ffff,
		0x000093000000ffff, 0x0000810091000067, 0x0000890093000010, 0x00cf97000000ffff,
	};
	/* a page of each kind: plain, read-only, supervisor, absent, no-execute, reserved bit, outside RAM, plain */
	static const u64 pages[8] = {
		0x20007, 0x21005, 0x22003, 0x23006, 0x8000000000024007, 0x0010000000025007, 0x40000007, 0x27007,
	};

	for (u32 i = 0; i < sizeof(gdt) / sizeof(*gdt); i++)
		put(vm, 0x8000 + 8 * i, gdt[i]);
	put(vm, 0x9100 + 28, 0x14000 | 0x1000ull << 32);	/* CR3, EIP */
	put(vm, 0x9100 + 36, 0x202);				/* EFLAGS, EAX */
	put(vm, 0x9100 + 56, 0x7000);				/* ESP, EBP */
	put(vm, 0x9100 + 72, 0x18 | 0x10ull << 32);		/* ES, CS */
	put(vm, 0x9100 + 80, 0x18 | 0x18ull << 32);		/* SS, DS */
	put(vm, 0x9100 + 88, 0x18 | 0x18ull << 32);		/* FS, GS */
	put(vm, 0x10000, 0x11007);
	put(vm, 0x10008, 0x40000007);
	put(vm, 0x10010, 0x11087);
	put(vm, 0x11000, 0x12007);
	put(vm, 0x16000, 0x12001);
	put(vm, 0x12000, 0x87);
	put(vm, 0x12008, 0x13007);
	put(vm, 0x14000, 0x15007ull << 32 | 0x87);
	for (u32 i = 0; i < 8; i++) {
		put(vm, 0x13000 + 8 * i, pages[i]);
		if (i % 2 == 0)
			put(vm, 0x15000 + 4 * i, (u32)pages[i] | pages[i + 1] << 32);
	}
}

static void segment(vm_id vm, u32 seg, u64 selector, u64 base, u64 limit, u32 rights)
{
	u64 *field = machine_fields(vm);

	field[machine_index(GUEST_ES_SELECTOR + 2 * seg)] = selector;
	field[machine_index(GUEST_ES_BASE + 2 * seg)] = base;
	field[machine_index(GUEST_ES_LIMIT + 2 * seg)] = limit;
	field[machine_index(GUEST_ES_ACCESS_RIGHTS + 2 * seg)] = rights;
}

static void segments(vm_id vm, u32 mode)
{
	bool user = mode == MODE_USER32 || mode == MODE_USER64, is_long = mode == MODE_LONG || mode == MODE_USER64;
	u32 dpl = user ? 0x60 : 0;

	for (u32 seg = SEG_ES; seg <= SEG_GS; seg++) {
		u64 number = 0x1000 * (seg + 1) >> 4;

		if (mode == MODE_REAL)
			segment(vm, seg, seg == SEG_CS ? 0 : number, seg == SEG_CS ? 0 : number << 4, 0xffff, seg == SEG_CS ? 0x9b : 0x93);
		else if (mode == MODE_V86)
			segment(vm, seg, number, number << 4, 0xffff, 0xf3);
		else if (mode == MODE_PROTECTED16)
			segment(vm, seg, seg == SEG_CS ? 0x58 : 0x60, 0, 0xffff, seg == SEG_CS ? 0x9b : 0x93);
		else if (seg == SEG_CS)
			segment(vm, seg, is_long ? 0x20 : user ? 0x2b : 0x10, 0, 0xffffffff, (is_long ? 0xa09b : 0xc09b) | dpl);
		else
			segment(vm, seg, user ? 0x33 : 0x18, 0, 0xffffffff, 0xc093 | dpl);
	}
	segment(vm, SEG_LDTR, 0x48, 0x6000, 0xfff, 0x82);
	segment(vm, SEG_TR, 0x38, 0x9000, 0x67, 0x8b);
}

void player_mode(vm_id vm, u32 mode)
{
	u64 *field = machine_fields(vm);
	bool ia32e = mode == MODE_LONG || mode == MODE_COMPATIBILITY || mode == MODE_USER64;
	bool paging = ia32e || mode == MODE_PAGING32 || mode == MODE_PAE || mode == MODE_USER32;
	bool pae = ia32e || mode == MODE_PAE || mode == MODE_USER32;
	u64 cr0 = CR0_ET | (mode == MODE_REAL ? 0 : CR0_PE) | (paging ? CR0_PG | CR0_WP : 0);
	u64 cr4 = (pae ? CR4_PAE : 0) | (paging ? CR4_PSE : 0);

	tables(vm);
	segments(vm, mode);
	F(GUEST_CR0) = cr0 | CR0_NE;
	F(CR0_READ_SHADOW) = cr0;
	F(GUEST_CR4) = cr4 | CR4_VMXE;
	F(CR4_READ_SHADOW) = cr4;
	F(GUEST_CR3) = mode == MODE_PAGING32 ? 0x14000 : mode == MODE_PAE || mode == MODE_USER32 ? 0x16000 : 0x10000;
	F(GUEST_PDPTE0) = 0x12001;
	F(GUEST_PDPTE1) = F(GUEST_PDPTE2) = F(GUEST_PDPTE3) = 0;
	F(GUEST_IA32_EFER) = ia32e ? EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE : mode == MODE_PAE ? EFER_NXE : 0;
	F(VM_ENTRY_CONTROLS) = (F(VM_ENTRY_CONTROLS) & ~(u64)ENTRY_CTL_IA32E_MODE_GUEST) | (ia32e ? ENTRY_CTL_IA32E_MODE_GUEST : 0);
	F(GUEST_RFLAGS) = RFLAGS_FIXED | RFLAGS_IF | (mode == MODE_V86 ? RFLAGS_VM | 0x3000 : 0);
	F(GUEST_INTERRUPTIBILITY_STATE) &= BLOCKING_BY_NMI;
	F(GUEST_PENDING_DEBUG_EXCEPTIONS) = 0;
	F(GUEST_GDTR_BASE) = 0x8000;
	F(GUEST_GDTR_LIMIT) = 0x7f;
	F(GUEST_RIP) = 0x1000;
	F(GUEST_RSP) = 0x7000;
}
