/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules a plan must keep before anything of it takes effect. */
#include "plan.h"

#define LOW_4G 0x100000000ull

/*@ requires valid: \valid_read(name + (0 .. PLAN_NAME_BYTES - 1));
    assigns  \nothing;
    exits    never: \false;
    ensures  ended: \result ==> name[PLAN_NAME_BYTES - 1] == 0 && name[0] != 0;
*/
static bool name_ok(const u8 name[PLAN_NAME_BYTES])
{
	bool ended = false;

	/*@ loop invariant index: i <= PLAN_NAME_BYTES;
	    loop invariant ended: ended <==> \exists integer k; 0 <= k < i && name[k] == 0;
	    loop invariant last:  i > 0 && ended ==> name[i - 1] == 0;
	    loop assigns i, ended;
	    loop variant PLAN_NAME_BYTES - i;
	*/
	for (u32 i = 0; i < PLAN_NAME_BYTES; i++) {
		if (name[i] == 0)
			ended = true;
		else if (ended || name[i] < 0x20 || name[i] > 0x7e)
			return false;
	}
	return ended && name[0] != 0;
}

/*@ requires valid: \valid_read(vm);
    assigns  \nothing;
    exits    never: \false;
    ensures  start: \result ==> plan_start(vm);
*/
static bool start_ok(const struct plan_vm *vm)
{
	if (vm->start > PLAN_START_LONG || vm->cpu > PLAN_CPU_AVX || vm->weight < 1 || vm->weight > 1000)
		return false;
	if ((vm->intercepts & ~PLAN_INTERCEPT_ALL) != 0 || (vm->flags & ~PLAN_FLAGS_ALL) != 0)
		return false;
	if ((vm->seed[0] | vm->seed[1] | vm->seed[2] | vm->seed[3]) == 0)
		return false;
	if (vm->rip >= vm->ram_bytes || vm->gdt >= vm->ram_bytes)
		return false;
	if (vm->start == PLAN_START_REAL && vm->rip > 0xffff)
		return false;
	if (vm->start == PLAN_START_LONG && (vm->cr3 % PAGE_BYTES != 0 || vm->cr3 >= vm->ram_bytes))
		return false;
	return true;
}

/*@ requires valid: \valid_read(image);
    assigns  \nothing;
    exits    never: \false;
    ensures  image: \result ==> 0 < image->bytes < 0x100000000 && image->gpa < 0x100000000 &&
             image->gpa % PAGE_BYTES == 0 && image->source % 512 == 0;
*/
static bool image_ok(const struct plan_image *image)
{
	return image->bytes > 0 && image->bytes < LOW_4G && image->gpa < LOW_4G && image->gpa % PAGE_BYTES == 0 &&
	       image->source % 512 == 0 && image->source < (1ull << 40);
}

/* Both [a, a + a_bytes) and [b, b + b_bytes) lie below 2^33. */
/*@ requires below: a <= 0x200000000 && a_bytes <= 0x200000000 && b <= 0x200000000 && b_bytes <= 0x200000000;
    assigns  \nothing;
    exits    never: \false;
    ensures  apart: \result <==> a + a_bytes <= b || b + b_bytes <= a;
*/
static bool apart(u64 a, u64 a_bytes, u64 b, u64 b_bytes)
{
	return a + a_bytes <= b || b + b_bytes <= a;
}

/*@ requires valid: \valid_read(vm);
    requires ram:   vm->ram_bytes <= 0x100000000;
    assigns  \nothing;
    exits    never: \false;
    ensures  result: \result == PLAN_OK || \result == PLAN_BAD_IMAGE || \result == PLAN_IMAGE_OUTSIDE_RAM ||
                     \result == PLAN_IMAGES_OVERLAP;
    ensures  images: \result == PLAN_OK ==> plan_images(vm);
*/
static enum plan_error images_ok(const struct plan_vm *vm)
{
	if (vm->image_count > PLAN_IMAGES)
		return PLAN_BAD_IMAGE;
	/*@ loop invariant index:  i <= vm->image_count;
	    loop invariant inside: \forall integer n; 0 <= n < i ==> plan_image_inside(vm, n);
	    loop invariant small:  \forall integer n; 0 <= n < i ==> vm->image[n].gpa < 0x100000000 && vm->image[n].bytes < 0x100000000;
	    loop invariant apart:  \forall integer n, k; 0 <= k < n < i ==> plan_images_apart(vm, n, k);
	    loop assigns i;
	    loop variant vm->image_count - i;
	*/
	for (u32 i = 0; i < vm->image_count; i++) {
		const struct plan_image *image = &vm->image[i];

		if (!image_ok(image))
			return PLAN_BAD_IMAGE;
		if (image->gpa + (image->bytes + 511) / 512 * 512 > vm->ram_bytes)
			return PLAN_IMAGE_OUTSIDE_RAM;
		/*@ loop invariant index: k <= i;
		    loop invariant apart: \forall integer j; 0 <= j < k ==> plan_images_apart(vm, i, j);
		    loop assigns k;
		    loop variant i - k;
		*/
		for (u32 k = 0; k < i; k++)	/* whole sectors, as they are loaded */
			if (!apart(image->gpa, (image->bytes + 511) / 512 * 512, vm->image[k].gpa,
				   (vm->image[k].bytes + 511) / 512 * 512))
				return PLAN_IMAGES_OVERLAP;
	}
	return PLAN_OK;
}

