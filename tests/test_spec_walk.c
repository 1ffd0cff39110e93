/* SPDX-License-Identifier: BSD-2-Clause */
/* spec/walk*.c: every outcome of both walks. Bochs judges random trees (make model); these are small and named. */
#include "spec/walk.h"
#include "hv/x86.h"
#include "test.h"
#include <string.h>

#define ROOT 0x1000ull
#define GPA 0x123456789ull	/* indices 0, 4, 0x11a... */
#define CAPS (EPT_CAP_EXECUTE_ONLY | EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD)

static u64 memory[0x10000 / 8];

static u64 get(void *context, u64 address, u32 bytes)
{
	u64 quad = memory[address / 8 % (0x10000 / 8)];

	(void)context;
	return bytes == 8 ? quad : (address & 4) != 0 ? quad >> 32 : (u32)quad;
}

static void put(void *context, u64 address, u32 bytes, u64 value)
{
	(void)context;
	if (bytes == 8)
		memory[address / 8 % (0x10000 / 8)] = value;
	else
		memcpy((u8 *)memory + address % 0x10000, &value, 4);
}

static const struct spec_memory mem = { get, put, NULL };

static u64 *slot(u64 table, u32 level, u64 address)
{
	return &memory[(table + (address >> (12 + 9 * (level - 1)) & 511) * 8) / 8];
}

/* ROOT -> 2000H -> 3000H -> 4000H -> page 9000H */
static void build(u64 flags, u64 leaf)
{
	memset(memory, 0, sizeof(memory));
	*slot(ROOT, 4, GPA) = 0x2000 | flags;
	*slot(0x2000, 3, GPA) = 0x3000 | flags;
	*slot(0x3000, 2, GPA) = 0x4000 | flags;
	*slot(0x4000, 1, GPA) = 0x9000 | leaf;
}

static struct spec_translation ept(u32 access, u64 eptp_bits, bool table)
{
	struct spec_ept e = { .eptp = ROOT | 0x1e | eptp_bits, .capabilities = CAPS, .physical_bits = 40 };
	struct spec_translation t;

	spec_ept_walk(&mem, &e, GPA, access, true, table, &t);
	return t;
}

static void a_page_is_mapped(void)
{
	struct spec_translation t;

	build(7, 0x37);
	t = ept(SPEC_READ, 0, false);
	CU_ASSERT_EQUAL(t.fault, SPEC_OK);
	CU_ASSERT_EQUAL(t.physical, 0x9789);
	CU_ASSERT_EQUAL(t.memory_type, 6);
	CU_ASSERT_EQUAL(*slot(0x4000, 1, GPA), 0x9037);	/* no flags without EPTP bit 6 */
}

static void accessed_and_dirty_flags_are_set(void)
{
	build(7, 0x37);
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0x40, false).fault, SPEC_OK);
	CU_ASSERT_EQUAL(*slot(0x4000, 1, GPA), 0x9137);
	CU_ASSERT_EQUAL(*slot(ROOT, 4, GPA), 0x2107);
	CU_ASSERT_EQUAL(ept(SPEC_WRITE, 0x40, false).fault, SPEC_OK);
	CU_ASSERT_EQUAL(*slot(0x4000, 1, GPA), 0x9337);
}

static void violations_tell_the_access_and_the_rights(void)
{
	build(7, 0);
	CU_ASSERT_EQUAL(ept(SPEC_WRITE, 0, false).qualification, 0x182);
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, true).qualification, 0x81);
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0x40, true).qualification, 0x83);	/* treated as a write */
	build(7, 0x33);
	CU_ASSERT_EQUAL(ept(SPEC_FETCH, 0, false).qualification, 0x19c);
	build(5, 0x37);	/* upper levels limit, too */
	CU_ASSERT_EQUAL(ept(SPEC_WRITE, 0, false).fault, SPEC_EPT_VIOLATION);
	build(7, 0x34);
	CU_ASSERT_EQUAL(ept(SPEC_FETCH, 0, false).fault, SPEC_OK);
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).qualification, 0x1a1);
}

static void misconfigurations(void)
{
	static const u64 leaves[] = { 0x32, 0x36, 0x17, 0x1f, 0x3f, 0x37 | 1ull << 45 };

	for (u32 i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		build(7, leaves[i]);
		CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).fault, SPEC_EPT_MISCONFIGURATION);
	}
	build(7 | 8, 0x37);	/* reserved in a PML4E */
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).fault, SPEC_EPT_MISCONFIGURATION);
	build(7, 0x37);
	*slot(0x3000, 2, GPA) = 0x4000 | 0xb7;	/* a 2 MiB page that is not aligned */
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).fault, SPEC_EPT_MISCONFIGURATION);
	*slot(0x3000, 2, GPA) = 0x40000000 | 0xb7;
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).physical, 0x40000000 | (GPA & 0x1fffff));
	*slot(0x2000, 3, GPA) = 0x80000000 | 0xb7;
	CU_ASSERT_EQUAL(ept(SPEC_READ, 0, false).physical, 0x80000000 | (GPA & 0x3fffffff));
}

