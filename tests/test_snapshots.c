/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling how two states differ (replay/snapshots.c, replay/states.c): each part has a name, both values are said. */
#include "test.h"

#include "replay/snapshots.h"
#include "replay/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct snapshot a, b;
static char *text;
static size_t text_bytes;

/* What `say` prints meanwhile lands in `text`. */
static FILE *catch(void)
{
	FILE *before = stderr;

	stderr = open_memstream(&text, &text_bytes);
	return before;
}

static void uncatch(FILE *before)
{
	fclose(stderr);
	stderr = before;
}

static u32 lines(void)
{
	u32 count = 0;

	for (const char *s = text; (s = strchr(s, '\n')) != NULL; s++)
		count++;
	return count;
}

/* Whether a difference in one byte is said in one line with both values, under a name. */
static bool said(u32 offset)
{
	FILE *before = catch();
	bool good;

	((u8 *)&a)[offset] = 0x5a;
	((u8 *)&b)[offset] = 0xa5;
	snapshots_say(&a, &b);
	((u8 *)&a)[offset] = ((u8 *)&b)[offset] = 0;
	uncatch(before);
	good = lines() == 1 && strstr(text, "found 5A") != NULL && strstr(text, "recorded A5") != NULL &&
	       strstr(text, "of their state") == NULL;
	if (!good)
		fprintf(stderr, "byte %u: %s\n", offset, text);
	free(text);
	return good;
}

#define EACH(member) each(offsetof(struct snapshot, member), sizeof(a.member))
static void each(u32 offset, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		CU_ASSERT_TRUE(said(offset + i));
}

static void every_device_field_has_a_name(void)
{
	u32 reserved = sizeof(a.board.reserved), named = 0;
	FILE *before;

	for (u32 i = 0; i < sizeof(a.board); i++) {	/* what has none is padding that is always zero */
		before = catch();
		((u8 *)&a.board)[i] = 1;
		snapshots_say(&a, &b);
		((u8 *)&a.board)[i] = 0;
		uncatch(before);
		named += strstr(text, "of their state") == NULL;
		CU_ASSERT_EQUAL(lines(), 1);
		free(text);
	}
	reserved += 3 * sizeof(a.board.pit.counter[0].reserved) + sizeof(a.board.pit.reserved) + sizeof(a.board.rtc.reserved) +
		    sizeof(a.board.uart.reserved) + 2 * sizeof(a.board.pic.chip[0].reserved) + sizeof(a.board.pic.reserved) +
		    sizeof(a.board.pci.reserved) + sizeof(a.board.i8042.reserved);
	CU_ASSERT_EQUAL(named + reserved, sizeof(a.board));
	EACH(board.pit.counter[2].count);
	EACH(board.rtc.cmos);
	EACH(board.uart.fifo);
	EACH(board.pic.chip[1].imr);
}

static void every_register_has_a_name(void)
{
	EACH(vcpu.cr2);
	EACH(vcpu.dr);
	EACH(vcpu.dr6);
	EACH(vcpu.xcr0);
	EACH(vcpu.cr8);
	EACH(vcpu.msr);
	EACH(vcpu.event_info);
	EACH(vcpu.entropy);
	for (u32 i = 0; i < SNAPSHOT_FIELDS; i++)
		if (i != SNAPSHOT_GUEST_RIP && i != SNAPSHOT_GUEST_RSP && i != SNAPSHOT_GUEST_RFLAGS && i != SNAPSHOT_GUEST_CR3)
			each(offsetof(struct snapshot, field[i]), 8);
	each(offsetof(struct snapshot, xsave) + 24, 4);		/* MXCSR */
	each(offsetof(struct snapshot, xsave) + 160, 256);	/* XMM0-15 */
	each(offsetof(struct snapshot, xsave) + 576, 256);	/* their other halves */
}

static void names_are_those_of_the_manual(void)
{
	FILE *before = catch();

	a.field[SNAPSHOT_GUEST_CS_SELECTOR] = 0x10;
	a.vcpu.msr[SWAP_LSTAR] = 0xffffffff81000000;
	b.board.pit.counter[1].count = 0x1234;
	a.xsave[160 + 16 * 3] = 7;
	snapshots_say(&a, &b);
	uncatch(before);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "GUEST_CS_SELECTOR: found 10H, recorded 00H"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "IA32_LSTAR: found FFFFFFFF81000000H, recorded 00H"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "PIT counter 1 count: found 00H, recorded 1234H"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "XMM3: found 07H, recorded 00H"));
	free(text);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
}

