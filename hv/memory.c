/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's memory from plan to EPT. */
#include "memory.h"
#include "cpu.h"
#include "ept.h"
#include "gmem.h"
#include "mem.h"

u64 ones_page[512] __attribute__((aligned(4096)));

#define SECTOR 512ull
#define FRAMES_2M 512ull

/*@ // The VM's RAM is that of the plan.
    predicate memory_ram{L}(integer v, struct plan_vm *m) =
      vm_ram[v].hpa == m->ram_hpa && vm_ram[v].bytes == m->ram_bytes;

    // The first `frames` frames lie where RAM lies, and nothing is mapped after them.
    predicate memory_mapped{L}(integer v, integer hfn, integer frames) =
      (\forall integer h; 0 <= h < frames ==> ept_page_hfn(ept_translation(v, h)) == hfn + h) &&
      (\forall integer h; frames <= h < EPT_GFN_END ==> ept_translation(v, h) == 0);

    lemma memory_page: \forall integer hfn, prot, mt; 0 <= prot < 8 && 0 <= mt <= 6 ==>
      ept_page_hfn(ept_page(hfn, prot, mt)) == hfn;
    lemma memory_page_with: \forall integer page, prot; 0 <= prot < 8 && 0 <= page ==>
      ept_page_hfn(ept_page_with(page, prot)) == ept_page_hfn(page);
*/

u64 memory_ones_page(void)
{
	return cpu_physical(ones_page);
}

/*@ requires range: bytes <= 0x100000000;
    assigns  \nothing;
    exits    never: \false;
    ensures  whole: \result == plan_sectors(bytes);
    ensures  least: bytes <= \result < bytes + SECTOR;
*/
static u64 sectors(u64 bytes)
{
	return (bytes + SECTOR - 1u) / SECTOR * SECTOR;
}

/* Zeroes [start, end) of guest RAM, both multiples of 64. */
/*@ requires vm:     vm < VM_MAX;
    requires region: vm_ram[vm].hpa % 64 == 0 && vm_ram[vm].hpa + vm_ram[vm].bytes <= 0x100000000;
    requires range:  start % 64 == 0 && end % 64 == 0 && end <= vm_ram[vm].bytes;
    assigns  host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
*/
static void zero(vm_id vm, u64 start, u64 end)
{
	if (start < end)
		mem_zero(vm_ram[vm].hpa + start, end - start);
}

/* The image with the lowest address at or above `gpa`, or PLAN_IMAGES. */
/*@ requires plan:   \valid_read(plan) && plan->image_count <= PLAN_IMAGES;
    assigns  \nothing;
    exits    never:  \false;
    ensures  found:  \result < plan->image_count && plan->image[\result].gpa >= gpa || \result == PLAN_IMAGES;
    ensures  lowest: \forall integer k; 0 <= k < plan->image_count && plan->image[k].gpa >= gpa ==>
                     \result < PLAN_IMAGES && plan->image[\result].gpa <= plan->image[k].gpa;
*/
static u32 next_image(const struct plan_vm *plan, u64 gpa)
{
	u32 best = PLAN_IMAGES;

	/*@ loop invariant range:  0 <= i <= plan->image_count;
	    loop invariant found:  best < i && plan->image[best].gpa >= gpa || best == PLAN_IMAGES;
	    loop invariant lowest: \forall integer k; 0 <= k < i && plan->image[k].gpa >= gpa ==>
	                           best < PLAN_IMAGES && plan->image[best].gpa <= plan->image[k].gpa;
	    loop assigns i, best;
	    loop variant plan->image_count - i;
	*/
	for (u32 i = 0; i < plan->image_count; i++)
		if (plan->image[i].gpa >= gpa && (best == PLAN_IMAGES || plan->image[i].gpa < plan->image[best].gpa))
			best = i;
	return best;
}

/* An image's last sector is loaded whole: the bytes after the image are zeroed again. */
/*@ requires vm:     vm < VM_MAX;
    requires region: vm_ram[vm].hpa + vm_ram[vm].bytes <= 0x100000000;
    requires range:  end <= sector_end <= vm_ram[vm].bytes;
    assigns  host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
*/
static void zero_tail(vm_id vm, u64 end, u64 sector_end)
{
	/*@ loop invariant range: end <= gpa <= sector_end;
	    loop assigns gpa, host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
	    loop variant sector_end - gpa;
	*/
	for (u64 gpa = end; gpa < sector_end; gpa++)
		mem_write(vm_ram[vm].hpa + gpa, 1, 0);
}

/* Loads an image. False: the medium failed. */
/*@ requires vm:     vm < VM_MAX;
    requires region: vm_ram[vm].hpa % 512 == 0 && vm_ram[vm].hpa + vm_ram[vm].bytes <= 0x100000000;
    requires image:  \valid_read(image);
    requires inside: image->gpa % 512 == 0 && image->source % 512 == 0 &&
                     image->gpa + plan_sectors(image->bytes) <= vm_ram[vm].bytes;
    assigns  host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
*/
static bool load(vm_id vm, const struct plan_image *image)
{
	/*@ assert small: image->bytes <= plan_sectors(image->bytes); */
	if (!mem_load(vm_ram[vm].hpa + image->gpa, image->source, image->bytes))
		return false;
	zero_tail(vm, image->gpa + image->bytes, image->gpa + sectors(image->bytes));
	return true;
}

