/* SPDX-License-Identifier: BSD-2-Clause */
/* Segment descriptors in the guest's GDT and LDT. */
#include "descriptor.h"
#include "cpu.h"
#include "gmem.h"
#include "guest.h"
#include "vcpu.h"
#include "vmcs.h"

#define TYPE_LDT 2u

/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires seg:      seg <= SEG_TR;
    requires selector: selector <= 0xffff;
    requires segment:  \valid_read(d) && d->limit <= 0xffffffff;
    assigns  SEGMENT_FIELDS(vm, seg);
    exits    never:    \false;
    ensures  selector: vmcs[vm][GUEST_ES_SELECTOR + 2 * seg] == selector;
    ensures  segment:  vmcs[vm][GUEST_ES_BASE + 2 * seg] == d->base && vmcs[vm][GUEST_ES_LIMIT + 2 * seg] == d->limit &&
                       vmcs[vm][GUEST_ES_ACCESS_RIGHTS + 2 * seg] == d->rights;
*/
static void write_segment(vm_id vm, u32 seg, u32 selector, const struct descriptor *d)
{
	u32 step = seg * VMCS_SEGMENT_STEP;

	cpu_vmwrite(vm, GUEST_ES_SELECTOR + step, selector);
	cpu_vmwrite(vm, GUEST_ES_BASE + step, d->base);
	cpu_vmwrite(vm, GUEST_ES_LIMIT + step, d->limit);
	cpu_vmwrite(vm, GUEST_ES_ACCESS_RIGHTS + step, d->rights);
}

/* The linear address of a descriptor. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires valid:    \valid(linear);
    assigns  *linear;
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_RANGE;
    ensures  null:     selector / 4 % 0x4000 == 0 ==> \result == ERR_RANGE;
    ensures  limit:    \result == OK ==> selector / 8 % 0x2000 * 8 + 7 <=
                       (selector / 4 % 2 != 0 ? vmcs[vm][GUEST_LDTR_LIMIT] : vmcs[vm][GUEST_GDTR_LIMIT]);
*/
static enum error locate(vm_id vm, u32 selector, u64 *linear)
{
	bool local = selector / 4u % 2u != 0;
	u64 limit = cpu_vmread(vm, local ? GUEST_LDTR_LIMIT : GUEST_GDTR_LIMIT);
	u64 offset = selector / 8u % 0x2000u * 8u;

	if (selector / 4u % 0x4000u == 0 || offset + 7 > limit)
		return ERR_RANGE;
	if (local && (cpu_vmread(vm, GUEST_LDTR_ACCESS_RIGHTS) & AR_UNUSABLE) != 0)
		return ERR_RANGE;
	*linear = cpu_vmread(vm, local ? GUEST_LDTR_BASE : GUEST_GDTR_BASE) + offset;
	return OK;
}

enum error descriptor_read(vm_id vm, u32 selector, struct descriptor *out)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;
	u64 linear, raw;

	if (locate(vm, selector, &linear) != OK || gmem_linear_read(vm, &paging, linear, 8, &raw, &fault) != OK)
		return ERR_RANGE;
	/* SDM 3A figure 3-8 */
	out->base = raw / 0x10000u % 0x1000000u + raw / 0x100000000000000u * 0x1000000u;
	out->limit = raw % 0x10000u + raw / 0x1000000000000u % 0x10u * 0x10000u;
	out->rights = (u32)(raw / 0x10000000000u % 0x100u + raw / 0x10000000000000u % 0x10u * 0x1000u);
	if (out->rights / AR_G % 2u != 0)
		out->limit = out->limit * 0x1000u + 0xfffu;
	return OK;
}

enum error descriptor_set_busy(vm_id vm, u32 selector, bool busy)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;
	u64 linear, type;
	enum error error = locate(vm, selector, &linear);

	if (error == OK)
		error = gmem_linear_read(vm, &paging, linear + 5, 1, &type, &fault);
	if (error == OK)
		error = gmem_linear_write(vm, &paging, linear + 5, 1, busy ? type | 2u : type & ~2ull, &fault);
	return error;
}