/* ---- states */

static void seal(u8 *entry, u64 position, const struct states_page *page, u64 pages)
{
	struct states_header *header = (struct states_header *)(void *)entry;
	u64 bytes = sizeof(struct snapshot) + (pages * 8 + 511) / 512 * 512;

	*header = (struct states_header){ .magic = STATES_MAGIC, .recording = 9, .vm = 0, .position = position, .pages = pages };
	memcpy(entry + 512 + sizeof(struct snapshot), page, pages * 8);
	header->check = states_check(STATES_MAGIC, (const u64 *)(const void *)(entry + 512), bytes / 8);
	header->header_check = states_check(STATES_MAGIC, (const u64 *)(const void *)entry, 63);
}

#define ENTRY (512 + sizeof(struct snapshot) + 512)
static u64 store[2][2 * ENTRY / 8];	/* found; recorded: two entries */

static void pages_are_told_with_both_hashes(void)
{
	const struct states_page first[] = { { 5, 0x11 }, { 6, 0x22 } }, second[] = { { 6, 0x33 } };
	const struct states_page found[] = { { 5, 0x11 }, { 6, 0x44 }, { 7, 0x55 } };
	struct bytes now = { (u8 *)store[0], ENTRY }, recorded = { (u8 *)store[1], 2 * ENTRY };
	FILE *before;

	seal(now.data, 2000, found, 3);
	seal(recorded.data, 1000, first, 2);
	seal(recorded.data + ENTRY, 2000, second, 1);
	before = catch();
	CU_ASSERT_TRUE(states_say(&now, &recorded));
	uncatch(before);
	CU_ASSERT_EQUAL(lines(), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the page at GPA 6000H: found a hash of 00000044H, recorded a hash of 00000033H"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the page at GPA 7000H: found a hash of 00000055H, recorded a page never written"));
	free(text);
	seal(now.data, 3000, found, 3);
	before = catch();
	CU_ASSERT_FALSE(states_say(&now, &recorded));	/* nothing was recorded at 3000 */
	uncatch(before);
	free(text);
}

static void a_damaged_state_is_told_with_its_place(void)
{
	const struct states_page page[] = { { 5, 0x11 } };
	struct bytes data = { (u8 *)store[1], 2 * ENTRY };
	u64 at;

	seal(data.data, 1000, page, 1);
	seal(data.data + ENTRY, 2000, page, 1);
	CU_ASSERT_PTR_NULL(states_check_all(&data, 9, 0, &at));
	CU_ASSERT_PTR_NOT_NULL(states_check_all(&data, 8, 0, &at));
	CU_ASSERT_PTR_NOT_NULL(states_check_all(&data, 9, 1, &at));
	for (u32 bit = 0; bit < ENTRY * 8; bit++) {
		data.data[ENTRY + bit / 8] ^= (u8)(1u << bit % 8);
		CU_ASSERT_PTR_NOT_NULL(states_check_all(&data, 9, 0, &at));
		CU_ASSERT_EQUAL(at, ENTRY);
		data.data[ENTRY + bit / 8] ^= (u8)(1u << bit % 8);
	}
	for (u64 bytes = ENTRY + 1; bytes < 2 * ENTRY; bytes++) {
		data.count = bytes;
		CU_ASSERT_PTR_NOT_NULL(states_check_all(&data, 9, 0, &at));
	}
	data.count = 0;
	CU_ASSERT_PTR_NULL(states_check_all(&data, 9, 0, &at));
}

const struct test_case test_snapshots_cases[] = {
	{ "every_device_field_has_a_name", every_device_field_has_a_name },
	{ "every_register_has_a_name", every_register_has_a_name },
	{ "names_are_those_of_the_manual", names_are_those_of_the_manual },
	{ "pages_are_told_with_both_hashes", pages_are_told_with_both_hashes },
	{ "a_damaged_state_is_told_with_its_place", a_damaged_state_is_told_with_its_place },
	{ NULL, NULL }
};
