/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM exits as data: what the processor reported, and what shall happen next.
 *
 *   VM exit -> exit_load() -> struct vmexit -> exit_handle() -> enum action -> exit_commit() -> VM entry
 */
#ifndef HV_EXIT_H
#define HV_EXIT_H

#include "cpu.h"
#include "cpuid.h"
#include "dev/board.h"
#include "gmem.h"
#include "guest.h"
#include "io.h"
#include "types.h"

/* Basic exit reasons (SDM 3D appendix C). */
enum exit_reason {
#define VM_EXIT(name, number, fields, text) EXIT_##name = number,
#include "exits.def"
#undef VM_EXIT
	EXIT_REASONS = 70
};

/* What the processor reported (SDM 3C 24.9). exit_load fills the fields that the reason defines, the others are stale. */
struct vmexit {
	u32 reason;		/* basic reason; EXIT_REASON_ENTRY_FAILURE kept in bit 31 */
	u32 length;		/* VM-exit instruction length, bytes */
	u64 qualification;
	u64 gpa;		/* guest-physical address */
	u64 linear;		/* guest-linear address */
	u32 interruption;	/* VM-exit interruption information */
	u32 interruption_error;
	u32 vectoring;		/* IDT-vectoring information */
	u32 vectoring_error;
	u32 info;		/* VM-exit instruction information */
	u32 reserved;
};

enum action {
	ACTION_RESUME,	/* enter again at the same RIP (an event may be pending) */
	ACTION_SKIP,	/* the instruction is complete: RIP moves past it, the position by one */
	ACTION_STOP	/* this VM cannot go on: the caller names the reason */
};

#include "spec/exit.acsl"

/*@ // What an exit reports of an event: of the one whose delivery it interrupted, and of the exception that exited.
    predicate event_vectoring_ok{L}(integer v, struct vmexit *e) =
      event_reported_ok(e->vectoring, e->vectoring_error, vmcs[v][VM_EXIT_INSTRUCTION_LENGTH], vmcs[v][GUEST_CR0]);
    predicate event_interruption_ok{L}(integer v, struct vmexit *e) =
      event_valid(e->interruption) == 1 &&
      event_reported_ok(e->interruption, e->interruption_error, e->length, vmcs[v][GUEST_CR0]);
*/

/* Reads the exit fields of the VM's VMCS. The only reader of VM-exit information. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid(exit);
    assigns  *exit;
    exits    never:   \false;
    ensures  reason:  exit->reason == vmcs[vm][VM_EXIT_REASON];
    ensures  event:   exit->reason == EXIT_EXCEPTION_NMI || exit->reason == EXIT_TASK_SWITCH ||
                      exit->reason == EXIT_EPT_VIOLATION ==>
                      exit->vectoring == vmcs[vm][IDT_VECTORING_INFO] &&
                      (event_valid(exit->vectoring) == 1 ==>
                       exit->vectoring_error == vmcs[vm][IDT_VECTORING_ERROR_CODE]);
    ensures  exception: exit->reason == EXIT_EXCEPTION_NMI ==>
                      exit->interruption == vmcs[vm][VM_EXIT_INTERRUPTION_INFO] &&
                      exit->interruption_error == vmcs[vm][VM_EXIT_INTERRUPTION_ERROR_CODE] &&
                      exit->length == vmcs[vm][VM_EXIT_INSTRUCTION_LENGTH];
*/
void exit_load(vm_id vm, struct vmexit *exit);

/* VMCS fields that handlers write: guest state, the read shadows, and of the controls the entry's IA-32e mode. */
#define HANDLED_FIELDS(vm) \
	vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_RSP], vmcs[vm][GUEST_RFLAGS], vmcs[vm][GUEST_CR0], vmcs[vm][GUEST_CR3], \
	vmcs[vm][GUEST_CR4], vmcs[vm][CR0_READ_SHADOW], vmcs[vm][CR4_READ_SHADOW], vmcs[vm][GUEST_DR7], \
	vmcs[vm][GUEST_IA32_EFER], vmcs[vm][GUEST_IA32_PAT], vmcs[vm][GUEST_IA32_DEBUGCTL], \
	vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3], \
	vmcs[vm][GUEST_SYSENTER_CS], vmcs[vm][GUEST_SYSENTER_ESP], vmcs[vm][GUEST_SYSENTER_EIP], \
	vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS], vmcs[vm][VM_ENTRY_CONTROLS], \
	vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT], \
	vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS], vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE]

