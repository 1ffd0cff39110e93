/* SPDX-License-Identifier: BSD-2-Clause */
/* VM exits: loading what the processor reported, dispatch, and the one place where RIP advances. */
#include "exit.h"
#include "cpu.h"
#include "guest.h"
#include "inject.h"
#include "link.h"
#include "vcpu.h"
#include "vmcs.h"

/* Which groups of VM-exit information a reason defines (SDM 3C 27.2). */
#define LOAD_LENGTH 1u
#define LOAD_QUALIFICATION 2u
#define LOAD_ADDRESSES 4u
#define LOAD_INTERRUPTION 8u
#define LOAD_VECTORING 16u
#define LOAD_INFO 32u
#define LOADS(load, group) ((load) / (group) % 2u != 0)

static const u8 loads[EXIT_REASONS] = {
#define VM_EXIT(name, number, fields, text) [number] = fields,
#include "exits.def"
#undef VM_EXIT
};

void exit_load(vm_id vm, struct vmexit *exit)
{
	u32 reason = (u32)cpu_vmread(vm, VM_EXIT_REASON);
	u32 basic = reason % 0x10000u;
	u32 load = basic < EXIT_REASONS ? loads[basic] : 0;

	exit->reason = reason;
	if (LOADS(load, LOAD_LENGTH))
		exit->length = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_LENGTH);
	if (load <= LOAD_LENGTH)
		return;
	if (LOADS(load, LOAD_QUALIFICATION))
		exit->qualification = cpu_vmread(vm, EXIT_QUALIFICATION);
	if (LOADS(load, LOAD_ADDRESSES)) {
		exit->gpa = cpu_vmread(vm, GUEST_PHYSICAL_ADDRESS);
		exit->linear = cpu_vmread(vm, GUEST_LINEAR_ADDRESS);
	}
	if (LOADS(load, LOAD_INTERRUPTION)) {
		exit->interruption = (u32)cpu_vmread(vm, VM_EXIT_INTERRUPTION_INFO);
		exit->interruption_error = (u32)cpu_vmread(vm, VM_EXIT_INTERRUPTION_ERROR_CODE);
	}
	if (LOADS(load, LOAD_VECTORING)) {
		exit->vectoring = (u32)cpu_vmread(vm, IDT_VECTORING_INFO);
		if (EVENT_IS_VALID(exit->vectoring))
			exit->vectoring_error = (u32)cpu_vmread(vm, IDT_VECTORING_ERROR_CODE);
	}
	if (LOADS(load, LOAD_INFO))
		exit->info = (u32)cpu_vmread(vm, VM_EXIT_INSTRUCTION_INFO);
}

/* What a completed instruction does to debugging: the single-step trap becomes pending, and RF ends (SDM 3B 17.3.1). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_RFLAGS], vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS];
    exits    never:   \false;
    ensures  step:    (\old(vmcs[vm][GUEST_RFLAGS]) & RFLAGS_TF) != 0 ==>
                      vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS] ==
                      (\old(vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS]) | PENDING_DEBUG_BS);
    ensures  no_step: (\old(vmcs[vm][GUEST_RFLAGS]) & RFLAGS_TF) == 0 ==>
                      vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS] == \old(vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS]);
    ensures  rf:      length != 0 ==> vmcs[vm][GUEST_RFLAGS] == (\old(vmcs[vm][GUEST_RFLAGS]) & ~RFLAGS_RF);
    ensures  same:    length == 0 ==> vmcs[vm][GUEST_RFLAGS] == \old(vmcs[vm][GUEST_RFLAGS]);
*/
static COLD void end_debug(vm_id vm, u32 length)
{
	u64 flags = cpu_vmread(vm, GUEST_RFLAGS);

	if ((flags & RFLAGS_TF) != 0)
		cpu_vmwrite(vm, GUEST_PENDING_DEBUG_EXCEPTIONS,
			    cpu_vmread(vm, GUEST_PENDING_DEBUG_EXCEPTIONS) | PENDING_DEBUG_BS);
	if (length != 0)	/* an iteration of a string instruction completes nothing */
		cpu_vmwrite(vm, GUEST_RFLAGS, flags & ~RFLAGS_RF);
}

