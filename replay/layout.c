/* SPDX-License-Identifier: BSD-2-Clause */
/* Where everything lies: the host's memory, the boot medium, and the plan. */
#include "layout.h"

#include "kernel.h"
#include "multiboot.h"
#include "say.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MIB (1ull << 20)
#define RTC_FIXED 1000000000ull		/* with --seed: every run sees the same date */

static u64 round_up(u64 value, u64 unit)
{
	return (value + unit - 1) / unit * unit;
}

/* SplitMix64 (Steele, Lea, Flood 2014): turns one number into a state without patterns. */
static u64 splitmix(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int seed_make(const struct run_spec *run, u32 index, u64 seed[4])
{
	const struct vm_spec *vm = &run->vm[index];
	u64 state = vm->seeded ? vm->seed : run->seed + index;

	do {
		if (vm->seeded || run->seeded) {
			for (int i = 0; i < 4; i++)
				seed[i] = splitmix(&state);
		} else if (getrandom(seed, 4 * sizeof(seed[0]), 0) != 4 * sizeof(seed[0])) {
			return say_fail(STATUS_FAILED, "no entropy from the kernel: %s", strerror(errno));
		}
	} while ((seed[0] | seed[1] | seed[2] | seed[3]) == 0);
	return 0;
}

static int guest_load(const struct vm_spec *vm, struct image *image)
{
	int status = image_open(image, vm->memory_bytes);

	if (status != 0)
		return status;
	switch (vm->kind) {
	case GUEST_KERNEL:
		return kernel_load(vm, image);
	case GUEST_MULTIBOOT:
		return multiboot_load(vm, image);
	case GUEST_FLAT:
		return flat_load(vm, image);
	default:
		return say_fail(STATUS_USAGE, "%s has nothing to run", vm->name);
	}
}

static int vm_make(const struct run_spec *run, u32 index, struct image *image, struct plan_vm *out)
{
	const struct vm_spec *vm = &run->vm[index];
	bool seeded = vm->seeded || run->seeded;
	int status = guest_load(vm, image);

	if (status != 0)
		return status;
	memcpy(out->name, vm->name, sizeof(out->name));
	out->ram_bytes = vm->memory_bytes;
	out->start = image->start;
	out->cpu = vm->cpu;
	out->weight = vm->weight;
	out->intercepts = vm->intercepts;
	out->flags = vm->flags;
	out->rip = image->rip;
	out->rsp = image->rsp;
	out->rax = image->rax;
	out->rbx = image->rbx;
	out->rdx = image->rdx;
	out->rsi = image->rsi;
	out->cr3 = image->cr3;
	out->gdt = image->gdt;
	out->rtc_seconds = vm->rtc_given ? vm->rtc_seconds : seeded ? RTC_FIXED : (u64)time(NULL);
	return seed_make(run, index, out->seed);
}

/* Cuts the pictures into images. */
static void images_make(struct layout *layout)
{
	for (u32 v = 0; v < layout->plan.vm_count; v++) {
		struct image_extent extent[PLAN_IMAGES];
		struct plan_vm *vm = &layout->plan.vm[v];

		vm->image_count = image_extents(&layout->image[v], extent);
		for (u32 i = 0; i < vm->image_count; i++) {
			vm->image[i].gpa = extent[i].gpa;
			vm->image[i].bytes = extent[i].bytes;
			file_sha256(layout->image[v].ram + extent[i].gpa, extent[i].bytes, vm->image[i].sha256);
		}
	}
}

void layout_medium(struct layout *layout, u64 hv_bytes)
{
	u64 sector;

	layout->plan_sector = 1 + round_up(hv_bytes, LAYOUT_SECTOR) / LAYOUT_SECTOR;
	sector = layout->plan_sector + round_up(PLAN_BYTES, LAYOUT_SECTOR) / LAYOUT_SECTOR;
	for (u32 v = 0; v < layout->plan.vm_count; v++) {
		struct plan_vm *vm = &layout->plan.vm[v];

		for (u32 i = 0; i < vm->image_count; i++) {
			vm->image[i].source = sector * LAYOUT_SECTOR;
			sector += round_up(vm->image[i].bytes, LAYOUT_SECTOR) / LAYOUT_SECTOR;
		}
	}
	layout->medium_sectors = sector;
}

/* `table`: a recording needs 8 bytes for each page of guest RAM besides. */
int layout_memory(struct layout *layout, u64 start, bool table)
{
	u64 pages = 0;
	u64 at = round_up(start, PAGE_2M_BYTES);
	u64 need = at;

	for (u32 v = 0; v < layout->plan.vm_count; v++)
		need = round_up(need + layout->plan.vm[v].ram_bytes, PAGE_2M_BYTES);
	for (u32 v = 0; v < layout->plan.vm_count; v++)
		pages += layout->plan.vm[v].ram_bytes / PAGE_BYTES;
	layout->table_hpa = need;
	layout->table_bytes = round_up(pages * 8, PAGE_BYTES);
	need = round_up(need + (table ? layout->table_bytes : 0) + LAYOUT_HOST_TOP, MIB);
	if (need > LAYOUT_HOST_MAX)
		return say_fail(STATUS_REFUSED, "the guests need %llu MiB together with the hypervisor's %llu MiB; "
				"the platform has at most %llu MiB", (unsigned long long)(need / MIB),
				(unsigned long long)((at + LAYOUT_HOST_TOP) / MIB),
				(unsigned long long)(LAYOUT_HOST_MAX / MIB));
	for (u32 v = 0; v < layout->plan.vm_count; v++) {
		layout->plan.vm[v].ram_hpa = at;
		at = round_up(at + layout->plan.vm[v].ram_bytes, PAGE_2M_BYTES);
	}
	layout->host_bytes = need;
	return 0;
}

int layout_make(const struct run_spec *run, u64 hv_bytes, bool iso, struct layout *layout)
{
	struct plan *plan = &layout->plan;
	int status = 0;

	memset(layout, 0, sizeof(*layout));
	plan->vm_count = run->vm_count;
	plan->clock = run->clock;
	plan->pace = (u32)run->pace;
	plan->link = iso ? PLAN_LINK_TEXT : PLAN_LINK_FRAMED;
	plan->quantum_ticks = run->quantum_ticks;
	for (u32 v = 0; v < run->vm_count; v++)
		plan->vm[v].ram_bytes = run->vm[v].memory_bytes;
	/* before the files: a wrong size is the likelier mistake */
	status = layout_memory(layout, LAYOUT_HV_END, run->record != NULL);
	for (u32 v = 0; v < run->vm_count && status == 0; v++)
		status = vm_make(run, v, &layout->image[v], &plan->vm[v]);
	if (status != 0)
		return status;
	images_make(layout);
	layout_medium(layout, hv_bytes);
	if (iso)
		status = layout_memory(layout, LAYOUT_HV_END + layout->medium_sectors * LAYOUT_SECTOR + LAYOUT_MODULE_SLACK, false);
	return status;
}

void layout_close(struct layout *layout)
{
	for (u32 v = 0; v < VM_MAX; v++)
		image_close(&layout->image[v]);
}