/*@ // The exits that the hypervisor knows; all others stop the VM.
    predicate exit_known(integer r) =
      r == 0 || r == 1 || r == 2 || 7 <= r <= 32 || r == 36 || r == 39 || r == 40 || r == 48 || 50 <= r <= 55 ||
      57 <= r <= 61 || r == 63 || r == 64 || 67 <= r <= 69;
*/

/* Emulates what the exit asks for. Unknown reasons: ACTION_STOP. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires exit:     \valid_read(exit) && \separated(exit, boards + (0 .. VM_MAX - 1));
    requires none:     vcpus[vm].event_info == 0;
    requires board:    board_ok(&boards[vm]);
    requires clock:    CLOCK_OK(vm) || (exit_vectors(exit->reason) && event_valid(exit->vectoring) == 1 &&
                       board_at(&boards[vm], vcpus[vm].position + vcpus[vm].idle + 1));
    requires ready:    gmem_ready(vm);
    requires event:    exit->reason == EXIT_EXCEPTION_NMI || exit->reason == EXIT_TASK_SWITCH ||
                       exit->reason == EXIT_EPT_VIOLATION ==> event_vectoring_ok(vm, exit);
    requires exception: exit->reason == EXIT_EXCEPTION_NMI ==> event_interruption_ok(vm, exit);
    requires confined: ept_confined(vm);
    requires noted:    ATTENTION_OK(vm);
    requires time:     TIME_OK(vm);
    assigns  PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), HANDLED_FIELDS(vm), live_cr2, live_dr[0 .. 6], live_xcr0,
             count_invvpid[vm], vcpus[vm].gpr[0 .. 15], vcpus[vm].cr8, vcpus[vm].xcr0, vcpus[vm].entropy[0 .. 3];
    exits    never:    \false;
    ensures  time:     \result != ACTION_STOP ==>
                       \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  clock:    \result != ACTION_STOP ==> CLOCK_OK(vm);
    ensures  tick:     \result != ACTION_STOP && exit_vectors(exit->reason) && event_valid(exit->vectoring) == 1 ==>
                       vcpus[vm].position > \old(vcpus[vm].position);
    ensures  noted:    ATTENTION_OK(vm);
    ensures  action:   \result == ACTION_SKIP || \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  board:    board_ok(&boards[vm]);
    ensures  pending:  \result != ACTION_STOP && vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
    ensures  entry:    entry_mandatory(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==> entry_mandatory(vmcs[vm][VM_ENTRY_CONTROLS]);
    ensures  xcr0:     live_xcr0 == vcpus[vm].xcr0 && xcr0_legal(live_xcr0) ||
                       live_xcr0 == \old(live_xcr0) && vcpus[vm].xcr0 == \old(vcpus[vm].xcr0);
    ensures  tables:   ept_inv(vm) && vm_ept[vm].stale == \old(vm_ept[vm].stale) &&
                       vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  confined: ept_confined(vm);
    ensures  unknown:  !exit_known(exit->reason) ==> \result == ACTION_STOP && nothing_pending{Pre, Post}(vm);
*/
enum action exit_handle(vm_id vm, const struct vmexit *exit);

