/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Eva analyses (proofs/eva): any plan, and guests that leave by any VM exit with anything in every field. The bodies
 * of the doors give anything that their types hold; no contract is believed, the core is all there is.
 */
#include "controls.h"
#include "host.h"
#include "input.h"
#include "mem.h"
#include "memory.h"
#include "plan.h"
#include "schedule.h"
#include "start.h"
#include "trace.h"

struct plan plan;
static u8 file[PLAN_BYTES];
static struct capabilities caps;
volatile u64 any;
volatile u32 any32;
volatile s64 any_ticks;

static void anything(u8 *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++)
		bytes[i] = (u8)any;
}

static void used(u64 value)
{
	any = value;
}

u64 cpu_vmread(vm_id vm, u32 field) { used(vm + field); return any; }
void cpu_vmwrite(vm_id vm, u32 field, u64 value) { used(vm + field + value); }
void cpu_vmclear(vm_id vm) { used(vm); }
void cpu_vmptrld(vm_id vm) { used(vm); }
void cpu_host_state(vm_id vm) { used(vm); }
void cpu_invvpid(vm_id vm) { used(vm); }
void cpu_invept(u64 eptp) { used(eptp); }
u64 cpu_msr_read(u32 msr) { used(msr); return any; }
void cpu_msr_write(u32 msr, u64 value) { used(msr + value); }
u64 cpu_cr2_read(void) { return any; }
void cpu_cr2_write(u64 value) { used(value); }
u64 cpu_dr_read(u32 n) { used(n); return any; }
void cpu_dr_write(u32 n, u64 value) { used(n + value); }
void cpu_xcr0_write(u64 value) { used(value); }
void cpu_xsave(vm_id vm) { used(vm); }
void cpu_xrstor(vm_id vm) { used(vm); }
void cpu_nmi_unblock(void) { used(0); }
u64 cpu_ticks(void) { return any; }
u64 cpu_physical(const u64 *object) { used(*object); return any; }
_Noreturn void cpu_panic(const char *at, u32 line, const char *what, u64 value)
{
	used((u64)*at + line + (u64)*what + value);
	for (;;)
		;
}

s64 cpu_enter(vm_id vm, u64 tsc)
{
	used(vm + tsc);
	for (u32 i = 0; i < 15; i++)
		vcpus[vm].gpr[i] = any;
	return any_ticks;
}

u64 mem_read(u64 hpa, u32 width) { used(hpa + width); return any; }
void mem_write(u64 hpa, u32 width, u64 value) { used(hpa + width + value); }
void mem_zero(u64 hpa, u64 bytes) { used(hpa + bytes); }
u64 mem_hash(u64 hpa, u64 bytes) { used(hpa + bytes); return any; }
bool mem_load(u64 hpa, u64 source, u64 bytes) { used(hpa + source + bytes); return any32 != 0; }
void mem_sha256(u64 hpa, u64 bytes, u8 digest[32])
{
	used(hpa + bytes);
	anything(digest, 32);
}

const char *input_begin(const struct plan *p, bool exact)
{
	used(p->vm_count + exact);
	return any32 != 0 ? "no" : NULL;
}
void input_started(vm_id vm) { used(vm); }
u32 input_console(vm_id vm) { used(vm); return any32 % 257 == 256 ? INPUT_NONE : (u8)any32; }
bool input_ready(vm_id vm) { used(vm); return any32 != 0; }
u64 input_time(vm_id vm, u64 now) { used(vm + now); return any; }
u64 input_wait(vm_id vm, u64 now, u64 until) { used(vm + now + until); return any; }
void input_boundary(vm_id vm) { used(vm); }
u64 input_end(vm_id vm) { used(vm); return any; }
void output_console(vm_id vm, u8 byte) { used(vm + byte); }
void output_message(const char *text) { used((u64)*text); }
void output_report(const struct link_report *report) { used(report->exits); }
void output_drain(void) { used(0); }
void trace_exit(vm_id vm, const struct vmexit *exit) { used(vm + exit->reason); }
void trace_handled(vm_id vm, const struct vmexit *exit) { used(vm + exit->reason); }

/* What plan_validate has found, which its own proof says; Eva forgets it: it does not relate a loop to its end. */
static void plan_bounds(void)
{
	for (vm_id vm = 0; vm < VM_MAX; vm++) {
		if (plan.vm[vm].image_count > PLAN_IMAGES)
			plan.vm[vm].image_count = PLAN_IMAGES;
		if (plan.vm[vm].weight == 0)
			plan.vm[vm].weight = 1;
	}
	if (plan.vm_count > VM_MAX)
		plan.vm_count = VM_MAX;
}

void eva(void)
{
	struct plan_host host;
	vm_id vm;

	anything((u8 *)&host, sizeof(host));
	anything(file, sizeof(file));
	anything((u8 *)&caps, sizeof(caps));
	if (plan_decode(file, PLAN_BYTES, &plan) != PLAN_OK || plan_validate(&plan, &host, &vm) != PLAN_OK)
		return;
	plan_bounds();
	if (controls_missing_ept(&caps) != NULL || input_begin(&plan, true) != NULL)
		return;
	for (vm = 0; vm < plan.vm_count; vm++) {
		struct controls controls;

		if (controls_for(&caps, &plan.vm[vm], &controls) != NULL)
			return;
		if (!memory_prepare(vm, &plan.vm[vm]))
			continue;
		(void)memory_measure(vm, &plan.vm[vm]);
		start_vm(vm, &plan.vm[vm], &controls, plan.quantum_ticks);
		input_started(vm);
	}
	schedule_run(&plan);
}
