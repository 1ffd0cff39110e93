/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's first state: real, flat protected or 64-bit mode, as the plan says. */
#include "start.h"
#include "bitmaps.h"
#include "cpu.h"
#include "cpuid.h"
#include "dev/board.h"
#include "ept.h"
#include "guest.h"
#include "vcpu.h"
#include "vmcs.h"

#define CR0_OWNED (~CR0_DEFINED | CR0_NE | CR0_NW | CR0_CD)
#define GDT_LIMIT 31u

#define SEGMENTS_WRITTEN(vm) \
	vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT], \
	vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS], vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE]

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires seg:     seg <= SEG_TR;
    requires word:    selector <= 0xffff;
    assigns  SEGMENTS_WRITTEN(vm);
    exits    never:   \false;
    ensures  written: vmcs[vm][GUEST_ES_SELECTOR + 2 * seg] == selector && vmcs[vm][GUEST_ES_BASE + 2 * seg] == 0 &&
                      vmcs[vm][GUEST_ES_LIMIT + 2 * seg] == limit &&
                      vmcs[vm][GUEST_ES_ACCESS_RIGHTS + 2 * seg] == rights;
*/
static void write_segment(vm_id vm, u32 seg, u32 selector, u32 limit, u32 rights)
{
	u32 step = seg * VMCS_SEGMENT_STEP;

	cpu_vmwrite(vm, GUEST_ES_SELECTOR + step, selector);
	cpu_vmwrite(vm, GUEST_ES_BASE + step, 0);
	cpu_vmwrite(vm, GUEST_ES_LIMIT + step, limit);
	cpu_vmwrite(vm, GUEST_ES_ACCESS_RIGHTS + step, rights);
}

/* Access rights: present, code or data with accessed bit, granularity as the mode wants. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  SEGMENTS_WRITTEN(vm);
    exits    never:   \false;
    ensures  tr:      vmcs[vm][GUEST_TR_LIMIT] == 0xffff && vmcs[vm][GUEST_TR_ACCESS_RIGHTS] == 0x8b;
    ensures  ldtr:    vmcs[vm][GUEST_LDTR_ACCESS_RIGHTS] == AR_UNUSABLE;
*/
static void write_segments(vm_id vm, u32 start)
{
	bool real = start == PLAN_START_REAL;
	u32 limit = real ? 0xffffu : 0xffffffffu;
	u32 rights = AR_P | AR_S | AR_WRITABLE | AR_ACCESSED;
	u32 data = rights | (real ? 0 : AR_G | AR_DB);
	u32 code = rights | AR_CODE;

	if (start == PLAN_START_PROTECTED)
		code |= AR_G | AR_DB;
	else if (start == PLAN_START_LONG)
		code |= AR_G | AR_L;
	/*@ loop invariant range: SEG_ES <= seg <= SEG_LDTR;
	    loop assigns seg, SEGMENTS_WRITTEN(vm);
	    loop variant SEG_LDTR - seg;
	*/
	for (u32 seg = SEG_ES; seg <= SEG_GS; seg++)
		write_segment(vm, seg, real ? 0 : seg == SEG_CS ? 0x10 : 0x18, limit, seg == SEG_CS ? code : data);
	write_segment(vm, SEG_LDTR, 0, 0, AR_UNUSABLE);
	write_segment(vm, SEG_TR, 0, 0xffff, AR_P | 0xbu);	/* busy 32-bit TSS, which 64-bit mode wants too */
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires valid:   \valid_read(plan);
    assigns  vmcs[vm][CR0_GUEST_HOST_MASK .. CR4_READ_SHADOW], vmcs[vm][GUEST_CR0 .. GUEST_CR4],
             vmcs[vm][GUEST_IA32_DEBUGCTL .. GUEST_IA32_EFER], vmcs[vm][VMCS_LINK_POINTER],
             vmcs[vm][GUEST_SYSENTER_CS], vmcs[vm][GUEST_SYSENTER_ESP], vmcs[vm][GUEST_SYSENTER_EIP],
             vmcs[vm][GUEST_GDTR_BASE], vmcs[vm][GUEST_GDTR_LIMIT], vmcs[vm][GUEST_IDTR_BASE], vmcs[vm][GUEST_IDTR_LIMIT],
             vmcs[vm][GUEST_DR7 .. GUEST_PENDING_DEBUG_EXCEPTIONS], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE],
             vmcs[vm][GUEST_ACTIVITY_STATE];
    exits    never:   \false;
    ensures  masks:   vmcs[vm][CR0_GUEST_HOST_MASK] == cr0_mask &&
                      vmcs[vm][CR4_GUEST_HOST_MASK] == 0xffffffffffffffff - cr4_visible(plan->cpu);
    ensures  link:    vmcs[vm][VMCS_LINK_POINTER] == 0xffffffffffffffff;
    ensures  entry:   vmcs[vm][GUEST_RIP] == plan->rip && vmcs[vm][GUEST_RSP] == plan->rsp &&
                      vmcs[vm][GUEST_CR3] == plan->cr3 && vmcs[vm][GUEST_RFLAGS] == RFLAGS_FIXED &&
                      vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] == 0 && vmcs[vm][GUEST_ACTIVITY_STATE] == 0;
    ensures  host:    CR0_HOST_BITS(vmcs[vm][GUEST_CR0]) && (vmcs[vm][GUEST_CR4] & CR4_VMXE) != 0;