/* Moves RIP past a completed instruction: the one place where RIP advances. Ends blocking by STI and MOV SS, raises the
 * single-step trap if RFLAGS.TF is set (SDM 3C 32.2 leaves this to the hypervisor). */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    assigns  vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_RFLAGS],
             vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS], vcpus[vm].position;
    exits    never:    \false;
    ensures  rip:      vmcs[vm][GUEST_RIP] == (u64)(\old(vmcs[vm][GUEST_RIP]) + length) ||
                       vmcs[vm][GUEST_RIP] == ((u64)(\old(vmcs[vm][GUEST_RIP]) + length) & 0xffffffff);
    ensures  long:     (vmcs[vm][GUEST_CS_ACCESS_RIGHTS] & AR_L) != 0 ==>
                       vmcs[vm][GUEST_RIP] == (u64)(\old(vmcs[vm][GUEST_RIP]) + length);
    ensures  shadow:   (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) == 0;
    ensures  step:     (\old(vmcs[vm][GUEST_RFLAGS]) & RFLAGS_TF) != 0 ==>
                       vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS] ==
                       (\old(vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS]) | PENDING_DEBUG_BS);
    ensures  no_step:  (\old(vmcs[vm][GUEST_RFLAGS]) & RFLAGS_TF) == 0 ==>
                       vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS] == \old(vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS]);
    ensures  tick:     vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
void exit_skip(vm_id vm, u32 length);

/* "CPUID" ... as in exits.def, or null. */
/*@ assigns \result \from reason;
    exits   never: \false;
    ensures text:  \result != \null ==> \valid_read(\result);
*/
const char *exit_name(u32 reason);

/* The handlers, one file each: hv/exit_*.c */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vcpus[vm].gpr[RAX], vcpus[vm].gpr[RBX], vcpus[vm].gpr[RCX], vcpus[vm].gpr[RDX];
    exits    never:   \false;
    ensures  skip:    \result == ACTION_SKIP;
    ensures  halves:  vcpus[vm].gpr[RAX] <= 0xffffffff && vcpus[vm].gpr[RBX] <= 0xffffffff &&
                      vcpus[vm].gpr[RCX] <= 0xffffffff && vcpus[vm].gpr[RDX] <= 0xffffffff;
    ensures  hidden:  \old((u32)vcpus[vm].gpr[RAX]) == 1 ==> CPUID_1_ECX_HIDDEN(vcpus[vm].gpr[RCX]);
*/
enum action exit_cpuid(vm_id vm);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit) && \separated(exit, boards + (0 .. VM_MAX - 1));
    requires none:    vcpus[vm].event_info == 0;
    requires board:   board_ok(&boards[vm]);
    requires clock:   CLOCK_OK(vm);
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), live_cr2,
             vcpus[vm].gpr[RAX], vcpus[vm].gpr[RCX], vcpus[vm].gpr[RSI], vcpus[vm].gpr[RDI],
             vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS];
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  clock:   CLOCK_OK(vm);
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  board:   board_ok(&boards[vm]);
    ensures  tables:  ept_same_tables{Pre, Post}(vm);
    ensures  pending: vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
    behavior illegal:
      assumes exit->qualification % 8 == 2 || exit->qualification % 8 > 3;
      assigns \nothing;
      ensures stop:   \result == ACTION_STOP;
    behavior string:
      assumes (exit->qualification & IO_STRING) != 0 &&
              (exit->qualification % 8 <= 1 || exit->qualification % 8 == 3);
      ensures action: \result == ACTION_SKIP || \result == ACTION_RESUME || \result == ACTION_STOP;
    behavior in:
      assumes (exit->qualification & IO_STRING) == 0 && (exit->qualification & IO_IN) != 0 &&
              (exit->qualification % 8 <= 1 || exit->qualification % 8 == 3);
      assigns boards[vm], vcpus[vm].attention, vcpus[vm].gpr[RAX];
      ensures skip:   \result == ACTION_SKIP;
      ensures byte:   \old(exit->qualification) % 8 == 0 ==>
                      vcpus[vm].gpr[RAX] / 0x100 == \old(vcpus[vm].gpr[RAX]) / 0x100;
      ensures word:   \old(exit->qualification) % 8 == 1 ==>
                      vcpus[vm].gpr[RAX] / 0x10000 == \old(vcpus[vm].gpr[RAX]) / 0x10000;
      ensures double: \old(exit->qualification) % 8 == 3 ==> vcpus[vm].gpr[RAX] <= 0xffffffff;
    behavior out:
      assumes (exit->qualification & IO_STRING) == 0 && (exit->qualification & IO_IN) == 0 &&
              (exit->qualification % 8 <= 1 || exit->qualification % 8 == 3);
      assigns PORTS(vm);
      ensures skip:   \result == ACTION_SKIP;
    complete behaviors;
    disjoint behaviors;
