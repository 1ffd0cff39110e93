/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's encoding: little-endian fields in the order of struct plan behind a header with a CRC-32C. */
#include "crc32c.h"
#include "plan.h"

#define OFF_MAGIC 0u
#define OFF_VERSION 8u
#define OFF_BYTES 12u
#define OFF_CRC 16u

static u32 put(u8 *out, u32 at, u32 width, u64 value)
{
	for (u32 i = 0; i < width; i++)
		out[at + i] = (u8)(value >> (8 * i));
	return at + width;
}

static u64 get(const u8 *in, u32 at, u32 width)
{
	u64 value = 0;

	for (u32 i = 0; i < width; i++)
		value |= (u64)in[at + i] << (8 * i);
	return value;
}

static u32 put_bytes(u8 *out, u32 at, const u8 *from, u32 count)
{
	for (u32 i = 0; i < count; i++)
		out[at + i] = from[i];
	return at + count;
}

static u32 get_bytes(const u8 *in, u32 at, u8 *to, u32 count)
{
	for (u32 i = 0; i < count; i++)
		to[i] = in[at + i];
	return at + count;
}

static u32 put_vm(u8 *out, u32 at, const struct plan_vm *vm)
{
	at = put_bytes(out, at, vm->name, PLAN_NAME_BYTES);
	at = put(out, at, 8, vm->ram_hpa);
	at = put(out, at, 8, vm->ram_bytes);
	at = put(out, at, 4, vm->start);
	at = put(out, at, 4, vm->cpu);
	at = put(out, at, 4, vm->weight);
	at = put(out, at, 4, vm->intercepts);
	at = put(out, at, 4, vm->flags);
	at = put(out, at, 4, vm->image_count);
	at = put(out, at, 8, vm->rip);
	at = put(out, at, 8, vm->rsp);
	at = put(out, at, 8, vm->rax);
	at = put(out, at, 8, vm->rbx);
	at = put(out, at, 8, vm->rdx);
	at = put(out, at, 8, vm->rsi);
	at = put(out, at, 8, vm->cr3);
	at = put(out, at, 8, vm->gdt);
	for (u32 i = 0; i < 4; i++)
		at = put(out, at, 8, vm->seed[i]);
	at = put(out, at, 8, vm->rtc_seconds);
	for (u32 i = 0; i < PLAN_IMAGES; i++) {
		at = put(out, at, 8, vm->image[i].gpa);
		at = put(out, at, 8, vm->image[i].bytes);
		at = put(out, at, 8, vm->image[i].source);
		at = put_bytes(out, at, vm->image[i].sha256, 32);
	}
	return at;
}

static u32 get_vm(const u8 *in, u32 at, struct plan_vm *vm)
{
	at = get_bytes(in, at, vm->name, PLAN_NAME_BYTES);
	vm->ram_hpa = get(in, at, 8);
	vm->ram_bytes = get(in, at + 8, 8);
	vm->start = (u32)get(in, at + 16, 4);
	vm->cpu = (u32)get(in, at + 20, 4);
	vm->weight = (u32)get(in, at + 24, 4);
	vm->intercepts = (u32)get(in, at + 28, 4);
	vm->flags = (u32)get(in, at + 32, 4);
	vm->image_count = (u32)get(in, at + 36, 4);
	at += 40;
	vm->rip = get(in, at, 8);
	vm->rsp = get(in, at + 8, 8);
	vm->rax = get(in, at + 16, 8);
	vm->rbx = get(in, at + 24, 8);
	vm->rdx = get(in, at + 32, 8);
	vm->rsi = get(in, at + 40, 8);
	vm->cr3 = get(in, at + 48, 8);
	vm->gdt = get(in, at + 56, 8);
	at += 64;
	for (u32 i = 0; i < 4; i++)
		vm->seed[i] = get(in, at + 8 * i, 8);
	vm->rtc_seconds = get(in, at + 32, 8);
	at += 40;
	for (u32 i = 0; i < PLAN_IMAGES; i++) {
		vm->image[i].gpa = get(in, at, 8);
		vm->image[i].bytes = get(in, at + 8, 8);
		vm->image[i].source = get(in, at + 16, 8);
		at = get_bytes(in, at + 24, vm->image[i].sha256, 32);
	}
	return at;
}

void plan_encode(const struct plan *plan, u8 out[PLAN_BYTES])
{
	u32 at = PLAN_HEADER_BYTES;

	at = put(out, at, 4, plan->vm_count);
	at = put(out, at, 4, plan->clock);
	at = put(out, at, 4, plan->pace);
	at = put(out, at, 4, plan->link);
	at = put(out, at, 8, plan->quantum_ticks);
	for (u32 i = 0; i < VM_MAX; i++)
		at = put_vm(out, at, &plan->vm[i]);
	(void)put(out, OFF_MAGIC, 8, PLAN_MAGIC);
	(void)put(out, OFF_VERSION, 4, PLAN_VERSION);
	(void)put(out, OFF_BYTES, 4, PLAN_BYTES);
	(void)put(out, OFF_CRC, 4, crc32c(&out[PLAN_HEADER_BYTES], at - PLAN_HEADER_BYTES));
}

enum plan_error plan_decode(const u8 *in, u32 bytes, struct plan *plan)
{
	u32 at = PLAN_HEADER_BYTES;

	if (bytes < PLAN_HEADER_BYTES)
		return PLAN_BAD_LENGTH;
	if (get(in, OFF_MAGIC, 8) != PLAN_MAGIC)
		return PLAN_BAD_MAGIC;
	if (get(in, OFF_VERSION, 4) != PLAN_VERSION)
		return PLAN_BAD_VERSION;
	if (get(in, OFF_BYTES, 4) != PLAN_BYTES || bytes < PLAN_BYTES)
		return PLAN_BAD_LENGTH;
	if (get(in, OFF_CRC, 4) != crc32c(&in[PLAN_HEADER_BYTES], PLAN_BYTES - PLAN_HEADER_BYTES))
		return PLAN_BAD_CHECKSUM;
	plan->vm_count = (u32)get(in, at, 4);
	plan->clock = (u32)get(in, at + 4, 4);
	plan->pace = (u32)get(in, at + 8, 4);
	plan->link = (u32)get(in, at + 12, 4);
	plan->quantum_ticks = get(in, at + 16, 8);
	at += 24;
	for (u32 i = 0; i < VM_MAX; i++)
		at = get_vm(in, at, &plan->vm[i]);
	return PLAN_OK;
}