*/
static void write_system(vm_id vm, const struct plan_vm *plan)
{
	bool is_long = plan->start == PLAN_START_LONG;
	u64 cr0 = CR0_ET | (plan->start == PLAN_START_REAL ? 0 : CR0_PE) | (is_long ? CR0_PG : 0);
	u64 cr4 = is_long ? CR4_PAE : 0;

	cpu_vmwrite(vm, CR0_GUEST_HOST_MASK, CR0_OWNED);
	cpu_vmwrite(vm, CR0_READ_SHADOW, cr0);
	cpu_vmwrite(vm, GUEST_CR0, cr0 | CR0_NE);
	cpu_vmwrite(vm, CR4_GUEST_HOST_MASK, ~cpuid_cr4(plan->cpu));
	cpu_vmwrite(vm, CR4_READ_SHADOW, cr4);
	cpu_vmwrite(vm, GUEST_CR4, cr4 | CR4_VMXE);
	cpu_vmwrite(vm, GUEST_CR3, plan->cr3);
	cpu_vmwrite(vm, GUEST_IA32_EFER, is_long ? EFER_LME | EFER_LMA : 0);
	cpu_vmwrite(vm, GUEST_IA32_PAT, PAT_RESET);
	cpu_vmwrite(vm, GUEST_IA32_DEBUGCTL, 0);
	cpu_vmwrite(vm, GUEST_SYSENTER_CS, 0);
	cpu_vmwrite(vm, GUEST_SYSENTER_ESP, 0);
	cpu_vmwrite(vm, GUEST_SYSENTER_EIP, 0);
	cpu_vmwrite(vm, GUEST_GDTR_BASE, plan->gdt);
	cpu_vmwrite(vm, GUEST_GDTR_LIMIT, plan->gdt != 0 ? GDT_LIMIT : plan->start == PLAN_START_REAL ? 0xffff : 0);
	cpu_vmwrite(vm, GUEST_IDTR_BASE, 0);
	cpu_vmwrite(vm, GUEST_IDTR_LIMIT, plan->start == PLAN_START_REAL ? 0x3ff : 0);
	cpu_vmwrite(vm, GUEST_DR7, DR7_FIXED);
	cpu_vmwrite(vm, GUEST_RIP, plan->rip);
	cpu_vmwrite(vm, GUEST_RSP, plan->rsp);
	cpu_vmwrite(vm, GUEST_RFLAGS, RFLAGS_FIXED);
	cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE, 0);
	cpu_vmwrite(vm, GUEST_ACTIVITY_STATE, 0);
	cpu_vmwrite(vm, GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
	cpu_vmwrite(vm, VMCS_LINK_POINTER, ~0ull);
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires valid:   \valid_read(plan) && \valid_read(controls);
    requires legal:   controls_legal(controls);
    requires inv:     ept_inv(vm) && vm_ept[vm].hfn * 4096 == ept_place(vm);
    assigns  vmcs[vm][PIN_BASED_CONTROLS .. SECONDARY_CONTROLS], vmcs[vm][IO_BITMAP_A .. MSR_BITMAPS],
             vmcs[vm][EPT_POINTER], vmcs[vm][VPID];
    exits    never:   \false;
    ensures  words:   vmcs_controls(vm) && vmcs[vm][PROCESSOR_BASED_CONTROLS] == controls->cpu;
    ensures  ept:     vmcs[vm][EPT_POINTER] == vm_ept[vm].hfn * 4096 + 0x5e && vmcs[vm][VPID] == vm + 1;
    ensures  bitmaps: vmcs[vm][IO_BITMAP_A] == io_a_place(vm) &&
                      vmcs[vm][IO_BITMAP_B] == io_b_place(vm) &&
                      vmcs[vm][MSR_BITMAPS] == msr_place(vm);
    ensures  counts:  vmcs[vm][VM_EXIT_MSR_STORE_COUNT] == 0 && vmcs[vm][VM_EXIT_MSR_LOAD_COUNT] == 0 &&
                      vmcs[vm][VM_ENTRY_MSR_LOAD_COUNT] == 0;
    ensures  event:   vmcs[vm][VM_ENTRY_INTERRUPTION_INFO] == 0;
*/
static void write_controls(vm_id vm, const struct plan_vm *plan, const struct controls *controls)
{
	cpu_vmwrite(vm, PIN_BASED_CONTROLS, controls->pin);
	cpu_vmwrite(vm, PROCESSOR_BASED_CONTROLS, controls->cpu);
	cpu_vmwrite(vm, SECONDARY_CONTROLS, controls->cpu2);
	cpu_vmwrite(vm, VM_EXIT_CONTROLS, controls->exit);
	cpu_vmwrite(vm, VM_ENTRY_CONTROLS, controls->entry);
	cpu_vmwrite(vm, EXCEPTION_BITMAP, (plan->intercepts & PLAN_INTERCEPT_EXCEPTIONS) != 0 ? 0xffffffff : 0);
	cpu_vmwrite(vm, PAGE_FAULT_ERROR_CODE_MASK, 0);
	cpu_vmwrite(vm, PAGE_FAULT_ERROR_CODE_MATCH, 0);
	cpu_vmwrite(vm, CR3_TARGET_COUNT, 0);
	cpu_vmwrite(vm, VM_EXIT_MSR_STORE_COUNT, 0);
	cpu_vmwrite(vm, VM_EXIT_MSR_LOAD_COUNT, 0);
	cpu_vmwrite(vm, VM_ENTRY_MSR_LOAD_COUNT, 0);
	cpu_vmwrite(vm, VM_ENTRY_INTERRUPTION_INFO, 0);
	cpu_vmwrite(vm, TPR_THRESHOLD, 0);
	cpu_vmwrite(vm, IO_BITMAP_A, cpu_physical(vm_bitmaps[vm].io_a));
	cpu_vmwrite(vm, IO_BITMAP_B, cpu_physical(vm_bitmaps[vm].io_b));
	cpu_vmwrite(vm, MSR_BITMAPS, cpu_physical(vm_bitmaps[vm].msr));
	cpu_vmwrite(vm, EPT_POINTER, ept_pointer(vm));
	cpu_vmwrite(vm, VPID, vm + 1);	/* 0 is the hypervisor's */
}

void start_vm(vm_id vm, const struct plan_vm *plan, const struct controls *controls, u64 quantum_ticks)
{
	vcpus[vm].gpr[RAX] = plan->rax;
	vcpus[vm].gpr[RBX] = plan->rbx;
	vcpus[vm].gpr[RDX] = plan->rdx;
	vcpus[vm].gpr[RSI] = plan->rsi;
	vcpus[vm].state = VCPU_RUNNING;
	vcpus[vm].attention = ATTEND_TIME;
	vcpus[vm].position = 0;
	vcpus[vm].idle = 0;
	vcpus[vm].event_info = 0;
	vcpus[vm].quantum_end = quantum_ticks;
	vcpus[vm].controls = controls->cpu;
	vcpus[vm].cpu = plan->cpu;
	vcpus[vm].dr6 = DR6_FIXED;
	vcpus[vm].xcr0 = XCR0_X87;
	/*@ loop invariant range: 0 <= i <= 4;
	    loop assigns i, vcpus[vm].entropy[0 .. 3];
	    loop variant 4 - i;
	*/
	for (u32 i = 0; i < 4; i++)
		vcpus[vm].entropy[i] = plan->seed[i];
	board_reset(vm, plan->rtc_seconds);
	bitmaps_reset(vm);
	cpu_vmclear(vm);
	cpu_vmptrld(vm);
	cpu_host_state(vm);
	write_controls(vm, plan, controls);
	write_segments(vm, plan->start);
	write_system(vm, plan);
}