static struct spec_paging long_mode(void)
{
	struct spec_paging p = { .cr0 = CR0_PG | CR0_PE | CR0_WP, .cr3 = ROOT, .cr4 = CR4_PAE, .efer = EFER_LMA | EFER_LME | EFER_NXE, .physical_bits = 40 };

	return p;
}

static struct spec_translation guest(const struct spec_paging *p, u32 access)
{
	struct spec_translation t;

	spec_walk(&mem, NULL, p, GPA, access, &t);
	return t;
}

static void the_guest_walk_follows_the_rights(void)
{
	struct spec_paging p = long_mode();

	build(7, 7);
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).physical, 0x9789);
	CU_ASSERT_EQUAL(*slot(0x4000, 1, GPA), 0x9067);
	build(7, 5);
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).error_code, 3);	/* WP */
	p.cr0 &= ~CR0_WP;
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).fault, SPEC_OK);
	p.cpl = 3;
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).error_code, 7);
	build(7, 3);
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 5);
	build(7, 7 | 1ull << 63);
	CU_ASSERT_EQUAL(guest(&p, SPEC_FETCH).error_code, 0x15);
	p.efer &= ~EFER_NXE;
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 0xd);	/* reserved then */
	build(7, 0);
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 4);
	build(7, 7 | 1ull << 45);
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 0xd);
}

static void smep_smap_and_protection_keys(void)
{
	struct spec_paging p = long_mode();

	build(7, 7);
	p.cr4 |= CR4_SMEP | CR4_SMAP;
	CU_ASSERT_EQUAL(guest(&p, SPEC_FETCH).error_code, 0x11);
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 1);
	p.rflags = RFLAGS_AC;
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).fault, SPEC_OK);
	build(7, 7 | 5ull << 59);
	p.cr4 = CR4_PAE | CR4_PKE;
	p.pkru = 1u << 10;	/* AD of key 5 */
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).error_code, 0x21);
	p.pkru = 2u << 10;	/* WD */
	CU_ASSERT_EQUAL(guest(&p, SPEC_READ).fault, SPEC_OK);
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).error_code, 0x23);
	p.cr0 &= ~CR0_WP;
	CU_ASSERT_EQUAL(guest(&p, SPEC_WRITE).fault, SPEC_OK);
	CU_ASSERT_EQUAL(guest(&p, SPEC_FETCH).fault, SPEC_OK);
}

static void legacy_paging(void)
{
	struct spec_paging p = { .cr0 = CR0_PG | CR0_PE, .cr3 = ROOT, .cr4 = CR4_PSE, .physical_bits = 40 };
	struct spec_translation t;

	memset(memory, 0, sizeof(memory));
	((u32 *)memory)[(ROOT + 4 * 1) / 4] = 0x00c00000 | 1u << 13 | 0x83;	/* 4 MiB page, PSE-36 */
	spec_walk(&mem, NULL, &p, 0x412345, SPEC_READ, &t);
	CU_ASSERT_EQUAL(t.physical, 0x100c12345ull);
	((u32 *)memory)[(ROOT + 4 * 1) / 4] |= 1u << 21;
	spec_walk(&mem, NULL, &p, 0x412345, SPEC_READ, &t);
	CU_ASSERT_EQUAL(t.error_code, 9);
	p.cr4 = CR4_PAE;
	p.pdpte[1] = 0;
	spec_walk(&mem, NULL, &p, 0x40000000, SPEC_READ, &t);
	CU_ASSERT_EQUAL(t.fault, SPEC_PAGE_FAULT);
	p.cr0 = CR0_PE;
	spec_walk(&mem, NULL, &p, 0x40000000, SPEC_READ, &t);
	CU_ASSERT_EQUAL(t.physical, 0x40000000);
}

const struct test_case test_spec_walk_cases[] = {
	{ "EPT maps a page", a_page_is_mapped },
	{ "accessed and dirty flags are set only if the EPTP says so", accessed_and_dirty_flags_are_set },
	{ "violations tell the access and the rights", violations_tell_the_access_and_the_rights },
	{ "misconfigurations: rights, memory types, reserved bits", misconfigurations },
	{ "the guest walk follows the rights", the_guest_walk_follows_the_rights },
	{ "SMEP, SMAP and protection keys", smep_smap_and_protection_keys },
	{ "32-bit paging with PSE-36, PAE, no paging", legacy_paging },
	{ NULL, NULL }
};