*/
enum action exit_io(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit) && \separated(exit, boards + (0 .. VM_MAX - 1));
    requires width:   exit->qualification % 8 <= 1 || exit->qualification % 8 == 3;
    requires none:    vcpus[vm].event_info == 0;
    requires board:   board_ok(&boards[vm]);
    requires clock:   CLOCK_OK(vm);
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  PORTS(vm), INJECTED(vm), GUEST_MEMORY(vm), live_cr2,
             vcpus[vm].gpr[RCX], vcpus[vm].gpr[RSI], vcpus[vm].gpr[RDI],
             vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS];
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  clock:   CLOCK_OK(vm);
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_SKIP || \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  board:   board_ok(&boards[vm]);
    ensures  tables:  ept_same_tables{Pre, Post}(vm);
    ensures  pending: vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
*/
COLD enum action exit_string_io(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vcpus[vm].gpr[RAX], vcpus[vm].gpr[RDX];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    behavior field:
      assumes msr_guest_field((u32)vcpus[vm].gpr[RCX]) != 0;
      ensures value:  \result == ACTION_SKIP &&
                      edx_eax(vm) == vmcs[vm][msr_guest_field((u32)vcpus[vm].gpr[RCX])] &&
                      vcpus[vm].gpr[RAX] <= 0xffffffff && vcpus[vm].gpr[RDX] <= 0xffffffff;
      ensures none:   nothing_pending{Pre, Post}(vm);
    behavior time:
      assumes (u32)vcpus[vm].gpr[RCX] == IA32_TIME_STAMP_COUNTER;
      ensures value:  \result == ACTION_SKIP && edx_eax(vm) == (u64)(vcpus[vm].position + vcpus[vm].idle);
      ensures none:   nothing_pending{Pre, Post}(vm);
    behavior constant:
      assumes (u32)vcpus[vm].gpr[RCX] == IA32_MISC_ENABLE || (u32)vcpus[vm].gpr[RCX] == IA32_PLATFORM_ID ||
              (u32)vcpus[vm].gpr[RCX] == IA32_BIOS_SIGN_ID ||
              ((u32)vcpus[vm].gpr[RCX] == IA32_XSS && vcpus[vm].cpu == PLAN_CPU_AVX);
      ensures value:  \result == ACTION_SKIP &&
                      edx_eax(vm) == ((u32)vcpus[vm].gpr[RCX] == IA32_MISC_ENABLE ? 1 : 0);
      ensures none:   nothing_pending{Pre, Post}(vm);
    behavior absent:
      assumes msr_guest_field((u32)vcpus[vm].gpr[RCX]) == 0 && (u32)vcpus[vm].gpr[RCX] != IA32_TIME_STAMP_COUNTER &&
              (u32)vcpus[vm].gpr[RCX] != IA32_MISC_ENABLE && (u32)vcpus[vm].gpr[RCX] != IA32_PLATFORM_ID &&
              (u32)vcpus[vm].gpr[RCX] != IA32_BIOS_SIGN_ID &&
              ((u32)vcpus[vm].gpr[RCX] != IA32_XSS || vcpus[vm].cpu != PLAN_CPU_AVX);
      assigns INJECTED(vm);
      ensures fault:  \result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0);
    complete behaviors;
    disjoint behaviors;
