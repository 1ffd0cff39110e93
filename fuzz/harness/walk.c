/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `walk`: the core's walk of a guest's page tables (hv/gwalk.c, hv/gmem.c) against the reference of fuzz/walk.c.
 *
 *   byte 0        mode and CR bits       bytes 1..8  linear address     byte 9  access, privilege, width
 *   bytes 10..13  CR3 >> 8               bytes 14..  entries: where (2 bytes, in 8-byte units from 10000H), value (8 bytes)
 */
#include <string.h>
#include "ept.h"
#include "gmem.h"
#include "gwalk.h"
#include "hosted.h"
#include "machine.h"
#include "mem.h"
#include "oracle.h"

#define RAM_HPA 0x10000000ull
#define RAM_BYTES 0x100000ull

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u64 take(const u8 *data, size_t size, size_t at, u32 bytes)
{
	u64 value = 0;

	if (at < size)
		memcpy(&value, data + at, at + bytes <= size ? bytes : size - at);
	return value;
}

static void watch(u64 hpa, u64 bytes, bool write)
{
	if (hpa < RAM_HPA || hpa + bytes > RAM_HPA + RAM_BYTES)
		oracle_fail("a walk stays in the VM's RAM", "DESIGN 7: isolation", "%s of %llx", write ? "write" : "read",
			    (unsigned long long)hpa);
}

static struct walk_state state_of(u8 bits, u8 access, u64 cr3, u64 linear)
{
	static const u64 cr0s[4] = { 1, 0x80000001, 0x80010001, 0x80010001 };
	struct walk_state w = {
		.cr0 = cr0s[bits & 3], .cr4 = ((bits & 4) != 0 ? 0x20 : 0) | ((bits & 8) != 0 ? 0x10 : 0) |
		((bits & 0x10) != 0 ? 0x100000 : 0) | ((bits & 0x20) != 0 ? 0x200000 : 0) | ((access & 0x40) != 0 ? 0x400000 : 0),
		.efer = ((bits & 0x40) != 0 ? 0x800 : 0) | ((bits & 0x84) == 0x84 ? 0x500 : 0), .cr3 = cr3, .maxphyaddr = 40,
		.user = (access & 4) != 0, .ac = (access & 8) != 0, .pkru = (u32)(linear >> 48) * 0x10001u,
	};

	for (u32 i = 0; i < 4; i++)	/* as a load of PDPTEs leaves them: no reserved bit */
		w.pdpte[i] = mem_read(RAM_HPA + 0x10000 + 8 * i, 8) & 0xfffffff619ull;
	return w;
}

/* False if the write changed the tables that lead to it, or the walk would change what was written (accessed flags). */
static bool still_there(const struct walk_state *w, u64 linear, u64 gpa)
{
	struct writes writes = { .count = 0 };
	u64 again = 0;
	u32 error;

	return walk(0, &writes, w, linear, 0, &again, &error) == WALK_OK && again == gpa && writes.count == 0;
}

static void compare(u64 linear, u32 access, u32 width, const struct walk_state *w)
{
	struct paging p = {
		.cr0 = w->cr0, .cr3 = w->cr3, .cr4 = w->cr4, .efer = w->efer, .maxphyaddr = w->maxphyaddr, .user = w->user,
		.ac = w->ac, .pkru = w->pkru, .pdpte = { w->pdpte[0], w->pdpte[1], w->pdpte[2], w->pdpte[3] },
	};
	struct writes writes = { .count = 0 };
	struct gwalk found;
	u64 gpa = 0, value;
	u32 error = 0;
	bool comparable;
	enum walk_result expected = walk(0, &writes, w, linear, access, &gpa, &error);
	enum error result = gwalk(0, &p, linear, access, &found);

	if ((result == OK) != (expected == WALK_OK) || (result == ERR_UNMAPPED) != (expected == WALK_FAULT))
		oracle_fail("a walk ends as the SDM says", "SDM 3A 4.6", "result %u, must be %u", result, expected);
	if (expected == WALK_OK && gpa != found.gpa)
		oracle_fail("a walk finds the page", "SDM 3A 4.3-4.5", "%llx, must be %llx", (unsigned long long)found.gpa,
			    (unsigned long long)gpa);
	if (expected == WALK_FAULT && error != found.error_code)
		oracle_fail("a page fault's error code", "SDM 3A 4.7", "%x, must be %x", found.error_code, error);
	for (u32 i = 0; i < writes.count; i++) {
		struct writes none = { .count = 0 };
		u64 must, real;

		(void)effects_read(0, &writes, writes.write[i].gpa, writes.write[i].bytes, &must);
		(void)effects_read(0, &none, writes.write[i].gpa, writes.write[i].bytes, &real);
		if (must != real)
			oracle_fail("accessed and dirty flags", "SDM 3A 4.8", "%llx at %llx, must be %llx", (unsigned long long)real,
				    (unsigned long long)writes.write[i].gpa, (unsigned long long)must);
	}
	/* accesses of each kind stay in RAM and agree with each other */
	if ((access & GWALK_WRITE) != 0) {
		result = gmem_linear_check_write(0, &p, linear, width, &found);
		if (result != gmem_linear_write(0, &p, linear, width, linear, &found))
			oracle_fail("a write that was checked cannot fail", "hv/gmem.h", "linear %llx", (unsigned long long)linear);
		if (result != OK)
			return;
	}
	comparable = (access & GWALK_WRITE) != 0 && linear % PAGE_BYTES <= PAGE_BYTES - width && still_there(w, linear, gpa);
	if (gmem_linear_read(0, &p, linear, width, &value, &found) == OK && comparable &&
	    value != (width == 8 ? linear : linear & ((1ull << 8 * width) - 1)))
		oracle_fail("what was written is read", "hv/gmem.h", "%llx at %llx", (unsigned long long)value,
			    (unsigned long long)linear);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u64 linear, cr3;
	u8 access;
	struct walk_state w;

	if (size < 14)
		return 0;
	machine_reset(NULL);
	vm_ram[0] = (struct ram){ RAM_HPA, RAM_BYTES };
	ept_reset(0, 0x100000);
	linear = take(data, size, 1, 8);
	access = data[9];
	cr3 = take(data, size, 10, 4) << 8 & 0xffffffffff;
	linear = (u64)((s64)(linear << 16) >> 16);
	for (size_t at = 14; at + 10 <= size && at < 14 + 64 * 10; at += 10)
		mem_write(RAM_HPA + 0x10000 + take(data, size, at, 2) % 0x1000 * 8, 8, take(data, size, at + 2, 8));
	hosted_mem_watch(watch);
	w = state_of(data[0], access, cr3, linear);
	compare(linear, access & 3 & ((access & 3) == 3 ? 1 : 3), 1u << (access >> 4 & 3), &w);
	hosted_mem_reset();	/* what this input used is its own work to give back */
	return 0;
}
