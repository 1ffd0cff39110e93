/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's encoding: little-endian fields in the order of struct plan behind a header with a CRC-32C. */
#include "bytes.h"
#include "crc32c.h"
#include "plan.h"

#define OFF_MAGIC 0u
#define OFF_VERSION 8u
#define OFF_BYTES 12u
#define OFF_CRC 16u
#define OFF_VMS 44u

/* In a VM */
#define OFF_NUMBERS 16u
#define OFF_REGISTERS 56u
#define OFF_SEED 120u
#define OFF_IMAGES 160u

/*@ requires out:   \valid(out + (0 .. PLAN_IMAGE_BYTES - 1)) && \valid_read(image);
    requires apart: \separated(out + (0 .. PLAN_IMAGE_BYTES - 1), image);
    assigns  out[0 .. PLAN_IMAGE_BYTES - 1];
    exits    never: \false;
    ensures  coded: plan_image_coded(out, image);
*/
static void put_image(u8 *out, const struct plan_image *image)
{
	bytes_put64(out, image->gpa);
	bytes_put64(out + 8, image->bytes);
	bytes_put64(out + 16, image->source);
	bytes_copy(out + 24, image->sha256, 32);
}

/*@ requires in:    \valid_read(in + (0 .. PLAN_IMAGE_BYTES - 1)) && \valid(image);
    requires apart: \separated(in + (0 .. PLAN_IMAGE_BYTES - 1), image);
    assigns  *image;
    exits    never: \false;
    ensures  coded: plan_image_coded(in, image);
*/
static void get_image(const u8 *in, struct plan_image *image)
{
	image->gpa = bytes_get64(in);
	image->bytes = bytes_get64(in + 8);
	image->source = bytes_get64(in + 16);
	bytes_copy(image->sha256, in + 24, 32);
}

/*@ requires out:   \valid(out + (0 .. 39)) && \valid_read(vm);
    requires apart: \separated(out + (0 .. 39), vm);
    assigns  out[0 .. 39];
    exits    never: \false;
    ensures  coded: plan_numbers_coded(out, vm);
*/
static void put_numbers(u8 *out, const struct plan_vm *vm)
{
	bytes_put64(out, vm->ram_hpa);
	bytes_put64(out + 8, vm->ram_bytes);
	bytes_put32(out + 16, vm->start);
	bytes_put32(out + 20, vm->cpu);
	bytes_put32(out + 24, vm->weight);
	bytes_put32(out + 28, vm->intercepts);
	bytes_put32(out + 32, vm->flags);
	bytes_put32(out + 36, vm->image_count);
}

/*@ requires in:    \valid_read(in + (0 .. 39)) && \valid(vm);
    requires apart: \separated(in + (0 .. 39), vm);
    assigns  vm->ram_hpa, vm->ram_bytes, vm->start, vm->cpu, vm->weight, vm->intercepts, vm->flags, vm->image_count;
    exits    never: \false;
    ensures  coded: plan_numbers_coded(in, vm);
*/
static void get_numbers(const u8 *in, struct plan_vm *vm)
{
	vm->ram_hpa = bytes_get64(in);
	vm->ram_bytes = bytes_get64(in + 8);
	vm->start = bytes_get32(in + 16);
	vm->cpu = bytes_get32(in + 20);
	vm->weight = bytes_get32(in + 24);
	vm->intercepts = bytes_get32(in + 28);
	vm->flags = bytes_get32(in + 32);
	vm->image_count = bytes_get32(in + 36);
}

/*@ requires out:   \valid(out + (0 .. 63)) && \valid_read(vm);
    requires apart: \separated(out + (0 .. 63), vm);
    assigns  out[0 .. 63];
    exits    never: \false;
    ensures  coded: plan_registers_coded(out, vm);
*/
static void put_registers(u8 *out, const struct plan_vm *vm)
{
	bytes_put64(out, vm->rip);
	bytes_put64(out + 8, vm->rsp);
	bytes_put64(out + 16, vm->rax);
	bytes_put64(out + 24, vm->rbx);
	bytes_put64(out + 32, vm->rdx);
	bytes_put64(out + 40, vm->rsi);
	bytes_put64(out + 48, vm->cr3);
	bytes_put64(out + 56, vm->gdt);
}