/* Marks a code or data descriptor as accessed. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    assigns  vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:    \false;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
static void set_accessed(vm_id vm, u32 selector)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;
	u64 linear, type;

	if (locate(vm, selector, &linear) == OK && gmem_linear_read(vm, &paging, linear + 5, 1, &type, &fault) == OK &&
	    (type & AR_ACCESSED) == 0)
		(void)gmem_linear_write(vm, &paging, linear + 5, 1, type | AR_ACCESSED, &fault);
}

/*@ requires valid:    \valid_read(d);
    assigns  \nothing;
    exits    never:    \false;
    ensures  code:     \result ==> (d->rights & AR_CODE) != 0;
    ensures  conforms: \result ==> d->rights / 0x20 % 4 <= selector % 4;
*/
static bool code_ok(const struct descriptor *d, u32 selector)
{
	u32 dpl = AR_DPL(d->rights);

	if ((d->rights & AR_CODE) == 0)
		return false;
	return (d->rights & AR_EXPAND_DOWN) != 0 ? dpl <= (selector % 4u) : dpl == (selector % 4u);
}

/*@ requires valid:    \valid_read(d);
    assigns  \nothing;
    exits    never:    \false;
    ensures  level:    \result ==> d->rights / 0x20 % 4 == cpl && selector % 4 == cpl;
*/
static bool stack_ok(const struct descriptor *d, u32 selector, u32 cpl)
{
	return (d->rights & (AR_CODE | AR_WRITABLE)) == AR_WRITABLE && AR_DPL(d->rights) == cpl && (selector % 4u) == cpl;
}

/*@ requires valid:    \valid_read(d);
    assigns  \nothing;
    exits    never:    \false;
    ensures  level:    \result && (d->rights & (AR_CODE | AR_EXPAND_DOWN)) != (AR_CODE | AR_EXPAND_DOWN) ==>
                       cpl <= d->rights / 0x20 % 4 && selector % 4 <= d->rights / 0x20 % 4;
*/
static bool data_ok(const struct descriptor *d, u32 selector, u32 cpl)
{
	u32 dpl = AR_DPL(d->rights);

	if ((d->rights & (AR_CODE | AR_WRITABLE)) == AR_CODE)
		return false;	/* execute-only */
	if ((d->rights & (AR_CODE | AR_EXPAND_DOWN)) == (AR_CODE | AR_EXPAND_DOWN))
		return true;	/* conforming code */
	return dpl >= cpl && dpl >= (selector % 4u);
}

u32 descriptor_load(vm_id vm, u32 seg, u32 selector, u32 cpl)
{
	struct descriptor d = { 0, 0, AR_UNUSABLE };
	bool ok;

	if (selector / 4u % 0x4000u == 0 && seg != SEG_CS && seg != SEG_SS) {
		write_segment(vm, seg, selector, &d);
		return DESCRIPTOR_OK;
	}
	if (descriptor_read(vm, selector, &d) != OK || (d.rights & AR_S) == 0)
		return VECTOR_TS;
	if (seg == SEG_CS)
		ok = code_ok(&d, selector);
	else if (seg == SEG_SS)
		ok = stack_ok(&d, selector, cpl);
	else
		ok = data_ok(&d, selector, cpl);
	if (!ok)
		return VECTOR_TS;
	if ((d.rights & AR_P) == 0)
		return seg == SEG_SS ? VECTOR_SS : VECTOR_NP;
	set_accessed(vm, selector);
	d.rights |= AR_ACCESSED;
	write_segment(vm, seg, selector, &d);
	return DESCRIPTOR_OK;
}

u32 descriptor_load_ldt(vm_id vm, u32 selector)
{
	struct descriptor d = { 0, 0, AR_UNUSABLE };

	if (selector / 4u % 0x4000u != 0) {
		if (selector / 4u % 2u != 0 || descriptor_read(vm, selector, &d) != OK ||
		    (d.rights & (AR_TYPE | AR_S)) != TYPE_LDT || (d.rights & AR_P) == 0)
			return VECTOR_TS;
	}
	write_segment(vm, SEG_LDTR, selector, &d);
	return DESCRIPTOR_OK;
}

void descriptor_load_virtual8086(vm_id vm, u32 seg, u32 selector)
{
	struct descriptor d = { selector * 16ull, 0xffff, AR_P | (3u << 5) | AR_S | AR_WRITABLE | AR_ACCESSED };

	write_segment(vm, seg, selector, &d);
}
