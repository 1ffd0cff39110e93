/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU door: the machine behind VMX. hv/native/cpu.c is inline assembly, hv/hosted/cpu.c a VMCS in an array.
 * Functions that take a VM work on that VM's VMCS, which cpu_vmptrld has made current.
 */
#ifndef HV_CPU_H
#define HV_CPU_H

#include "bitmaps.h"
#include "cpuid.h"
#include "ept.h"
#include "gmem.h"
#include "memory.h"
#include "types.h"
#include "vcpu.h"
#include "vmcs.h"

#include "spec/doors.acsl"

/* VMREAD and VMWRITE of one field (enum vmcs_field). A field that does not exist stops the machine. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires known:    VMCS_KNOWN(field);
    assigns  \nothing;
    exits    never: \false;
    ensures  value:    \result == vmcs[vm][field];
    ensures  word:     VMCS_WIDTH(field) == 0 ==> \result <= 0xffff;
    ensures  double:   VMCS_WIDTH(field) == 2 ==> \result <= 0xffffffff;
*/
u64 cpu_vmread(vm_id vm, u32 field);
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires known:    VMCS_KNOWN(field);
    requires writable: VMCS_KIND(field) != 1;
    requires word:     VMCS_WIDTH(field) == 0 ==> value == (u16)value;
    requires double:   VMCS_WIDTH(field) == 2 ==> value == (u32)value;
    assigns  vmcs[vm][field];
    exits    never: \false;
    ensures  value:    vmcs[vm][field] == value;
*/
void cpu_vmwrite(vm_id vm, u32 field, u64 value);

/* VMCLEAR: initialises the VM's VMCS region, launch state clear (SDM 3C 24.11.3). */
/*@ requires vm:       vm < VM_MAX;
    assigns  vmcs[vm][0 .. 0x6fff], live_vmcs, vcpus[vm].launched;
    exits    never: \false;
*/
void cpu_vmclear(vm_id vm);

/* VMPTRLD: makes the VM's VMCS current. */
/*@ requires vm:       vm < VM_MAX;
    assigns  live_vmcs;
    exits    never: \false;
    ensures  current:  live_vmcs == vm;
*/
void cpu_vmptrld(vm_id vm);

/* Writes the host-state area: where and in what state the hypervisor wakes up at a VM exit (SDM 3C 24.5). */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    assigns  vmcs[vm][0x0c00 .. 0x0c0c], vmcs[vm][0x2c00 .. 0x2c04], vmcs[vm][0x4c00], vmcs[vm][0x6c00 .. 0x6c1c];
    exits    never: \false;
*/
void cpu_host_state(vm_id vm);

#include "spec/event.acsl"
#include "spec/isolation.acsl"

/* What a guest may change between its entry and its exit. */
#define GUEST_CHANGES(vm) \
	vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_CONTROLS], \
	vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_IA32_DEBUGCTL .. GUEST_PDPTE3], \
	vmcs[vm][GUEST_ES_LIMIT .. GUEST_SYSENTER_CS], vmcs[vm][GUEST_CR0 .. GUEST_INTERRUPT_SSP_TABLE], \
	vmcs[vm][GUEST_PHYSICAL_ADDRESS], vmcs[vm][VM_INSTRUCTION_ERROR .. VM_EXIT_INSTRUCTION_INFO], \
	vmcs[vm][EXIT_QUALIFICATION .. GUEST_LINEAR_ADDRESS], live_cr2, live_dr[6], live_msr[0 .. 5], live_xstate, \
	host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1], vm_ept[vm], \
	vcpus[vm].gpr[0 .. 15], vcpus[vm].host_rsp, vcpus[vm].tsc_entry, vcpus[vm].launched

#define CPU_ENTRY_FAILED INT64_MIN

/* VM entry until the next VM exit, with the guest's time-stamp counter equal to `tsc` at its first instruction.
 * Returns the ticks the guest retired, by the counter of the platform; may be negative by one when the exit came during
 * the delivery of an injected event. A VM entry that failed before loading guest state returns CPU_ENTRY_FAILED.
 * The precondition is the isolation theorem (proofs/ISOLATION.md): it is proved at the one call, in hv/run.c. The guest may
 * change its own RAM, its guest-state fields and the exit information, the registers that it shares with nobody while
 * it runs, and the A and D bits of its EPT; nothing else. */
