/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each VM exit must do, written from the SDM and from DESIGN.md's policy, without the hypervisor's handlers. One
 * exit becomes one function of (state, exit); memory.c has the exits that touch guest memory.
 */
#include "spec/effects/effects.h"
#include "cpuid.h"
#include "guest.h"
#include "link.h"
#include "plan.h"

void effects_skip(struct state *s, u32 length)
{
	u64 rip = FIELD(s, GUEST_RIP) + length;
	bool code64 = (FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0 && (FIELD(s, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0;

	/* outside 64-bit code EIP is 32 bits wide */
	FIELD(s, GUEST_RIP) = code64 ? rip : (u32)rip;
	if (length != 0)
		FIELD(s, GUEST_RFLAGS) &= ~RFLAGS_RF;	/* a completed instruction clears RF (SDM 3B 17.3.1.1) */
	FIELD(s, GUEST_INTERRUPTIBILITY_STATE) &= ~(u64)(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS);
	if ((FIELD(s, GUEST_RFLAGS) & RFLAGS_TF) != 0)
		FIELD(s, GUEST_PENDING_DEBUG_EXCEPTIONS) |= PENDING_DEBUG_BS;
	s->position++;
}

void effects_end(struct state *s, u32 end, u32 value)
{
	s->state = VCPU_ENDED;
	s->end = end;
	s->end_value = value;
}

/* SDM 3A table 6-4: 0 benign, 1 contributory, 2 page fault, 3 double fault. */
static u32 class_of(u32 info)
{
	static const u8 classes[32] = { [0] = 1, [8] = 3, [10] = 1, [11] = 1, [12] = 1, [13] = 1, [14] = 2, [20] = 2, [21] = 1 };

	return EVENT_TYPE(info) == EVENT_HARDWARE_EXCEPTION && EVENT_VECTOR(info) < 32 ? classes[EVENT_VECTOR(info)] : 0;
}

static bool has_error_code(u32 vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

/* SDM 3A table 6-5. */
void effects_fault(struct state *s, u32 vector, u32 error)
{
	u32 first = s->event_info != 0 ? class_of(s->event_info) : 0;
	u32 info = 0x80000300u | vector, second = class_of(info);

	if (first == 3 && second != 0) {
		effects_end(s, LINK_END_TRIPLE, 0);
		return;
	}
	if ((first == 1 && second == 1) || (first == 2 && (second == 1 || second == 2))) {
		info = 0x80000308u;
		error = 0;
	}
	if (has_error_code(EVENT_VECTOR(info)) && (FIELD(s, GUEST_CR0) & CR0_PE) != 0) 
		info |= EVENT_ERROR_CODE;
	if (EVENT_VECTOR(info) != 1)	/* a fault pushes RF (SDM 3B 17.3.1.1); #DB as the processor reported it */
		FIELD(s, GUEST_RFLAGS) |= RFLAGS_RF;
	s->event_info = info;
	s->event_error = error;
	s->event_length = 0;
	s->position++;
}

/* An event whose delivery the exit interrupted comes again (SDM 3C 26.5, DESIGN: position and time). */
void effects_vectoring(struct state *s, const struct vmexit *x)
{
	u32 info = x->vectoring & ~0x1000u;

	s->event_info = info;
	s->event_error = x->vectoring_error;
	s->event_length = EVENT_TYPE(info) >= 4 ? (u32)FIELD(s, VM_EXIT_INSTRUCTION_LENGTH) : 0;
	if (EVENT_TYPE(info) == EVENT_NMI)
		FIELD(s, GUEST_INTERRUPTIBILITY_STATE) &= ~(u64)BLOCKING_BY_NMI;
	s->position++;
}

u64 effects_gpr(const struct state *s, u32 n)
{
	return n == RSP ? FIELD(s, GUEST_RSP) : s->gpr[n];
}

void effects_set_gpr(struct state *s, u32 n, u64 value)
{
	if (n == RSP)
		FIELD(s, GUEST_RSP) = value;
	else
		s->gpr[n] = value;
}

bool effects_long(const struct state *s)
{
	return (FIELD(s, GUEST_IA32_EFER) & EFER_LMA) != 0 && (FIELD(s, GUEST_CS_ACCESS_RIGHTS) & AR_L) != 0;
}

static void pair(struct state *s, u64 value)
{
	s->gpr[RAX] = (u32)value;
	s->gpr[RDX] = value >> 32;
}

/* The VMCS field behind an MSR that VM entry loads. */
static u32 msr_field(u32 msr)
{
	switch (msr) {
	case 0x174: return GUEST_SYSENTER_CS;
	case 0x175: return GUEST_SYSENTER_ESP;
	case 0x176: return GUEST_SYSENTER_EIP;
	case 0x1d9: return GUEST_IA32_DEBUGCTL;
	case 0x277: return GUEST_IA32_PAT;
	case 0xc0000080: return GUEST_IA32_EFER;
	case 0xc0000100: return GUEST_FS_BASE;
	case 0xc0000101: return GUEST_GS_BASE;
	default: return 0;
	}
}

static void rdmsr(struct state *s)
{
	u32 msr = (u32)s->gpr[RCX];

	if (msr_field(msr) != 0)
		pair(s, s->field[state_index(msr_field(msr))]);
	else if (msr == 0x10)
		pair(s, s->position + s->idle);
	else if (msr == 0x1a0)
		pair(s, 1);
	else if (msr == 0x17 || msr == 0x8b || (msr == 0xda0 && s->cpu == PLAN_CPU_AVX))
		pair(s, 0);
	else
		goto fault;
	effects_skip(s, (u32)FIELD(s, VM_EXIT_INSTRUCTION_LENGTH));
	return;
fault:
	effects_fault(s, 13, 0);
}

static bool wrmsr_allowed(const struct state *s, u32 msr, u64 value)
{
	u64 efer = FIELD(s, GUEST_IA32_EFER);

	switch (msr) {
	case 0x174: case 0x1a0: case 0x8b:
		return true;
	case 0x175: case 0x176: case 0xc0000100: case 0xc0000101:
		return (u64)((s64)(value << 16) >> 16) == value;
	case 0x1d9:
		return value <= 3;
	case 0x277:	/* types 0, 1, 4, 5, 6, 7 */
		for (u32 i = 0; i < 8; i++)
			if ((0xf3u >> (value >> 8 * i & 7) & 1u) == 0 || (value >> 8 * i & 0xf8) != 0)
				return false;
		return true;
	case 0xc0000080:	/* SCE, LME, LMA, NXE; LME is fixed while paging is on */
		return (value & ~0xd01ull) == 0 && (((value ^ efer) & 0x100) == 0 || (FIELD(s, GUEST_CR0) & CR0_PG) == 0);
	default:
		return false;
	}
}

static void wrmsr(struct state *s)
{
	u32 msr = (u32)s->gpr[RCX];
	u64 value = (u32)s->gpr[RAX] | s->gpr[RDX] << 32;

	if (!wrmsr_allowed(s, msr, value)) {
		effects_fault(s, 13, 0);
		return;
	}
	if (msr == 0xc0000080)
		value = (value & ~EFER_LMA) | (FIELD(s, GUEST_IA32_EFER) & EFER_LMA);
	if (msr == 0x174)
		value = (u32)value;
	if (msr_field(msr) != 0)
		s->field[state_index(msr_field(msr))] = value;
	effects_skip(s, (u32)FIELD(s, VM_EXIT_INSTRUCTION_LENGTH));
}

/* SDM 3C 27.2.1-3: an intercepted exception goes back as if it had not exited. False: #MC stops the VM. */
static bool exception(struct state *s, const struct vmexit *x)
{
	u32 info = x->interruption, vector = EVENT_VECTOR(info);

	if (EVENT_TYPE(info) == EVENT_NMI)
		return true;
	if ((x->vectoring & EVENT_VALID) != 0)
		effects_vectoring(s, x);
	else if ((info & 0x1000u) != 0 && vector != 8)
		FIELD(s, GUEST_INTERRUPTIBILITY_STATE) |= BLOCKING_BY_NMI;
	if (vector == 18) {
		effects_end(s, LINK_END_STOPPED, EXIT_EXCEPTION_NMI);
		return true;
	}
	if ((x->vectoring & EVENT_VALID) != 0 && EVENT_TYPE(x->vectoring) >= 4)	/* an INT that faults does not complete: no tick */
		s->position--;
	if (vector == 1 && EVENT_TYPE(info) == EVENT_HARDWARE_EXCEPTION) {	/* INT1 leaves DR6 alone */
		s->dr6 = (s->dr6 & ~0xfull) | (x->qualification & 0x600f);
		FIELD(s, GUEST_DR7) &= ~DR7_GD;
	}
	if (vector == 14)
		s->cr2 = x->qualification;
	if (EVENT_TYPE(info) == EVENT_HARDWARE_EXCEPTION) {
		effects_fault(s, vector, x->interruption_error);
		return true;
	}
	s->event_info = info & ~0x1000u;
	s->event_error = 0;
	s->event_length = x->length;
	s->position++;
	return true;
}

static void cpuid(struct state *s, const struct vmexit *x)
{
	u32 leaf = (u32)s->gpr[RAX], subleaf = (u32)s->gpr[RCX];
	struct cpuid r = cpuid_leaf(s->cpu, leaf, subleaf);

	if (s->cpu == PLAN_CPU_AVX && leaf == 1 && (FIELD(s, GUEST_CR4) & CR4_OSXSAVE) != 0)
		r.ecx |= 1u << 27;
	if (s->cpu == PLAN_CPU_AVX && leaf == 13 && subleaf == 0)
		r.ebx = (s->xcr0 & 4) != 0 ? 832 : 576;
	s->gpr[RAX] = r.eax;
	s->gpr[RBX] = r.ebx;
	s->gpr[RCX] = r.ecx;
	s->gpr[RDX] = r.edx;
	effects_skip(s, x->length);
}

/* xoshiro256** (Blackman, Vigna 2018) */
static u64 xoshiro(u64 *s)
{
	u64 five = s[1] * 5, result = (five << 7 | five >> 57) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return result;
}

/* RDRAND and RDSEED: SDM 2B, operand in SDM 3C table 27-12. */
static void rdrand(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes)
{
	u32 n = x->info >> 3 & 15, size = x->info >> 11 & 3;
	u64 value = xoshiro(s->entropy);

	if (size != 2 && effects_operand_16(s, vm, x->length, writes))
		value = (effects_gpr(s, n) & ~0xffffull) | (value & 0xffff);
	else if (size != 2)
		value = (u32)value;
	effects_set_gpr(s, n, value);
	FIELD(s, GUEST_RFLAGS) = (FIELD(s, GUEST_RFLAGS) & ~0x8d5ull) | 1;	/* CF=1; OF, SF, ZF, AF, PF cleared */
	effects_skip(s, x->length);
}

static void xsetbv(struct state *s, const struct vmexit *x)
{
	u64 value = (u32)s->gpr[RAX] | s->gpr[RDX] << 32;

	if (AR_DPL((u32)FIELD(s, GUEST_SS_ACCESS_RIGHTS)) != 0 || (u32)s->gpr[RCX] != 0 ||
	    (value != 1 && value != 3 && value != 7)) {
		effects_fault(s, 13, 0);
		return;
	}
	s->xcr0 = value;
	effects_skip(s, x->length);
}

static void hlt(struct state *s, const struct vmexit *x)
{
	effects_skip(s, x->length);
	if (s->nmi_pending != 0)
		return;
	if ((FIELD(s, GUEST_RFLAGS) & RFLAGS_IF) == 0)
		effects_end(s, LINK_END_HALT, 0);
	else
		s->state = VCPU_HALTED;
}

static void io(struct state *s, vm_id vm, const struct vmexit *x)
{
	u32 width = (x->qualification & 7) + 1;
	u16 port = (u16)(x->qualification >> 16);
	u64 mask = width == 4 ? ~0ull : (1ull << 8 * width) - 1;

	if ((x->qualification & 8) != 0)
		s->gpr[RAX] = (s->gpr[RAX] & ~mask) | effects_in(s, vm, port, width);
	else
		effects_out(s, vm, port, width, (u32)s->gpr[RAX]);
	effects_skip(s, x->length);
}

bool effects(struct state *s, vm_id vm, const struct vmexit *x, struct writes *writes)
{
	switch (x->reason) {
	case EXIT_EXTERNAL_INTERRUPT: case EXIT_INTERRUPT_WINDOW: case EXIT_NMI_WINDOW: case EXIT_PREEMPTION_TIMER:
		return true;
	case EXIT_EXCEPTION_NMI:
		return exception(s, x);
	case EXIT_TRIPLE_FAULT:
		effects_end(s, LINK_END_TRIPLE, 0);
		return true;
	case EXIT_TASK_SWITCH:
		return effects_task(s, vm, x, writes);
	case EXIT_CPUID:
		cpuid(s, x);
		return true;
	case EXIT_HLT:
		hlt(s, x);
		return true;
	case EXIT_INVD: case EXIT_INVLPG: case EXIT_WBINVD: case EXIT_PAUSE:
		effects_skip(s, x->length);
		return true;
	case EXIT_RDPMC:
		effects_fault(s, 13, 0);
		return true;
	case EXIT_RDTSCP:
		s->gpr[RCX] = (u32)s->msr[SWAP_TSC_AUX];
		/* fallthrough */
	case EXIT_RDTSC:
		pair(s, s->position + s->idle);
		effects_skip(s, x->length);
		return true;
	case EXIT_VMCALL:
		s->gpr[RAX] = (u64)-1000;
		effects_skip(s, x->length);
		return true;
	case EXIT_CR_ACCESS:
		return effects_cr(s, vm, x);
	case EXIT_MOV_DR:
		effects_dr(s, x);
		return true;
	case EXIT_IO_INSTRUCTION:
		if ((x->qualification & 16) != 0)
			return effects_string_io(s, vm, x, writes);
		io(s, vm, x);
		return true;
	case EXIT_RDMSR:
		rdmsr(s);
		return true;
	case EXIT_WRMSR:
		wrmsr(s);
		return true;
	case EXIT_EPT_VIOLATION:
		return effects_ept(s, vm, x);
	case EXIT_RDRAND: case EXIT_RDSEED:
		rdrand(s, vm, x, writes);
		return true;
	case EXIT_XSETBV:
		xsetbv(s, x);
		return true;
	case EXIT_GETSEC: case EXIT_RSM: case EXIT_VMCLEAR: case EXIT_VMLAUNCH: case EXIT_VMPTRLD: case EXIT_VMPTRST:
	case EXIT_VMREAD: case EXIT_VMRESUME: case EXIT_VMWRITE: case EXIT_VMXOFF: case EXIT_VMXON: case EXIT_INVEPT:
	case EXIT_INVVPID: case EXIT_INVPCID: case EXIT_VMFUNC: case EXIT_MONITOR: case EXIT_MWAIT: case EXIT_ENCLS:
	case EXIT_XSAVES: case EXIT_XRSTORS: case EXIT_UMWAIT: case EXIT_TPAUSE: case EXIT_LOADIWKEY:
		effects_fault(s, 6, 0);
		return true;
	default:	/* fail closed: the VM stops, and says why */
		effects_end(s, LINK_END_STOPPED, x->reason & 0xffff);
		return true;
	}
}
