/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world a guest can reach: whatever the address and the mode, it ends in the 2 MiB sandbox.
 *
 *	AT_TABLES  0000 EPT PML4 -> 1000 EPT PDPT -> 2000 EPT PD -> sandbox
 *	           3000 PML4     -> 4000 PDPT     -> 5000 PD     -> sandbox	8000 32-bit page directory, 9000 PAE page directory
 * Accessed and dirty flags are set beforehand, so that walks write nothing outside.
 */
#include "model/runner/runner.h"
#include "spec/vmx.h"


static u64 *at(u64 address)
{
	return (u64 *)(uintptr_t)address;
}

static void fill(u64 table, u64 entry)
{
	for (u32 i = 0; i < 512; i++)
		at(table)[i] = entry;
}

/* Four-level tables at `where` whose entries are physical (or guest-physical) addresses; leaf pages at `leaf`. */
static void paging(u64 where, u64 seen, u64 leaf)
{
	fill(where, (seen + 0x1000) | 0x67);
	fill(where + 0x1000, (seen + 0x2000) | 0x67);
	fill(where + 0x2000, leaf | 0xe7);
}

/* What a case relies on, and an event delivered in an earlier case may have overwritten. */
void tables_case(void)
{
	for (u32 i = 0; i < 4; i++)
		at(AT_GUEST_TABLES + 0x4000)[i] = (AT_GUEST_TABLES + 0x2000) | 1;
	at(AT_SANDBOX + 0x8000)[0] = 0xc1010full;	/* VMCALL */
}

void tables_guest(void)
{
	paging(AT_GUEST_TABLES, AT_GUEST_TABLES, AT_SANDBOX);
	for (u32 i = 0; i < 512; i++)	/* 32-bit page directory of 4 MiB pages */
		at(AT_GUEST_TABLES + 0x3000)[i] = (AT_SANDBOX | 0xe7) * 0x100000001ull;
	tables_case();
}

void tables_build(void)
{
	static const u64 pages[] = { PAGE_BITMAPS, PAGE_BITMAPS + 0x1000, PAGE_BITMAPS + 0x2000, PAGE_BITMAPS + 0x3000, PAGE_BITMAPS + 0x4000 };

	for (u64 a = AT_SANDBOX; a < AT_SANDBOX + 0x200000; a += 8)
		at(a)[0] = 0;
	tables_guest();
	fill(AT_TABLES, (AT_TABLES + 0x1000) | 7);
	fill(AT_TABLES + 0x1000, (AT_TABLES + 0x2000) | 7);
	fill(AT_TABLES + 0x2000, AT_SANDBOX | 0xb7 | 0x300);
	paging(AT_TABLES + 0x3000, AT_TABLES + 0x3000, AT_SANDBOX);
	for (u32 i = 0; i < 512; i++)
		at(AT_TABLES + 0x8000)[i] = (AT_SANDBOX | 0xe7) * 0x100000001ull;
	fill(AT_TABLES + 0x9000, AT_SANDBOX | 0xe7);
	for (u32 i = 0; i < 512; i++)
		at(AT_PDPT)[i] = model_pdpte(i / 4, i % 4);
	for (u64 a = AT_PAGES; a < AT_PAGES + 0x20000; a += 8)
		at(a)[0] = 0;
	for (u32 i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		fill(pages[i], 0);
	*(volatile u8 *)(uintptr_t)(PAGE_VIRTUAL_APIC + 0x80) = MODEL_VTPR;
	for (u32 i = 0; i < 256; i++) {	/* MSR areas that do no harm: IA32_TSC_AUX = 0 */
		at(PAGE_EXIT_STORE)[2 * i] = at(PAGE_EXIT_LOAD)[2 * i] = IA32_TSC_AUX;
		at(PAGE_ENTRY_LOAD)[2 * i] = IA32_TSC_AUX;
	}
	for (u32 i = 0; i < MODEL_LINKS; i++)
		at(PAGE_LINKS + i * PAGE_BYTES)[0] = model_link_revision(i, (u32)header.caps.basic & 0x7fffffffu);
}