/*@ requires vm:        vm < VM_MAX;
    requires current:   live_vmcs == vm;
    requires registers: live_vm == vm;
    requires isolated:  vm_isolated(vm);
    requires fresh:     vm_ept[vm].stale == 0;
    requires event:     event_entry_ok(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO], vmcs[vm][VM_ENTRY_EXCEPTION_ERROR_CODE],
                                       vmcs[vm][VM_ENTRY_INSTRUCTION_LENGTH], vmcs[vm][GUEST_CR0]);
    requires none_lost: vcpus[vm].event_info == 0;
    requires running:   vcpus[vm].state == VCPU_RUNNING;
    assigns  GUEST_CHANGES(vm);
    exits    never: \false;
    ensures  tables:    ept_same_tables{Pre, Post}(vm);
    ensures  delivered: event_valid(vmcs[vm][VM_ENTRY_INTERRUPTION_INFO]) == 0;
    ensures  controls:  entry_mandatory(vmcs[vm][VM_ENTRY_CONTROLS]);
    ensures  failed:    \result == CPU_ENTRY_FAILED ==> vmcs[vm][GUEST_CR0] == \old(vmcs[vm][GUEST_CR0]);
    ensures  time:      \result != CPU_ENTRY_FAILED ==>
                        -1 <= \result && 0 <= vcpus[vm].position + \result &&
                        vcpus[vm].position + vcpus[vm].idle + \result < 0x7fffffff00000000;
    ensures  back:      \result == -1 ==> exit_vectors(vmcs[vm][VM_EXIT_REASON]) &&
                        event_valid(vmcs[vm][IDT_VECTORING_INFO]) == 1;
    ensures  vectoring: exit_vectors(vmcs[vm][VM_EXIT_REASON]) ==>
                        event_reported_ok(vmcs[vm][IDT_VECTORING_INFO], vmcs[vm][IDT_VECTORING_ERROR_CODE],
                                          vmcs[vm][VM_EXIT_INSTRUCTION_LENGTH], vmcs[vm][GUEST_CR0]);
    ensures  exception: vmcs[vm][VM_EXIT_REASON] == 0 ==>
                        event_valid(vmcs[vm][VM_EXIT_INTERRUPTION_INFO]) == 1 &&
                        event_reported_ok(vmcs[vm][VM_EXIT_INTERRUPTION_INFO], vmcs[vm][VM_EXIT_INTERRUPTION_ERROR_CODE],
                                          vmcs[vm][VM_EXIT_INSTRUCTION_LENGTH], vmcs[vm][GUEST_CR0]);
    ensures  words:     vmcs[vm][VM_EXIT_REASON] <= 0xffffffff;
*/
s64 cpu_enter(vm_id vm, u64 tsc);

/* INVVPID, single context: the translations of the VM's VPID (SDM 3C 30.3). */
/*@ requires vm:       vm < VM_MAX;
    assigns  count_invvpid[vm];
    exits    never: \false;
    ensures  counted:  count_invvpid[vm] == (u64)(\old(count_invvpid[vm]) + 1);
*/
void cpu_invvpid(vm_id vm);

/* INVEPT, single context (SDM 3C 30.3). */
/*@ assigns  count_invept, last_invept;
    exits    never: \false;
    ensures  counted:  count_invept == (u64)(\old(count_invept) + 1);
    ensures  which:    last_invept == eptp;
*/
void cpu_invept(u64 eptp);

/* The MSRs that are swapped by hand (vcpu.h). */
/*@ requires swapped:  msr_slot(msr) < 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  value:    \result == live_msr[msr_slot(msr)];
*/
u64 cpu_msr_read(u32 msr);
/*@ requires swapped:  msr_slot(msr) < 7;
    assigns  live_msr[msr_slot(msr)];
    exits    never: \false;
    ensures  value:    live_msr[msr_slot(msr)] == value;
*/
void cpu_msr_write(u32 msr, u64 value);