*/
COLD enum action exit_rdmsr(vm_id vm);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vmcs[vm][GUEST_SYSENTER_CS], vmcs[vm][GUEST_SYSENTER_ESP], vmcs[vm][GUEST_SYSENTER_EIP],
             vmcs[vm][GUEST_IA32_PAT], vmcs[vm][GUEST_IA32_EFER], vmcs[vm][GUEST_FS_BASE], vmcs[vm][GUEST_GS_BASE],
             vmcs[vm][GUEST_IA32_DEBUGCTL];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  result:  (\result == ACTION_SKIP && nothing_pending{Pre, Post}(vm)) ||
                      (\result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0));
    ensures  efer:    (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) == (\old(vmcs[vm][GUEST_IA32_EFER]) & EFER_LMA);
    ensures  fault:   \result == ACTION_RESUME ==>
                      vmcs[vm][GUEST_IA32_EFER] == \old(vmcs[vm][GUEST_IA32_EFER]) &&
                      vmcs[vm][GUEST_IA32_PAT] == \old(vmcs[vm][GUEST_IA32_PAT]) &&
                      vmcs[vm][GUEST_FS_BASE] == \old(vmcs[vm][GUEST_FS_BASE]) &&
                      vmcs[vm][GUEST_GS_BASE] == \old(vmcs[vm][GUEST_GS_BASE]);
    behavior base:
      assumes (u32)vcpus[vm].gpr[RCX] == IA32_FS_BASE || (u32)vcpus[vm].gpr[RCX] == IA32_GS_BASE ||
              (u32)vcpus[vm].gpr[RCX] == IA32_SYSENTER_ESP || (u32)vcpus[vm].gpr[RCX] == IA32_SYSENTER_EIP;
      ensures canonical: canonical(edx_eax(vm)) <==> \result == ACTION_SKIP;
      ensures value:  \result == ACTION_SKIP ==> vmcs[vm][msr_guest_field((u32)vcpus[vm].gpr[RCX])] == edx_eax(vm);
    behavior absent:
      assumes msr_guest_field((u32)vcpus[vm].gpr[RCX]) == 0 && (u32)vcpus[vm].gpr[RCX] != IA32_MISC_ENABLE &&
              (u32)vcpus[vm].gpr[RCX] != IA32_BIOS_SIGN_ID;
      assigns INJECTED(vm);
      ensures fault:  \result == ACTION_RESUME;
    behavior ignored:
      assumes (u32)vcpus[vm].gpr[RCX] == IA32_MISC_ENABLE || (u32)vcpus[vm].gpr[RCX] == IA32_BIOS_SIGN_ID;
      assigns \nothing;
      ensures skip:   \result == ACTION_SKIP;
    disjoint behaviors;
*/
COLD enum action exit_wrmsr(vm_id vm);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vcpus[vm].gpr[0 .. 15], vcpus[vm].cr8, count_invvpid[vm],
             vmcs[vm][GUEST_RSP], vmcs[vm][GUEST_CR0], vmcs[vm][GUEST_CR3], vmcs[vm][GUEST_CR4],
             vmcs[vm][CR0_READ_SHADOW], vmcs[vm][CR4_READ_SHADOW], vmcs[vm][GUEST_IA32_EFER],
             vmcs[vm][VM_ENTRY_CONTROLS], vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2],
             vmcs[vm][GUEST_PDPTE3];
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_SKIP || \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  pending: event_pending_ok(vm) && vcpus[vm].state == \old(vcpus[vm].state);
    ensures  skip:    \result == ACTION_SKIP ==> nothing_pending{Pre, Post}(vm);
    ensures  fault:   \result == ACTION_RESUME ==> fault_pending{Pre, Post}(vm, VECTOR_GP, 0);
    ensures  entry:   ENTRY_MANDATORY(\old(vmcs[vm][VM_ENTRY_CONTROLS])) ==>
                      ENTRY_MANDATORY(vmcs[vm][VM_ENTRY_CONTROLS]);
    ensures  cr0:     vmcs[vm][GUEST_CR0] == \old(vmcs[vm][GUEST_CR0]) || CR0_HOST_BITS(vmcs[vm][GUEST_CR0]);
    ensures  cr4:     vmcs[vm][GUEST_CR4] == \old(vmcs[vm][GUEST_CR4]) || (vmcs[vm][GUEST_CR4] & CR4_VMXE) != 0;
    ensures  cr8:     vcpus[vm].cr8 == \old(vcpus[vm].cr8) || vcpus[vm].cr8 <= 0xf;