/*@ requires in:    \valid_read(in + (0 .. 63)) && \valid(vm);
    requires apart: \separated(in + (0 .. 63), vm);
    assigns  vm->rip, vm->rsp, vm->rax, vm->rbx, vm->rdx, vm->rsi, vm->cr3, vm->gdt;
    exits    never: \false;
    ensures  coded: plan_registers_coded(in, vm);
*/
static void get_registers(const u8 *in, struct plan_vm *vm)
{
	vm->rip = bytes_get64(in);
	vm->rsp = bytes_get64(in + 8);
	vm->rax = bytes_get64(in + 16);
	vm->rbx = bytes_get64(in + 24);
	vm->rdx = bytes_get64(in + 32);
	vm->rsi = bytes_get64(in + 40);
	vm->cr3 = bytes_get64(in + 48);
	vm->gdt = bytes_get64(in + 56);
}

/*@ requires out:   \valid(out + (0 .. 39)) && \valid_read(vm);
    requires apart: \separated(out + (0 .. 39), vm);
    assigns  out[0 .. 39];
    exits    never: \false;
    ensures  coded: plan_seed_coded(out, vm);
*/
static void put_seed(u8 *out, const struct plan_vm *vm)
{
	bytes_put64(out, vm->seed[0]);
	bytes_put64(out + 8, vm->seed[1]);
	bytes_put64(out + 16, vm->seed[2]);
	bytes_put64(out + 24, vm->seed[3]);
	bytes_put64(out + 32, vm->rtc_seconds);
}

/*@ requires in:    \valid_read(in + (0 .. 39)) && \valid(vm);
    requires apart: \separated(in + (0 .. 39), vm);
    assigns  vm->seed[0 .. 3], vm->rtc_seconds;
    exits    never: \false;
    ensures  coded: plan_seed_coded(in, vm);
*/
static void get_seed(const u8 *in, struct plan_vm *vm)
{
	vm->seed[0] = bytes_get64(in);
	vm->seed[1] = bytes_get64(in + 8);
	vm->seed[2] = bytes_get64(in + 16);
	vm->seed[3] = bytes_get64(in + 24);
	vm->rtc_seconds = bytes_get64(in + 32);
}

/*@ requires out:   \valid(out + (0 .. PLAN_VM_BYTES - 1)) && \valid_read(vm);
    requires apart: \separated(out + (0 .. PLAN_VM_BYTES - 1), vm);
    assigns  out[0 .. PLAN_VM_BYTES - 1];
    exits    never: \false;
*/
static void put_vm(u8 *out, const struct plan_vm *vm)
{
	/*@ loop invariant range:  0 <= i <= PLAN_IMAGES;
	    loop assigns i, out[OFF_IMAGES .. PLAN_VM_BYTES - 1];
	    loop variant PLAN_IMAGES - i;
	*/
	for (u32 i = 0; i < PLAN_IMAGES; i++)
		put_image(out + OFF_IMAGES + PLAN_IMAGE_BYTES * i, &vm->image[i]);
	bytes_copy(out, vm->name, PLAN_NAME_BYTES);
	put_numbers(out + OFF_NUMBERS, vm);
	put_registers(out + OFF_REGISTERS, vm);
	put_seed(out + OFF_SEED, vm);
}

/*@ requires in:    \valid_read(in + (0 .. PLAN_VM_BYTES - 1)) && \valid(vm);
    requires apart: \separated(in + (0 .. PLAN_VM_BYTES - 1), vm);
    assigns  *vm;
    exits    never: \false;
*/
static void get_vm(const u8 *in, struct plan_vm *vm)
{
	/*@ loop invariant range:  0 <= i <= PLAN_IMAGES;
	    loop assigns i, vm->image[0 .. PLAN_IMAGES - 1];
	    loop variant PLAN_IMAGES - i;
	*/
	for (u32 i = 0; i < PLAN_IMAGES; i++)
		get_image(in + OFF_IMAGES + PLAN_IMAGE_BYTES * i, &vm->image[i]);
	bytes_copy(vm->name, in, PLAN_NAME_BYTES);
	get_numbers(in + OFF_NUMBERS, vm);
	get_registers(in + OFF_REGISTERS, vm);
	get_seed(in + OFF_SEED, vm);
}