/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  vmcs[vm][GUEST_INTERRUPTIBILITY_STATE];
    exits    never:   \false;
    ensures  ended:   (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) == 0;
*/
static inline void end_shadow(vm_id vm, u32 blocking)
{
	cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE, blocking & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
}

void exit_skip(vm_id vm, u32 length)
{
	u64 old = cpu_vmread(vm, GUEST_RIP);
	u64 rip = old + length;
	u64 blocking = cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE);
	u64 flags;

	if (UNLIKELY(((rip ^ old) >> 32) != 0) /* EIP wraps outside 64-bit code */ &&
	    (cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) & AR_L) == 0)
		rip &= 0xffffffffull;
	cpu_vmwrite(vm, GUEST_RIP, rip);
	if (UNLIKELY((blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) != 0))
		end_shadow(vm, (u32)blocking);
	flags = cpu_vmread(vm, GUEST_RFLAGS);
	if (UNLIKELY((flags & RFLAGS_TF) != 0 || (flags & RFLAGS_RF) != 0))
		end_debug(vm, length);
	vcpus[vm].position++;
}

/* HLT ends blocking by STI and stops until an interrupt: the scheduler takes over. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires exit:    \valid_read(exit);
    requires noted:   ATTENTION_OK(vm);
    assigns  vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_INTERRUPTIBILITY_STATE], vmcs[vm][GUEST_RFLAGS],
             vmcs[vm][GUEST_PENDING_DEBUG_EXCEPTIONS], vcpus[vm].position, vcpus[vm].state, vcpus[vm].attention,
             vcpus[vm].end, vcpus[vm].end_value;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  resume:  \result == ACTION_RESUME;
    ensures  wakes:   vcpus[vm].nmi_pending != 0 ==> vcpus[vm].state == \old(vcpus[vm].state);
    ensures  ends:    vcpus[vm].nmi_pending == 0 && (vmcs[vm][GUEST_RFLAGS] & RFLAGS_IF) == 0 ==>
                      vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_HALT;
    ensures  halts:   vcpus[vm].nmi_pending == 0 && (vmcs[vm][GUEST_RFLAGS] & RFLAGS_IF) != 0 ==>
                      vcpus[vm].state == VCPU_HALTED;
    ensures  tick:    vcpus[vm].position == (u64)(\old(vcpus[vm].position) + 1);
*/
static enum action exit_hlt(vm_id vm, const struct vmexit *exit)
{
	exit_skip(vm, exit->length);
	if ((cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_IF) == 0 && vcpus[vm].nmi_pending == 0)
		vcpu_end(vm, LINK_END_HALT, 0);
	else if (vcpus[vm].nmi_pending == 0)
		vcpu_halt(vm);
	return ACTION_RESUME;
}

/* RDTSC and RDTSCP, when a test has them intercepted: the same clock as without. */
/*@ requires vm:      vm < VM_MAX;
    assigns  vcpus[vm].gpr[RAX], vcpus[vm].gpr[RDX];
    exits    never:   \false;
    ensures  skip:    \result == ACTION_SKIP;
    ensures  time:    edx_eax(vm) == (u64)(vcpus[vm].position + vcpus[vm].idle) &&
                      vcpus[vm].gpr[RAX] <= 0xffffffff && vcpus[vm].gpr[RDX] <= 0xffffffff;
*/
static enum action exit_rdtsc(vm_id vm)
{
	u64 now = vcpu_time(vm);

	vcpus[vm].gpr[RAX] = now % 0x100000000ull;
	vcpus[vm].gpr[RDX] = now / 0x100000000ull;
	return ACTION_SKIP;
}