*/
COLD enum action exit_cr(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  INJECTED(vm), vcpus[vm].gpr[0 .. 15], vmcs[vm][GUEST_RSP], vmcs[vm][GUEST_DR7], live_dr[0 .. 6];
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_SKIP || \result == ACTION_RESUME;
    ensures  pending: event_pending_ok(vm) && vcpus[vm].state == \old(vcpus[vm].state);
    ensures  skip:    \result == ACTION_SKIP ==> nothing_pending{Pre, Post}(vm);
    ensures  fault:   \result == ACTION_RESUME ==> vcpus[vm].event_info != 0;
    ensures  user:    vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4 != 0 ==>
                      \result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0) &&
                      vmcs[vm][GUEST_DR7] == \old(vmcs[vm][GUEST_DR7]);
*/
COLD enum action exit_dr(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires none:    vcpus[vm].event_info == 0;
    requires event:   event_interruption_ok(vm, exit) && event_vectoring_ok(vm, exit);
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  INJECTED(vm), vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_DR7], live_dr[6], live_cr2;
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  tick:    \result != ACTION_STOP && event_valid(exit->vectoring) == 1 ==>
                      vcpus[vm].position > \old(vcpus[vm].position);
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  pending: vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
    ensures  again:   \result == ACTION_RESUME && event_type(exit->interruption) != 2 ==>
                      vcpus[vm].event_info != 0 || vcpus[vm].state == VCPU_ENDED;
    ensures  same:    \result == ACTION_RESUME && event_type(exit->interruption) == 3 &&
                      event_valid(exit->vectoring) == 0 ==>
                      vcpus[vm].event_info == exit->interruption - exit->interruption / 0x1000 % 2 * 0x1000 &&
                      vcpus[vm].event_error == exit->interruption_error;
*/
COLD enum action exit_exception(vm_id vm, const struct vmexit *exit);

/* Loads the four PDPTEs from CR3 (SDM 3A 4.4.1). False: a reserved bit is set, or they lie outside the VM's RAM. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires ready:   gmem_ready(vm);
    assigns  vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3];
    exits    never:   \false;
*/
bool exit_load_pdptes(vm_id vm, u64 cr3);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires none:    vcpus[vm].event_info == 0;
    requires ready:   gmem_ready(vm);
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  INJECTED(vm), GUEST_MEMORY(vm), live_dr[6], count_invvpid[vm], vcpus[vm].gpr[0 .. 15],
             vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_RSP], vmcs[vm][GUEST_CR0], vmcs[vm][GUEST_CR3], vmcs[vm][GUEST_DR7],
             vmcs[vm][GUEST_PDPTE0], vmcs[vm][GUEST_PDPTE1], vmcs[vm][GUEST_PDPTE2], vmcs[vm][GUEST_PDPTE3],
             vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR],
             vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT], vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS],
             vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE];
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  tick:    \result != ACTION_STOP && event_valid(exit->vectoring) == 1 ==>
                      vcpus[vm].position > \old(vcpus[vm].position);
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  pending: \result == ACTION_RESUME && vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
    ensures  tables:  ept_same_tables{Pre, Post}(vm);
