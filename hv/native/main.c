/* SPDX-License-Identifier: BSD-2-Clause */
/* From the boot loader to the last guest's end. */
#include "ata.h"
#include "asm.h"
#include "boot/header.h"
#include "controls.h"
#include "cpu.h"
#include "input.h"
#include "io.h"
#include "mem.h"
#include "memory.h"
#include "multiboot.h"
#include "native.h"
#include "plan.h"
#include "schedule.h"
#include "serial.h"
#include "start.h"
#include "stop.h"
#include "tables.h"
#include "text.h"
#include "trace.h"
#include "vcpu.h"

extern u8 hv_end[];

#define LINGER_ROUNDS 20000000u	/* 60 million ticks, half a second of Bochs */

static struct plan plan;
static u8 plan_bytes[(PLAN_BYTES + 511) / 512 * 512] __attribute__((aligned(512)));
static u8 sector[BOOT_SECTOR_BYTES] __attribute__((aligned(512)));

static void say(const char *before, const char *what)
{
	struct text text;

	text_begin(&text);
	text_string(&text, before);
	text_string(&text, what);
	output_message(text_end(&text));
}

static void report(u8 type, u16 code, u32 value)
{
	struct link_report r = { .type = type, .code = code, .value = value, .ticks = cpu_ticks() };

	output_report(&r);
}

static _Noreturn void missing(const char *what)
{
	say("this machine cannot run guests: it lacks ", what);
	report(LINK_MISSING, 0, 0);
	native_off();
}

static _Noreturn void unable(const char *why)
{
	say("", why);
	report(LINK_FATAL, 0, 0);
	native_off();
}

static u32 sector_u32(u32 offset)
{
	return (u32)sector[offset] | (u32)sector[offset + 1] << 8 | (u32)sector[offset + 2] << 16 |
	       (u32)sector[offset + 3] << 24;
}

/* Reads and checks the plan, or says why not and stops. */
static void load_plan(const struct plan_host *host)
{
	enum plan_error error = PLAN_BAD_MAGIC;
	vm_id vm = 0;

	if (mem_load(native_physical(sector), 0, BOOT_SECTOR_BYTES) && sector_u32(BOOT_OFF_MAGIC) == BOOT_MAGIC &&
	    mem_load(native_physical(plan_bytes), (u64)sector_u32(BOOT_OFF_PLAN_SECTOR) * BOOT_SECTOR_BYTES, PLAN_BYTES)) {
		error = plan_decode(plan_bytes, PLAN_BYTES, &plan);
		if (error == PLAN_OK)
			error = plan_validate(&plan, host, &vm);
	}
	if (error != PLAN_OK) {
		say("plan refused: ", plan_error_text(error));
		report(LINK_PLAN_REFUSED, (u16)error, vm);
		native_off();
	}
}

static u64 plan_image_bytes(void)
{
	u64 bytes = 0;

	for (vm_id vm = 0; vm < plan.vm_count; vm++)
		for (u32 i = 0; i < plan.vm[vm].image_count; i++)
			bytes += plan.vm[vm].image[i].bytes;
	return bytes;
}

/* Brings up one VM; a VM that cannot start is refused by name and the others go on. Returns the ticks of measuring. */
static u64 prepare(vm_id vm, const struct capabilities *caps)
{
	const struct plan_vm *p = &plan.vm[vm];
	struct controls controls;
	const char *lacks = controls_for(caps, p, &controls);
	u64 before, ticks;
	u32 bad;

	if (lacks != NULL)
		missing(lacks);
	stop_name(vm, p->name);
	if (!memory_prepare(vm, p)) {
		stop_refused(vm, "its images cannot be read from the boot medium");
		return 0;
	}
	before = cpu_ticks();
	bad = memory_measure(vm, p);
	ticks = cpu_ticks() - before;
	if (bad != PLAN_IMAGES) {
		struct text text;

		text_begin(&text);
		text_string(&text, "refused: image ");
		text_decimal(&text, bad);
		text_string(&text, " does not match its SHA-256");
		stop_refused(vm, text_end(&text));
		return ticks;
	}
	start_vm(vm, p, &controls, plan.quantum_ticks);
	input_started(vm);
	return ticks;
}

/* The tool stops the platform when all have ended, or a debugger looks at how they did: leave it the time. */
static void linger(void)
{
	native_flush();
	for (u32 i = 0; i < LINGER_ROUNDS; i++)
		__asm__ volatile("pause");
}

static void run(const struct capabilities *caps)
{
	u64 bytes = plan_image_bytes();
	u64 measuring = 0;

	report(LINK_PROGRESS, LINK_STAGE_LOADING, (u32)(bytes >> 10));
	for (vm_id vm = 0; vm < plan.vm_count; vm++)
		measuring += prepare(vm, caps);
	native_flush();
	for (vm_id vm = 0; vm < plan.vm_count; vm++) {
		struct link_report started = { .type = LINK_STARTED, .extra = { measuring, bytes } };

		if (vcpus[vm].state != VCPU_ENDED)
			vcpu_report(vm, &started);
		else
			schedule_report_end(&plan, vm);
	}
	schedule_run(&plan);
	trace_end();
	report(LINK_ALL_ENDED, 0, 0);
	linger();
}

_Noreturn void native_main(u32 magic, u32 info)
{
	struct plan_host host = { .hv_end = native_physical(hv_end) };
	struct capabilities caps;
	const char *lacks;
	bool exact;

	serial_init();
	tables_init();
	io_outb(0x21, 0xff);	/* the hypervisor polls: an interrupt of the host's would be an exit that no replay has */
	io_outb(0xa1, 0xff);
	if (magic == BOOT_MAGIC) {
		host.host_end = 0x100000ull + (u64)info * 1024;
	} else {
		native_link(PLAN_LINK_TEXT);
		if (magic != MULTIBOOT_MAGIC || !multiboot_medium(info, &host)) {
			say("", "booted without its medium as multiboot module 0: nothing to run");
			native_off();
		}
	}
	report(LINK_PROGRESS, LINK_STAGE_HYPERVISOR, 0);
	lacks = native_vmxon(&caps);
	if (lacks != NULL)
		missing(lacks);
	cpu_xcr0_write(CPU_XCR0);
	load_plan(&host);
	native_link(plan.link);
	exact = native_calibrate(&caps);
	if (!exact)
		say("warning: ", "the time-stamp counter does not count instructions: positions are not exact here");
	lacks = input_begin(&plan, exact);
	if (lacks != NULL)
		unable(lacks);
	run(&caps);
	native_off();
}

void native_off(void)
{
	native_flush();
	for (const char *s = "Shutdown"; *s != '\0'; s++)
		io_outb(0x8900, (u8)*s);	/* Bochs stops here */
	for (;;)
		__asm__ volatile("cli; hlt");
}

void native_exception(u64 vector, u64 error, u64 rip, u64 rsp)
{
	struct text text;

	(void)rsp;
	text_begin(&text);
	text_string(&text, "hypervisor exception ");
	text_decimal(&text, vector);
	text_string(&text, ", error code ");
	text_hex(&text, error);
	text_string(&text, ", CR2 ");
	text_hex(&text, asm_read_cr2());
	cpu_panic(text_end(&text), 0, "at RIP", rip);
}
