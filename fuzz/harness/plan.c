/* SPDX-License-Identifier: BSD-2-Clause */
/* Harness `plan`: any bytes as an encoded plan. What is accepted keeps every rule of hv/plan.h, said once more here. */
#include "crc32c.h"
#include <string.h>
#include "oracle.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const struct plan_host host = { 0x1000000, 0x40000000 };

#define RULE(condition, rule) \
	do { if (!(condition)) oracle_fail("an accepted plan: " rule, "hv/plan.h", "VM %u", vm); } while (0)

static bool meet(u64 a, u64 a_bytes, u64 b, u64 b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static void check_images(vm_id vm, const struct plan_vm *v)
{
	RULE(v->image_count <= PLAN_IMAGES, "at most 16 images");
	for (u32 i = 0; i < v->image_count; i++) {
		const struct plan_image *a = &v->image[i];

		RULE(a->bytes > 0 && a->gpa % 4096 == 0 && a->source % 512 == 0, "image size and alignment");
		RULE(a->gpa < v->ram_bytes && a->bytes <= v->ram_bytes - a->gpa, "images lie in RAM");
		RULE(a->gpa + (a->bytes + 511) / 512 * 512 <= v->ram_bytes, "their last sector too");
		for (u32 k = 0; k < i; k++)
			RULE(!meet(a->gpa, (a->bytes + 511) / 512 * 512, v->image[k].gpa, (v->image[k].bytes + 511) / 512 * 512),
			     "images are apart");
	}
}

static void check_vm(vm_id vm, const struct plan *plan)
{
	const struct plan_vm *v = &plan->vm[vm];

	RULE(v->name[0] != 0 && v->name[PLAN_NAME_BYTES - 1] == 0, "a name");
	RULE(v->ram_hpa % PAGE_2M_BYTES == 0 && v->ram_bytes % PAGE_BYTES == 0 && v->ram_bytes >= 0x100000, "RAM's form");
	RULE(v->ram_hpa >= host.hv_end && v->ram_hpa < host.host_end && v->ram_bytes <= host.host_end - v->ram_hpa,
	     "RAM lies between the hypervisor and the end");
	RULE(v->weight >= 1 && v->weight <= 1000 && v->start <= 2 && v->cpu <= 1, "weight, start, cpu");
	RULE((v->intercepts & ~PLAN_INTERCEPT_ALL) == 0 && (v->flags & ~PLAN_FLAGS_ALL) == 0, "no unknown bits");
	RULE((v->seed[0] | v->seed[1] | v->seed[2] | v->seed[3]) != 0, "a seed");
	RULE(v->rip < v->ram_bytes && v->gdt < v->ram_bytes, "entry registers");
	for (vm_id other = 0; other < vm; other++)
		RULE(!meet(v->ram_hpa, v->ram_bytes, plan->vm[other].ram_hpa, plan->vm[other].ram_bytes), "RAMs are apart");
	check_images(vm, v);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct plan plan;
	static u8 bytes[PLAN_BYTES], again[PLAN_BYTES];
	u32 given = size < PLAN_BYTES ? (u32)size : PLAN_BYTES, crc;
	vm_id vm = VM_MAX;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, data, given);
	(void)plan_error_text(plan_decode(bytes, given, &plan));
	/* and once more with a header that is right, so that the rest is looked at */
	memcpy(bytes, &(u64){ PLAN_MAGIC }, 8);
	memcpy(bytes + 8, &(u32){ PLAN_VERSION }, 4);
	memcpy(bytes + 12, &(u32){ PLAN_BYTES }, 4);
	crc = crc32c(bytes + PLAN_HEADER_BYTES, PLAN_BYTES - PLAN_HEADER_BYTES);
	memcpy(bytes + 16, &crc, 4);
	if (plan_decode(bytes, PLAN_BYTES, &plan) != PLAN_OK)
		oracle_fail("a plan with a right header decodes", "hv/plan.h", "%zu bytes", size);
	plan_encode(&plan, again);
	if (memcmp(bytes, again, PLAN_BYTES) != 0)
		oracle_fail("decoding and encoding is the identity", "hv/plan.h", "%zu bytes", size);
	if (plan_validate(&plan, &host, &vm) != PLAN_OK)
		return 0;
	if (plan.vm_count < 1 || plan.vm_count > VM_MAX || plan.clock > 1 || plan.pace > 1 || plan.link > 1 ||
	    plan.quantum_ticks < 10000 || plan.quantum_ticks > 1000000000)
		oracle_fail("an accepted plan: mode", "hv/plan.h", "%u VMs", plan.vm_count);
	for (vm = 0; vm < plan.vm_count; vm++)
		check_vm(vm, &plan);
	return 0;
}