*/
COLD enum action exit_task_switch(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires none:    vcpus[vm].event_info == 0;
    requires event:   event_vectoring_ok(vm, exit);
    requires inv:     ept_inv(vm);
    requires noted:   ATTENTION_OK(vm);
    requires time:    TIME_OK(vm);
    assigns  vcpus[vm].event_info, vcpus[vm].event_error, vcpus[vm].event_length, vcpus[vm].attention,
             vcpus[vm].position, vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vm_ept[vm];
    exits    never:   \false;
    ensures  time:    \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 4;
    ensures  tick:    \result != ACTION_STOP && event_valid(exit->vectoring) == 1 ==>
                      vcpus[vm].position > \old(vcpus[vm].position);
    ensures  noted:   ATTENTION_OK(vm);
    ensures  action:  \result == ACTION_RESUME || \result == ACTION_STOP;
    ensures  inv:     ept_inv(vm) && vm_ept[vm].stale == \old(vm_ept[vm].stale) && vm_ept[vm].hfn == \old(vm_ept[vm].hfn);
    ensures  pending: event_pending_ok(vm);
    ensures  again:   event_valid(exit->vectoring) == 1 ==>
                      vcpus[vm].event_info == exit->vectoring - exit->vectoring / 0x1000 % 2 * 0x1000 &&
                      vcpus[vm].event_error == exit->vectoring_error;
    ensures  inside:  exit->gpa < vm_ram[vm].bytes ==> \result == ACTION_STOP;
    ensures  write:   (exit->qualification & 6) != 0 ==> \result == ACTION_STOP;
    ensures  ones:    \result == ACTION_RESUME ==>
                      ept_translation(vm, exit->gpa / 4096) == ept_page(ones_place / 4096, EPT_READ, EPT_MT_WB);
    ensures  others:  \forall integer h; 0 <= h < EPT_GFN_END && (h != exit->gpa / 4096 || \result == ACTION_STOP) ==>
                      ept_same_at{Pre, Post}(vm, h);
*/
COLD enum action exit_ept_violation(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires ready:   gmem_ready(vm);
    assigns  GUEST_MEMORY(vm), vcpus[vm].gpr[0 .. 15], vmcs[vm][GUEST_RSP], vmcs[vm][GUEST_RFLAGS],
             vcpus[vm].entropy[0 .. 3];
    exits    never:   \false;
    ensures  skip:    \result == ACTION_SKIP;
    ensures  flags:   vmcs[vm][GUEST_RFLAGS] == ((\old(vmcs[vm][GUEST_RFLAGS]) & ~RFLAGS_ARITHMETIC) | RFLAGS_CF);
    ensures  others:  \forall integer k; 0 <= k < 16 && k != exit->info / 8 % 16 ==>
                      guest_gpr_of(vm, k) == \old(guest_gpr_of(vm, k));
    ensures  tables:  ept_same_tables{Pre, Post}(vm);
*/
COLD enum action exit_random(vm_id vm, const struct vmexit *exit);

/*@ requires vm:      vm < VM_MAX;
    assigns  count_invvpid[vm];
    exits    never:   \false;
    ensures  skip:    \result == ACTION_SKIP;
    ensures  flushed: count_invvpid[vm] == (u64)(\old(count_invvpid[vm]) + 1);
*/
COLD enum action exit_invlpg(vm_id vm);

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires none:    vcpus[vm].event_info == 0;
    requires noted:   ATTENTION_OK(vm);
    assigns  INJECTED(vm), vcpus[vm].xcr0, live_xcr0;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    behavior sets:
      assumes vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4 == 0 && (u32)vcpus[vm].gpr[RCX] == 0 &&
              xcr0_legal(edx_eax(vm));
      assigns vcpus[vm].xcr0, live_xcr0;
      ensures skip:   \result == ACTION_SKIP;
      ensures value:  vcpus[vm].xcr0 == edx_eax(vm) && live_xcr0 == edx_eax(vm);
    behavior refuses:
      assumes vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4 != 0 || (u32)vcpus[vm].gpr[RCX] != 0 ||
              !xcr0_legal(edx_eax(vm));
      assigns INJECTED(vm);
      ensures fault:  \result == ACTION_RESUME && fault_pending{Pre, Post}(vm, VECTOR_GP, 0);
    complete behaviors;
    disjoint behaviors;
*/
COLD enum action exit_xsetbv(vm_id vm);

/* Sets blocking by NMI again if the exit interrupted an IRET that had ended it (SDM 3C 27.2.3). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_INTERRUPTIBILITY_STATE];
    exits    never:   \false;
    ensures  set:     unblocked ==> vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] ==
                      (\old(vmcs[vm][GUEST_INTERRUPTIBILITY_STATE]) | BLOCKING_BY_NMI);
    ensures  kept:    !unblocked ==> vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] ==
                      \old(vmcs[vm][GUEST_INTERRUPTIBILITY_STATE]);
*/
void exit_restore_nmi_blocking(vm_id vm, bool unblocked);

#endif