/*@ requires valid: \valid_read(vm) && \valid_read(host);
    assigns  \nothing;
    exits    never: \false;
    ensures  result: 0 <= \result < PLAN_ERRORS;
    ensures  valid:  \result == PLAN_OK ==> plan_vm_valid(vm, host);
*/
static enum plan_error vm_ok(const struct plan_vm *vm, const struct plan_host *host)
{
	if (!name_ok(vm->name))
		return PLAN_BAD_NAME;
	if (vm->ram_bytes < 0x100000 || vm->ram_bytes > LOW_4G || vm->ram_bytes % PAGE_BYTES != 0 ||
	    vm->ram_hpa % PAGE_2M_BYTES != 0 || vm->ram_hpa >= LOW_4G)
		return PLAN_BAD_RAM;
	if (vm->ram_hpa < host->hv_end)
		return PLAN_RAM_MEETS_HYPERVISOR;
	if (vm->ram_hpa + vm->ram_bytes > host->host_end)
		return PLAN_RAM_BEYOND_HOST;
	if (!start_ok(vm))
		return PLAN_BAD_START;
	return images_ok(vm);
}

enum plan_error plan_validate(const struct plan *plan, const struct plan_host *host, vm_id *vm)
{
	*vm = 0;
	if (plan->vm_count < 1 || plan->vm_count > VM_MAX)
		return PLAN_BAD_VM_COUNT;
	if (plan->clock > PLAN_CLOCK_HOST || plan->pace > PLAN_PACE_REAL || plan->link > PLAN_LINK_TEXT ||
	    plan->quantum_ticks < 10000 || plan->quantum_ticks > 1000000000)
		return PLAN_BAD_MODE;
	/*@ loop invariant index: i <= plan->vm_count;
	    loop invariant fault: *vm == 0;
	    loop invariant valid: \forall integer n; 0 <= n < i ==> plan_vm_valid(&plan->vm[n], host);
	    loop invariant apart: \forall integer n, k; 0 <= k < n < i ==> plan_apart(&plan->vm[n], &plan->vm[k]);
	    loop assigns i;
	    loop variant plan->vm_count - i;
	*/
	for (vm_id i = 0; i < plan->vm_count; i++) {
		enum plan_error error = vm_ok(&plan->vm[i], host);

		if (error != PLAN_OK) {
			*vm = i;
			return error;
		}
		/*@ loop invariant index: k <= i;
		    loop invariant apart: \forall integer j; 0 <= j < k ==> plan_apart(&plan->vm[i], &plan->vm[j]);
		    loop assigns k;
		    loop variant i - k;
		*/
		for (vm_id k = 0; k < i; k++)
			if (!apart(plan->vm[i].ram_hpa, plan->vm[i].ram_bytes, plan->vm[k].ram_hpa, plan->vm[k].ram_bytes)) {
				*vm = i;
				return PLAN_RAM_OVERLAPS;
			}
	}
	return PLAN_OK;
}

const char *plan_error_text(enum plan_error error)
{
	switch (error) {
	case PLAN_OK: return "the plan is valid";
	case PLAN_BAD_MAGIC: return "the plan does not begin with its magic number";
	case PLAN_BAD_VERSION: return "the plan is of another version";
	case PLAN_BAD_LENGTH: return "the plan is truncated";
	case PLAN_BAD_CHECKSUM: return "the plan's checksum does not match";
	case PLAN_BAD_VM_COUNT: return "the number of VMs is not 1 to 8";
	case PLAN_BAD_MODE: return "clock, pace, link or quantum is out of range";
	case PLAN_BAD_NAME: return "the VM's name is empty or not printable";
	case PLAN_BAD_RAM: return "guest RAM has a wrong size or alignment";
	case PLAN_RAM_MEETS_HYPERVISOR: return "guest RAM meets the hypervisor's memory";
	case PLAN_RAM_BEYOND_HOST: return "guest RAM lies beyond the host's memory";
	case PLAN_RAM_OVERLAPS: return "guest RAM overlaps another VM's";
	case PLAN_BAD_START: return "the start state is not valid";
	case PLAN_BAD_IMAGE: return "an image has a wrong size or alignment";
	case PLAN_IMAGE_OUTSIDE_RAM: return "an image does not fit into guest RAM";
	case PLAN_IMAGES_OVERLAP: return "two images overlap";
	default: return "unknown plan error";
	}
}
