/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to a VM's memory. */
#include "gmem.h"
#include "ept.h"
#include "mem.h"

struct ram vm_ram[VM_MAX];

/*@ assigns \nothing;
    exits   never: \false;
    ensures legal: \result <==> mem_width(width);
*/
static bool width_legal(u32 width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

/*@ requires vm: vm < VM_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  inside: \result <==> gpa + bytes <= vm_ram[vm].bytes;
*/
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
	if (gpa % PAGE_BYTES + width > PAGE_BYTES)
		ept_mark_dirty(vm, (gpa >> PAGE_SHIFT) + 1);
	return OK;
}

/* One access by linear address: the part in the first page, and the part in the next one, if any. */
struct span {
	u32 bytes[2];
	u64 gpa[2];
};

/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(span) && \valid(fault);
    requires apart:  \separated(paging, span, fault);
    assigns  *span, *fault, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> fault->error_code <= 0x3f;
    ensures  width:  \result == OK ==> mem_width(width) && 0 < span->bytes[0] && span->bytes[0] + span->bytes[1] == width;
*/
static enum error translate(vm_id vm, const struct paging *paging, u64 linear, u32 width, u32 access, struct span *span,
			    struct gwalk *fault)
{
	u32 room = (u32)(PAGE_BYTES - linear % PAGE_BYTES);
	u32 first = width < room ? width : room;
	enum error error;

	*fault = (struct gwalk){ .linear = linear };
	if (!width_legal(width))
		return ERR_INVALID;
	error = gwalk(vm, paging, linear, access, fault);
	//@ ghost First: ;
	//@ assert tables: ept_same_tables{Pre, Here}(vm);
	if (error != OK)
		return error;
	span->gpa[0] = fault->gpa;
	if (first < width) {
		error = gwalk(vm, paging, linear + room, access, fault);
		//@ assert second: ept_same_tables{First, Here}(vm);
		//@ assert tables: ept_same_tables{Pre, Here}(vm);
		if (error != OK)
			return error;
		span->gpa[1] = fault->gpa;
	}
	span->bytes[0] = first;
	span->bytes[1] = width - first;
	return OK;
}

/* The same for a write, which must find RAM. */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(span) && \valid(fault);
    requires apart:  \separated(paging, span, fault);
    assigns  *span, *fault, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
    ensures  code:   \result == ERR_UNMAPPED ==> fault->error_code <= 0x3f;
    ensures  width:  \result == OK ==> mem_width(width) && 0 < span->bytes[0] && span->bytes[0] + span->bytes[1] == width;
    ensures  inside: \result == OK ==> span->gpa[0] + span->bytes[0] <= vm_ram[vm].bytes;
*/
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

/*@ requires valid: \valid_read(span);
    requires index: i < span->bytes[0] + span->bytes[1];
    assigns  \nothing;
    exits    never: \false;
    ensures  first: i < span->bytes[0] ==> \result == (u64)(span->gpa[0] + i);
    ensures  next:  i >= span->bytes[0] ==> \result == (u64)(span->gpa[1] + (i - span->bytes[0]));
*/
static u64 address(const struct span *span, u32 i)
{
	return i < span->bytes[0] ? span->gpa[0] + i : span->gpa[1] + (i - span->bytes[0]);
}

/* A byte as the guest reads it: ones where there is no RAM. */
/*@ requires vm:    vm < VM_MAX;
    requires ready: gmem_ready(vm);
    assigns  \nothing;
    exits    never: \false;
    ensures  byte: \result <= 0xff;
*/
static u64 read_byte(vm_id vm, u64 gpa)
{
	return in_ram(vm, gpa, 1) ? mem_read(vm_ram[vm].hpa + gpa, 1) : 0xff;
}

/*@ // 256^n
    logic integer gmem_power(integer n) =
      n == 0 ? 1 : n == 1 ? 0x100 : n == 2 ? 0x10000 : n == 3 ? 0x1000000 : n == 4 ? 0x100000000 : n == 5 ? 0x10000000000 :
      n == 6 ? 0x1000000000000 : n == 7 ? 0x100000000000000 : 0x10000000000000000;
*/

enum error gmem_linear_read(vm_id vm, const struct paging *paging, u64 linear, u32 width, u64 *value, struct gwalk *fault)
{
	struct span span;
	enum error error = translate(vm, paging, linear, width, 0, &span, fault);
	u64 whole = 0;

	if (error != OK)
		return error;
	/*@ loop invariant index: i <= width;
	    loop invariant whole: 0 <= whole < gmem_power(width - i);
	    loop assigns i, whole;
	    loop variant i;
	*/
	for (u32 i = width; i > 0; i--)
		whole = whole * 256 + read_byte(vm, address(&span, i - 1));
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
	/*@ loop invariant index:  i <= width;
	    loop invariant ready:  gmem_ready(vm);
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns i, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
	    loop variant width - i;
	*/
	for (u32 i = 0; i < width; i++)
		(void)gmem_write(vm, address(&span, i), 1, value >> 8 * i & 0xff);
	return OK;
}

enum error gmem_linear_check_write(vm_id vm, const struct paging *paging, u64 linear, u32 width, struct gwalk *fault)
{
	struct span span;

	return translate_write(vm, paging, linear, width, &span, fault);
}
