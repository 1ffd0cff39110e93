/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner: VMX on, capabilities to the data disk, then one suite of cases. It replaces hv/native/main.c. */
#include "model/runner/runner.h"
#include "model/ept_case.h"
#include "model/exit_case.h"
#include "model/runner/caps.h"
#include "boot/header.h"
#include "hv/native/asm.h"
#include "hv/native/ata.h"
#include "hv/native/io.h"
#include "hv/native/tables.h"
#include "spec/vmx.h"

struct model_params params;
struct model_header header __attribute__((aligned(512)));
static u8 results[MODEL_BATCH * MODEL_RECORD_MAX] __attribute__((aligned(512)));
static u32 record_bytes = sizeof(struct model_result);
static u8 sector[BOOT_SECTOR_BYTES] __attribute__((aligned(512)));
static u8 vmxon_page[PAGE_BYTES] __attribute__((aligned(4096)));
static u64 last_slot;

static void write_disk(u64 byte, const void *data, u64 bytes)
{
	(void)ata_write(ATA_JOURNAL, byte / 512, (bytes + 511) / 512, (u64)(uintptr_t)data);
}

static _Noreturn void off(void)
{
	for (const char *s = "Shutdown"; *s != '\0'; s++)
		io_outb(0x8900, (u8)*s);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void *result_slot(u64 number)
{
	last_slot = number - params.first;
	return results + last_slot % MODEL_BATCH * record_bytes;
}

static void flush(u64 slot)
{
	u64 first = slot / MODEL_BATCH * MODEL_BATCH;

	write_disk(MODEL_RESULTS + first * record_bytes, results, MODEL_BATCH * record_bytes);
	for (u32 i = 0; i < MODEL_BATCH; i++)	/* each record begins with its time stamp; 0: not run */
		*(u64 *)(void *)(results + i * record_bytes) = 0;
}

void result_done(u64 number)
{
	u64 slot = number - params.first;
	u64 in_batch = slot % MODEL_BATCH;

	if (params.careful != 0) {	/* the 512-byte sector that holds this result */
		u64 at = in_batch * record_bytes & ~511ull;

		write_disk(MODEL_RESULTS + slot / MODEL_BATCH * MODEL_BATCH * record_bytes + at, results + at, 512);
	}
	if (in_batch == MODEL_BATCH - 1 || number + 1 == params.first + params.count)
		flush(slot);
}

static void vmx_on(void)
{
	asm_write_cr0((asm_read_cr0() | header.caps.cr0_fixed0) & header.caps.cr0_fixed1);
	asm_write_cr4((asm_read_cr4() | CR4_OSXSAVE | header.caps.cr4_fixed0) & header.caps.cr4_fixed1);
	*(u32 *)vmxon_page = (u32)header.caps.basic & 0x7fffffffu;
	header.vmxon = (u64)(uintptr_t)vmxon_page;
	(void)asm_vmxon(header.vmxon);
}

_Noreturn void native_main(u32 magic, u32 info)
{
	(void)magic;
	(void)info;
	tables_init();
	(void)ata_read(ATA_BOOT, 0, 1, (u64)(uintptr_t)sector);
	params = *(const struct model_params *)(const void *)(sector + MODEL_PARAMS);
	caps_read(&header.caps);
	vmx_on();
	tables_build();
	bases_build();
	header.magic = MODEL_MAGIC;
	write_disk(0, &header, sizeof(header));
	switch (params.suite) {
	case SUITE_ENTRY:
		suite_entry();
		break;
	case SUITE_EPT:
		record_bytes = sizeof(struct ept_result);
		suite_ept();
		break;
	case SUITE_EXIT:
		record_bytes = sizeof(struct exit_result);
		suite_exit();
		break;
	case SUITE_COUNTER:
		record_bytes = sizeof(struct exit_result);
		suite_counter();
		break;
	case SUITE_INSTRUCTION:
		suite_instruction();
		break;
	default: break;
	}
	header.done = params.count;
	write_disk(0, &header, sizeof(header));
	off();
}

/* An exception in root mode: this case's outcome; the host goes on after it. */
void native_exception(u64 vector, u64 error, u64 rip, u64 rsp);
void native_exception(u64 vector, u64 error, u64 rip, u64 rsp)
{
	struct model_result *result = (struct model_result *)(void *)(results + last_slot % MODEL_BATCH * record_bytes);

	(void)rsp;
	result->tsc = asm_rdtsc();
	result->reason = RESULT_EXCEPTION;
	result->error = (u32)vector;
	result->qualification = error;
	result->extra = rip;
	header.done = last_slot + 1;
	flush(last_slot);
	write_disk(0, &header, sizeof(header));
	off();
}
