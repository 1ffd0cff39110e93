/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory as the guest sees it (SDM 3A 4.3-4.5): paging off, 32-bit, PAE and 4-level paging. Nothing is
 * written: no accessed bit is set, and permissions are not asked.
 */
#include "travel.h"

#include "hv/x86.h"

#include <stdio.h>

#define PRESENT 0x1ull
#define LARGE 0x80ull
#define PHYSICAL 0x000ffffffffff000ull

struct levels {
	u32 count, entry_bytes;
	u32 shift[4];
	const char *name[4];
};

static const struct levels long_mode = { 4, 8, { 39, 30, 21, 12 }, { "PML4E", "PDPTE", "PDE", "PTE" } };
static const struct levels pae = { 3, 8, { 30, 21, 12 }, { "PDPTE", "PDE", "PTE" } };
static const struct levels legacy = { 2, 4, { 22, 12 }, { "PDE", "PTE" } };

bool travel_walk(struct travel *travel, u32 vm, const struct target_registers *r, u64 linear, u64 *gpa,
		  void (*level)(void *context, const char *name, u64 at, u64 entry), void *context)
{
	const struct levels *levels = (r->cr4 & CR4_PAE) == 0 ? &legacy : (r->efer & EFER_LMA) != 0 ? &long_mode : &pae;
	u64 table = levels == &pae ? r->cr3 & 0xffffffe0ull : r->cr3 & PHYSICAL;

	if ((r->cr0 & CR0_PG) == 0) {
		*gpa = linear & 0xffffffffull;
		return true;
	}
	if (levels != &long_mode)
		linear &= 0xffffffffull;
	for (u32 i = 0; i < levels->count; i++) {
		u32 bits = levels == &legacy ? 10 : levels == &pae && i == 0 ? 2 : 9;
		u64 at = table + ((linear >> levels->shift[i]) & ((1ull << bits) - 1)) * levels->entry_bytes;
		u64 entry = 0, address;

		if (!travel_address(travel, vm, at, levels->entry_bytes, &address) ||
		    !target_read(&travel->now, address, &entry, levels->entry_bytes))
			return false;
		if (level != NULL)
			level(context, levels->name[i], at, entry);
		if ((entry & PRESENT) == 0)
			return false;
		table = entry & PHYSICAL;
		if (i + 1 == levels->count || ((entry & LARGE) != 0 && levels->shift[i] <= 30 &&
					       (levels != &legacy || (r->cr4 & CR4_PSE) != 0) &&
					       !(levels == &pae && i == 0))) {
			u64 mask = (1ull << levels->shift[i]) - 1;

			/* 4-MiB pages have address bits 39:32 in bits 20:13 (PSE-36) */
			if (levels == &legacy && i == 0)
				table = (entry & 0xffc00000ull) | (entry & 0x1fe000ull) << 19;
			*gpa = (table & ~mask) | (linear & mask);
			return true;
		}
	}
	return false;
}

const struct target_registers *travel_registers(struct travel *travel)
{
	if (travel->registers_pid != travel->now.pid || travel->registers_moves != travel->now.moves ||
	    travel->now.pid == 0) {
		if (!target_registers(&travel->now, &travel->registers))
			return NULL;
		travel->registers_pid = travel->now.pid;
		travel->registers_moves = travel->now.moves;
	}
	return &travel->registers;
}

u64 travel_read_vm(struct travel *travel, u32 vm, const struct target_registers *registers, u64 linear, void *data, u64 bytes)
{
	u8 *to = data;
	u64 done = 0;

	while (done < bytes) {
		u64 count = 4096 - ((linear + done) & 4095);
		u64 gpa, address;

		if (count > bytes - done)
			count = bytes - done;
		if (!travel_walk(travel, vm, registers, linear + done, &gpa, NULL, NULL) ||
		    !travel_address(travel, vm, gpa, count, &address) || !target_read(&travel->now, address, to + done, count))
			break;
		done += count;
	}
	return done;
}

u64 travel_read(struct travel *travel, u64 linear, void *data, u64 bytes)
{
	const struct target_registers *registers = travel_registers(travel);

	return travel->place.vm == VM_MAX || registers == NULL ?
		       0 : travel_read_vm(travel, travel->place.vm, registers, linear, data, bytes);
}
