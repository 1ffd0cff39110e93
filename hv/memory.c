/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's memory from plan to EPT. */
#include "memory.h"
#include "cpu.h"
#include "ept.h"
#include "gmem.h"
#include "mem.h"

u64 ones_page[512] __attribute__((aligned(4096)));

u64 memory_ones_page(void)
{
	return cpu_physical(ones_page);
}

static u64 round_up(u64 value, u64 unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Zeroes [start, end) of guest RAM, both multiples of 64. */
static void zero(const struct plan_vm *plan, u64 start, u64 end)
{
	if (start < end)
		mem_zero(plan->ram_hpa + start, end - start);
}

/* The image with the lowest address at or above `gpa`, or PLAN_IMAGES. */
static u32 next_image(const struct plan_vm *plan, u64 gpa)
{
	u32 best = PLAN_IMAGES;

	for (u32 i = 0; i < plan->image_count; i++)
		if (plan->image[i].gpa >= gpa && (best == PLAN_IMAGES || plan->image[i].gpa < plan->image[best].gpa))
			best = i;
	return best;
}

/* An image's last sector is loaded whole: the bytes after the image are zeroed again. */
static void zero_tail(const struct plan_vm *plan, const struct plan_image *image)
{
	u64 end = image->gpa + image->bytes;
	u64 sector_end = round_up(end, 512);

	for (u64 gpa = end; gpa < sector_end; gpa++)
		mem_write(plan->ram_hpa + gpa, 1, 0);
}

bool memory_prepare(vm_id vm, const struct plan_vm *plan)
{
	u32 prot = EPT_READ | EPT_WRITE | EPT_EXEC;
	bool small = (plan->flags & PLAN_MAP_4K) != 0;
	u64 frames = plan->ram_bytes >> PAGE_SHIFT;
	u64 done = 0;
	enum error error;

	for (u32 i = 0; i < 512; i++)
		ones_page[i] = ~0ull;
	vm_ram[vm].hpa = plan->ram_hpa;
	vm_ram[vm].bytes = plan->ram_bytes;
	for (u32 n = 0; n < plan->image_count; n++) {
		const struct plan_image *image = &plan->image[next_image(plan, done)];

		zero(plan, done, image->gpa);
		if (!mem_load(plan->ram_hpa + image->gpa, image->source, image->bytes))
			return false;
		zero_tail(plan, image);
		done = round_up(image->gpa + image->bytes, 512);
	}
	zero(plan, done, plan->ram_bytes);
	ept_reset(vm, cpu_physical(vm_ept[vm].entry[0]));
	error = ept_map_range(vm, 0, plan->ram_hpa >> PAGE_SHIFT, frames, prot, EPT_MT_WB, small ? EPT_2M : EPT_1G);
	ASSERT(error == OK, error);
	for (u64 gfn = 0; small && gfn < frames; gfn += 512) {	/* a large page is split in one go */
		error = ept_protect(vm, gfn, prot);
		ASSERT(error == OK, error);
	}
	return true;
}

u32 memory_measure(vm_id vm, const struct plan_vm *plan)
{
	u8 digest[32];

	for (u32 i = 0; i < plan->image_count; i++) {
		mem_sha256(vm_ram[vm].hpa + plan->image[i].gpa, plan->image[i].bytes, digest);
		for (u32 k = 0; k < 32; k++)
			if (digest[k] != plan->image[i].sha256[k])
				return i;
	}
	return PLAN_IMAGES;
}