/*@ requires out:   \valid(out + (0 .. PLAN_BYTES - 1));
    assigns  out[0 .. PLAN_HEADER_BYTES - 1];
    exits    never: \false;
    ensures  head:  le64(out) == PLAN_MAGIC && le32(out + 8) == PLAN_VERSION && le32(out + 12) == PLAN_BYTES;
*/
static void put_header(u8 *out)
{
	bytes_put32(out + OFF_CRC, crc32c(out + PLAN_HEADER_BYTES, PLAN_BYTES - PLAN_HEADER_BYTES));
	bytes_put64(out + OFF_MAGIC, PLAN_MAGIC);
	bytes_put32(out + OFF_VERSION, PLAN_VERSION);
	bytes_put32(out + OFF_BYTES, PLAN_BYTES);
}

/*@ requires in:    \valid_read(in + (0 .. bytes - 1));
    assigns  \nothing;
    exits    never: \false;
    ensures  result: \result <= PLAN_BAD_CHECKSUM;
    ensures  length: bytes < PLAN_HEADER_BYTES ==> \result == PLAN_BAD_LENGTH;
    ensures  magic: bytes >= PLAN_HEADER_BYTES && le64(in) != PLAN_MAGIC ==> \result == PLAN_BAD_MAGIC;
    ensures  head:  \result == PLAN_OK ==> bytes >= PLAN_BYTES && le64(in) == PLAN_MAGIC && le32(in + 8) == PLAN_VERSION &&
                    le32(in + 12) == PLAN_BYTES;
*/
static enum plan_error check_header(const u8 *in, u32 bytes)
{
	if (bytes < PLAN_HEADER_BYTES)
		return PLAN_BAD_LENGTH;
	if (bytes_get64(in + OFF_MAGIC) != PLAN_MAGIC)
		return PLAN_BAD_MAGIC;
	if (bytes_get32(in + OFF_VERSION) != PLAN_VERSION)
		return PLAN_BAD_VERSION;
	if (bytes_get32(in + OFF_BYTES) != PLAN_BYTES || bytes < PLAN_BYTES)
		return PLAN_BAD_LENGTH;
	if (bytes_get32(in + OFF_CRC) != crc32c(in + PLAN_HEADER_BYTES, PLAN_BYTES - PLAN_HEADER_BYTES))
		return PLAN_BAD_CHECKSUM;
	return PLAN_OK;
}

void plan_encode(const struct plan *plan, u8 out[PLAN_BYTES])
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop assigns i, out[OFF_VMS .. PLAN_BYTES - 1];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		put_vm(out + OFF_VMS + PLAN_VM_BYTES * i, &plan->vm[i]);
	bytes_put32(out + 20, plan->vm_count);
	bytes_put32(out + 24, plan->clock);
	bytes_put32(out + 28, plan->pace);
	bytes_put32(out + 32, plan->link);
	bytes_put64(out + 36, plan->quantum_ticks);
	put_header(out);
}

enum plan_error plan_decode(const u8 *in, u32 bytes, struct plan *plan)
{
	enum plan_error error = check_header(in, bytes);

	if (error != PLAN_OK)
		return error;
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop assigns i, plan->vm[0 .. VM_MAX - 1];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		get_vm(in + OFF_VMS + PLAN_VM_BYTES * i, &plan->vm[i]);
	plan->vm_count = bytes_get32(in + 20);
	plan->clock = bytes_get32(in + 24);
	plan->pace = bytes_get32(in + 28);
	plan->link = bytes_get32(in + 32);
	plan->quantum_ticks = bytes_get64(in + 36);
	return PLAN_OK;
}