/* Fills the RAM: the images, and zeroes everywhere else. False: the medium failed. */
/*@ requires vm:     vm < VM_MAX;
    requires plan:   \valid_read(plan) && memory_plan(plan) && memory_ram(vm, plan);
    assigns  host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
*/
static bool fill(vm_id vm, const struct plan_vm *plan)
{
	u64 done = 0;

	/*@ loop invariant range: done % 512 == 0 && done <= plan->ram_bytes;
	    loop assigns done, host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
	    loop variant plan->ram_bytes - done;
	*/
	for (;;) {
		u32 next = next_image(plan, done);
		const struct plan_image *image;

		if (next == PLAN_IMAGES)
			break;
		image = &plan->image[next];
		/*@ assert inside: plan_image_inside(plan, next); */
		zero(vm, done, image->gpa);
		if (!load(vm, image))
			return false;
		done = image->gpa + sectors(image->bytes);
	}
	zero(vm, done, plan->ram_bytes);
	return true;
}

/* Splits every large page, each in one go. */
/*@ requires vm:      vm < VM_MAX;
    requires inv:     ept_inv(vm);
    requires frames:  frames <= 0x100000;
    requires mapped:  memory_mapped(vm, hfn, frames);
    assigns  vm_ept[vm];
    exits    never:   \false;
    ensures  inv:     ept_inv(vm);
    ensures  mapped:  memory_mapped(vm, hfn, frames);
    ensures  place:   vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
*/
static void split(vm_id vm, u64 hfn, u64 frames, u32 prot)
{
	enum error error;

	(void)hfn;
	/*@ loop invariant range:  gfn <= frames + 511;
	    loop invariant inv:    ept_inv(vm);
	    loop invariant mapped: memory_mapped(vm, hfn, frames);
	    loop invariant place:  vm_ept[vm].hfn == \at(vm_ept[vm].hfn, Pre);
	    loop assigns gfn, error, vm_ept[vm];
	    loop variant frames + 512 - gfn;
	*/
	for (u64 gfn = 0; gfn < frames; gfn += FRAMES_2M) {
		error = ept_protect(vm, gfn, prot);
		ASSERT(error == OK, error);
	}
}

bool memory_prepare(vm_id vm, const struct plan_vm *plan)
{
	u32 prot = EPT_READ | EPT_WRITE | EPT_EXEC;
	bool small = (plan->flags & PLAN_MAP_4K) != 0;
	u64 frames = plan->ram_bytes / PAGE_BYTES;
	u64 hfn = plan->ram_hpa / PAGE_BYTES;
	u64 tables = cpu_physical(vm_ept[vm].entry[0]);
	enum error error;

	/*@ loop invariant range: 0 <= i <= 512;
	    loop assigns i, ones_page[0 .. 511];
	    loop variant 512 - i;
	*/
	for (u32 i = 0; i < 512; i++)
		ones_page[i] = ~0ull;
	vm_ram[vm].hpa = plan->ram_hpa;
	vm_ram[vm].bytes = plan->ram_bytes;
	if (!fill(vm, plan))
		return false;
	ASSERT(tables / PAGE_BYTES < EPT_HFN_END - EPT_TABLES, tables);
	ept_reset(vm, tables);
	error = ept_map_range(vm, 0, hfn, frames, prot, EPT_MT_WB, small ? EPT_2M : EPT_1G);
	ASSERT(error == OK, error);
	if (small)
		split(vm, hfn, frames, prot);
	return true;
}

/*@ requires valid:  \valid_read(a + (0 .. 31)) && \valid_read(b + (0 .. 31));
    assigns  \nothing;
    exits    never:  \false;
    ensures  same:   \result <==> \forall integer k; 0 <= k < 32 ==> a[k] == b[k];
*/
static bool same_digest(const u8 *a, const u8 *b)
{
	/*@ loop invariant range: 0 <= k <= 32;
	    loop invariant same:  \forall integer i; 0 <= i < k ==> a[i] == b[i];
	    loop assigns k;
	    loop variant 32 - k;
	*/
	for (u32 k = 0; k < 32; k++)
		if (a[k] != b[k])
			return false;
	return true;
}

u32 memory_measure(vm_id vm, const struct plan_vm *plan)
{
	u8 digest[32];

	/*@ loop invariant range: 0 <= i <= plan->image_count;
	    loop assigns i, digest[0 .. 31];
	    loop variant plan->image_count - i;
	*/
	for (u32 i = 0; i < plan->image_count; i++) {
		/*@ assert inside: plan_image_inside(plan, i); */
		/*@ assert small: plan->image[i].bytes <= plan_sectors(plan->image[i].bytes); */
		mem_sha256(vm_ram[vm].hpa + plan->image[i].gpa, plan->image[i].bytes, digest);
		if (!same_digest(digest, plan->image[i].sha256))
			return i;
	}
	return PLAN_IMAGES;
}