/* Unknown hypercalls answer -1000 in RAX, as KVM does (-KVM_ENOSYS). There are no known ones. */
/*@ requires vm:      vm < VM_MAX;
    assigns  vcpus[vm].gpr[RAX];
    exits    never:   \false;
    ensures  skip:    \result == ACTION_SKIP;
    ensures  enosys:  vcpus[vm].gpr[RAX] == (u64)-1000;
*/
static enum action exit_vmcall(vm_id vm)
{
	vcpus[vm].gpr[RAX] = (u64)-1000;
	return ACTION_SKIP;
}

enum action exit_handle(vm_id vm, const struct vmexit *exit)
{
	switch (exit->reason) {
	case EXIT_IO_INSTRUCTION:
		return exit_io(vm, exit);
	case EXIT_CPUID:
		return exit_cpuid(vm);
	case EXIT_PREEMPTION_TIMER:
		return ACTION_RESUME;	/* the run loop looks at the deadline */
	case EXIT_INTERRUPT_WINDOW:
	case EXIT_NMI_WINDOW:
		vcpu_attend(vm, ATTEND_INTERRUPT);
		return ACTION_RESUME;
	case EXIT_HLT:
		return exit_hlt(vm, exit);
	case EXIT_RDTSC:
		return exit_rdtsc(vm);
	case EXIT_RDTSCP:
		vcpus[vm].gpr[RCX] = cpu_msr_read(IA32_TSC_AUX) % 0x100000000ull;
		return exit_rdtsc(vm);
	case EXIT_RDMSR:
		return exit_rdmsr(vm);
	case EXIT_WRMSR:
		return exit_wrmsr(vm);
	case EXIT_CR_ACCESS:
		return exit_cr(vm, exit);
	case EXIT_MOV_DR:
		return exit_dr(vm, exit);
	case EXIT_EXCEPTION_NMI:
		return exit_exception(vm, exit);
	case EXIT_TASK_SWITCH:
		return exit_task_switch(vm, exit);
	case EXIT_EPT_VIOLATION:
		return exit_ept_violation(vm, exit);
	case EXIT_RDRAND:
	case EXIT_RDSEED:
		return exit_random(vm, exit);
	case EXIT_XSETBV:
		return exit_xsetbv(vm);
	case EXIT_INVLPG:
		return exit_invlpg(vm);
	case EXIT_VMCALL:
		return exit_vmcall(vm);
	case EXIT_INVD:			/* without a device that writes memory there is nothing to lose */
	case EXIT_WBINVD:
	case EXIT_PAUSE:
		return ACTION_SKIP;
	case EXIT_RDPMC:		/* CPUID shows no performance counters */
		return inject_gp(vm);
	case EXIT_GETSEC:
	case EXIT_RSM:
	case EXIT_VMCLEAR:
	case EXIT_VMLAUNCH:
	case EXIT_VMPTRLD:
	case EXIT_VMPTRST:
	case EXIT_VMREAD:
	case EXIT_VMRESUME:
	case EXIT_VMWRITE:
	case EXIT_VMXOFF:
	case EXIT_VMXON:
	case EXIT_INVEPT:
	case EXIT_INVVPID:
	case EXIT_INVPCID:
	case EXIT_VMFUNC:
	case EXIT_MONITOR:
	case EXIT_MWAIT:
	case EXIT_ENCLS:
	case EXIT_XSAVES:
	case EXIT_XRSTORS:
	case EXIT_UMWAIT:
	case EXIT_TPAUSE:
	case EXIT_LOADIWKEY:
		return inject_ud(vm);	/* CPUID shows none of them */
	case EXIT_EXTERNAL_INTERRUPT:	/* acknowledged by the exit; the hypervisor has no use for it */
		return ACTION_RESUME;
	case EXIT_TRIPLE_FAULT:
		vcpu_end(vm, LINK_END_TRIPLE, 0);
		return ACTION_RESUME;
	default:
		return ACTION_STOP;
	}
}

const char *exit_name(u32 reason)
{
	switch (reason & 0xffffu) {
#define VM_EXIT(name, number, fields, text) case number: return text;
#include "exits.def"
#undef VM_EXIT
	default:
		return NULL;
	}
}