/* CR2 and DR0..DR3, DR6, which VMX leaves in the machine. `n` is 0, 1, 2, 3 or 6. */
/*@ assigns  \nothing;
    exits    never: \false;
    ensures  value:    \result == live_cr2;
*/
u64 cpu_cr2_read(void);
/*@ assigns  live_cr2;
    exits    never: \false;
    ensures  value:    live_cr2 == value;
*/
void cpu_cr2_write(u64 value);
/*@ requires known:    dr_known(n);
    assigns  \nothing;
    exits    never: \false;
    ensures  value:    \result == live_dr[n];
*/
u64 cpu_dr_read(u32 n);
/*@ requires known:    dr_known(n);
    assigns  live_dr[n];
    exits    never: \false;
    ensures  value:    live_dr[n] == value;
*/
void cpu_dr_write(u32 n, u64 value);

/* XCR0, and the VM's XSAVE area: all state components that the platform offers to guests (CPU_XCR0). */
#define CPU_XCR0 7ull	/* x87, SSE, AVX */
/* XSETBV faults on what SDM 2C refuses: x87 is always on, AVX needs SSE. */
/*@ requires legal:    xcr0_legal(value);
    assigns  live_xcr0;
    exits    never: \false;
    ensures  value:    live_xcr0 == value;
*/
void cpu_xcr0_write(u64 value);
/*@ requires vm:       vm < VM_MAX;
    requires whole:    live_xcr0 == CPU_XCR0;
    assigns  saved_xstate[vm];
    exits    never: \false;
    ensures  saved:    saved_xstate[vm] == live_xstate;
*/
void cpu_xsave(vm_id vm);
/*@ requires vm:       vm < VM_MAX;
    requires whole:    live_xcr0 == CPU_XCR0;
    assigns  live_xstate;
    exits    never: \false;
    ensures  loaded:   live_xstate == saved_xstate[vm];
*/
void cpu_xrstor(vm_id vm);

/* The area itself, in XSAVE's standard format; valid between cpu_xsave and the VM's next entry. */
u8 *cpu_xsave_area(vm_id vm);

/* Ends the processor's blocking by NMI (virtual NMIs included) that another VM's NMI handler left behind. */
/*@ assigns  count_nmi_unblock;
    exits    never: \false;
    ensures  counted:  count_nmi_unblock == (u64)(\old(count_nmi_unblock) + 1);
*/
void cpu_nmi_unblock(void);

/* The platform's tick counter. */
/*@ assigns  \nothing;
    exits    never: \false;
*/
u64 cpu_ticks(void);

/* The host-physical address of an object of the hypervisor that is a page or starts one. */
/*@ assigns  \nothing;
    exits    never: \false;
    ensures  tables:   \forall integer v; 0 <= v < VM_MAX && object == &vm_ept[v].entry[0][0] ==> \result == ept_place(v);
    ensures  msr:      \forall integer v; 0 <= v < VM_MAX && object == &vm_bitmaps[v].msr[0] ==> \result == msr_place(v);
    ensures  io_a:     \forall integer v; 0 <= v < VM_MAX && object == &vm_bitmaps[v].io_a[0] ==> \result == io_a_place(v);
    ensures  io_b:     \forall integer v; 0 <= v < VM_MAX && object == &vm_bitmaps[v].io_b[0] ==> \result == io_b_place(v);
    ensures  ones:     object == &ones_page[0] ==> \result == ones_place;
    ensures  page:     \result % 4096 == 0 && \result + 4096 <= hypervisor_end;
*/
u64 cpu_physical(const u64 *object);

/* A broken promise inside the hypervisor: reports file and line and stops the machine. */
/*@ assigns  \nothing;
    exits    never: \false;
    ensures  stopped:  \false;
*/
_Noreturn void cpu_panic(const char *file, u32 line, const char *what, u64 value);

#define ASSERT(condition, value) \
	do { if (!(condition)) cpu_panic(__FILE__, __LINE__, #condition, (value)); } while (0)

#endif
