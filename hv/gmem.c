/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to a VM's memory. */
#include "gmem.h"
#include "ept.h"
#include "mem.h"

struct ram vm_ram[VM_MAX];

static bool width_legal(u32 width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static bool in_ram(vm_id vm, u64 gpa, u32 bytes)
{
	return gpa <= vm_ram[vm].bytes && bytes <= vm_ram[vm].bytes - gpa;
}

enum error gmem_read(vm_id vm, u64 gpa, u32 width, u64 *value)
{
	if (!width_legal(width))
		return ERR_INVALID;
	if (!in_ram(vm, gpa, width))
		return ERR_RANGE;
	*value = mem_read(vm_ram[vm].hpa + gpa, width);
	return OK;
}

enum error gmem_write(vm_id vm, u64 gpa, u32 width, u64 value)
{
	if (!width_legal(width))
		return ERR_INVALID;
	if (!in_ram(vm, gpa, width))
		return ERR_RANGE;
	mem_write(vm_ram[vm].hpa + gpa, width, value);
	ept_mark_dirty(vm, gpa >> PAGE_SHIFT);
	if ((gpa & (PAGE_BYTES - 1)) + width > PAGE_BYTES)
		ept_mark_dirty(vm, (gpa >> PAGE_SHIFT) + 1);
	return OK;
}

/* One access by linear address: the part in the first page, and the part in the next one, if any. */
struct span {
	u32 bytes[2];
	u64 gpa[2];
};

static enum error translate(vm_id vm, const struct paging *paging, u64 linear, u32 width, u32 access, struct span *span,
			    struct gwalk *fault)
{
	u32 room = (u32)(PAGE_BYTES - (linear & (PAGE_BYTES - 1)));
	enum error error;

	*fault = (struct gwalk){ .linear = linear };
	if (!width_legal(width))
		return ERR_INVALID;
	span->bytes[0] = width < room ? width : room;
	span->bytes[1] = width - span->bytes[0];
	error = gwalk(vm, paging, linear, access, fault);
	if (error != OK)
		return error;
	span->gpa[0] = fault->gpa;
	if (span->bytes[1] > 0) {
		error = gwalk(vm, paging, linear + room, access, fault);
		if (error != OK)
			return error;
		span->gpa[1] = fault->gpa;
	}
	return OK;
}

/* The same for a write, which must find RAM. */
static enum error translate_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, struct span *span,
				  struct gwalk *fault)
{
	enum error error = translate(vm, paging, linear, width, GWALK_WRITE, span, fault);

	if (error != OK)
		return error;
	if (!in_ram(vm, span->gpa[0], span->bytes[0]))
		return ERR_RANGE;
	return span->bytes[1] == 0 || in_ram(vm, span->gpa[1], span->bytes[1]) ? OK : ERR_RANGE;
}

static u64 address(const struct span *span, u32 i)
{
	return i < span->bytes[0] ? span->gpa[0] + i : span->gpa[1] + (i - span->bytes[0]);
}

/* A byte as the guest reads it: ones where there is no RAM. */
static u64 read_byte(vm_id vm, u64 gpa)
{
	return in_ram(vm, gpa, 1) ? mem_read(vm_ram[vm].hpa + gpa, 1) : 0xff;
}

enum error gmem_linear_read(vm_id vm, const struct paging *paging, u64 linear, u32 width, u64 *value, struct gwalk *fault)
{
	struct span span;
	enum error error = translate(vm, paging, linear, width, 0, &span, fault);
	u64 whole = 0;

	if (error != OK)
		return error;
	for (u32 i = 0; i < width; i++)
		whole |= read_byte(vm, address(&span, i)) << 8 * i;
	*value = whole;
	return OK;
}

enum error gmem_linear_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, u64 value,
			     struct gwalk *fault)
{
	struct span span;
	enum error error = translate_write(vm, paging, linear, width, &span, fault);

	if (error != OK)
		return error;
	if (span.bytes[1] == 0)
		return gmem_write(vm, span.gpa[0], width, value);
	for (u32 i = 0; i < width; i++)
		(void)gmem_write(vm, address(&span, i), 1, value >> 8 * i & 0xff);
	return OK;
}

enum error gmem_linear_check_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, struct gwalk *fault)
{
	struct span span;

	return translate_write(vm, paging, linear, width, &span, fault);
}
