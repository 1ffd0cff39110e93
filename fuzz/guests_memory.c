/* SPDX-License-Identifier: BSD-2-Clause */
/* The plans of the exit harness, and their VMs' memory. */
#include <string.h>
#include "ept.h"
#include "gmem.h"
#include "guests.h"
#include "memory.h"
#include "oracle.h"
#include "spec/step.h"

bool guests_replays(const u64 o[5])
{
	return (o[1] & 16) == 0;
}

void guests_plan(const u64 o[5], struct plan *out)
{
	static const u64 quanta[4] = { 10000, 50000, 1000000, 1000000000 };
	static const u64 sizes[4] = { 0x100000, 0x101000, 0x100000, 0x201000 };

	memset(out, 0, sizeof(*out));
	out->vm_count = (u32)o[0] % ORACLE_VMS + 1;
	out->clock = o[1] & 1;
	out->pace = o[1] >> 1 & 1;
	out->quantum_ticks = quanta[o[1] >> 2 & 3];
	for (vm_id vm = 0; vm < out->vm_count; vm++) {
		struct plan_vm *p = &out->vm[vm];
		u64 bits = o[2 + vm];

		memcpy(p->name, "a", 2);
		p->name[0] = (u8)('a' + vm);
		p->ram_hpa = 0x10000000ull + vm * 0x800000ull;
		p->ram_bytes = sizes[bits >> 10 & 3];
		p->start = (u32)bits % 3;
		p->cpu = bits >> 2 & 1;
		p->flags = guests_replays(o) || (bits >> 3 & 1) != 0 ? PLAN_MAP_4K : 0;	/* recordings need it */
		p->intercepts = bits >> 5 & PLAN_INTERCEPT_ALL;
		p->weight = (bits >> 12 & 15) + 1;
		p->rtc_seconds = (bits >> 16) * 90061;
		p->rip = 0x1000;
		p->rsp = 0x7000;
		p->cr3 = 0x10000;
		p->seed[0] = vm + 1;
	}
}

/* What memory_prepare makes of a VM without images, for each VM, size and kind of mapping: mapping 4 KiB pages anew would
 * take most of a run. */
#define EPT_KEPT 5u
static struct prepared {
	u64 entry[EPT_KEPT][512];
	u8 rest[sizeof(struct ept) - offsetof(struct ept, hfn)];
	u64 ram_bytes;
} prepared[ORACLE_VMS][4][2];

static struct plan plan;

void guests_begin(void)
{
	(void)step_kind(0);
	for (u32 i = 0; i < ORACLE_VMS * 4 * 2; i++) {
		const u64 operand[5] = { ORACLE_VMS - 1, 16, (i & 1) << 3 | (i >> 1 & 3) << 10, (i & 1) << 3 | (i >> 1 & 3) << 10,
					 (i & 1) << 3 | (i >> 1 & 3) << 10 };
		vm_id vm = i >> 3;
		struct prepared *p = &prepared[vm][i >> 1 & 3][i & 1];

		guests_plan(operand, &plan);
		if (!memory_prepare(vm, &plan.vm[vm]) || memory_measure(vm, &plan.vm[vm]) != PLAN_IMAGES ||
		    vm_ept[vm].count > EPT_KEPT)
			oracle_fail("a VM without images loads", "DESIGN 6", "VM %u", vm);
		memcpy(p->entry, vm_ept[vm].entry, vm_ept[vm].count * sizeof(p->entry[0]));
		memcpy(p->rest, &vm_ept[vm].hfn, sizeof(p->rest));
		p->ram_bytes = plan.vm[vm].ram_bytes;
	}
}

void guests_memory(vm_id vm, const struct plan_vm *plan_vm)
{
	const struct prepared *p = &prepared[vm][0][plan_vm->flags & PLAN_MAP_4K];

	while (p->ram_bytes != plan_vm->ram_bytes)
		p += 2;
	memcpy(&vm_ept[vm].hfn, p->rest, sizeof(p->rest));
	memcpy(vm_ept[vm].entry, p->entry, vm_ept[vm].count * sizeof(p->entry[0]));
	vm_ram[vm].hpa = plan_vm->ram_hpa;
	vm_ram[vm].bytes = plan_vm->ram_bytes;
}
