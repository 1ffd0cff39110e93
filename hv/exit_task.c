/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches, which always exit: carried out here for 32-bit TSSs (SDM 3A 7.3). A 16-bit TSS stops the VM.
 * Faults before the new task's state is loaded belong to the old task, later ones to the new.
 */
#include "exit.h"
#include "cpu.h"
#include "descriptor.h"
#include "gmem.h"
#include "guest.h"
#include "inject.h"
#include "vcpu.h"
#include "vmcs.h"

/* Offsets in a 32-bit TSS (SDM 3A figure 7-2) */
#define TSS_LINK 0u
#define TSS_CR3 28u
#define TSS_EIP 32u
#define TSS_EFLAGS 36u
#define TSS_EAX 40u	/* EAX ECX EDX EBX ESP EBP ESI EDI */
#define TSS_ES 72u	/* ES CS SS DS FS GS LDT */
#define TSS_LDT 96u
#define TSS_TRAP 100u
#define TSS_MIN_LIMIT 103u

#define TYPE_TSS32_AVAILABLE 9u
#define TYPE_TSS32_BUSY 11u
#define BUSY 2u

enum source { SOURCE_CALL = 0, SOURCE_IRET = 1, SOURCE_JMP = 2, SOURCE_GATE = 3 };	/* SDM 3C table 27-2 */

static enum error tss_read(vm_id vm, u64 base, u32 offset, u32 width, u64 *value)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;

	return gmem_linear_read(vm, &paging, (base + offset) & 0xffffffffull, width, value, &fault);
}

static enum error tss_write(vm_id vm, u64 base, u32 offset, u32 width, u64 value)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;

	return gmem_linear_write(vm, &paging, (base + offset) & 0xffffffffull, width, value, &fault);
}

/* Saves the old task: the registers, and EIP after the instruction that switched. */
static enum error save_task(vm_id vm, u64 base, u64 eip, u64 eflags)
{
	enum error error = tss_write(vm, base, TSS_EIP, 4, eip);

	if (error == OK)
		error = tss_write(vm, base, TSS_EFLAGS, 4, eflags);
	for (u32 n = RAX; n <= RDI && error == OK; n++)
		error = tss_write(vm, base, TSS_EAX + 4 * n, 4, guest_gpr(vm, n));
	for (u32 seg = SEG_ES; seg <= SEG_GS && error == OK; seg++)
		error = tss_write(vm, base, TSS_ES + 4 * seg, 2,
				  cpu_vmread(vm, GUEST_ES_SELECTOR + seg * VMCS_SEGMENT_STEP));
	return error;
}

struct task {
	u64 cr3, eip, eflags, ldt, trap;
	u64 gpr[8];
	u64 selector[6];
};

static enum error load_task(vm_id vm, u64 base, struct task *task)
{
	enum error error = tss_read(vm, base, TSS_CR3, 4, &task->cr3);

	if (error == OK)
		error = tss_read(vm, base, TSS_EIP, 4, &task->eip);
	if (error == OK)
		error = tss_read(vm, base, TSS_EFLAGS, 4, &task->eflags);
	if (error == OK)
		error = tss_read(vm, base, TSS_LDT, 2, &task->ldt);
	if (error == OK)
		error = tss_read(vm, base, TSS_TRAP, 2, &task->trap);
	for (u32 n = 0; n < 8 && error == OK; n++)
		error = tss_read(vm, base, TSS_EAX + 4 * n, 4, &task->gpr[n]);
	for (u32 seg = SEG_ES; seg <= SEG_GS && error == OK; seg++)
		error = tss_read(vm, base, TSS_ES + 4 * seg, 2, &task->selector[seg]);
	return error;
}

/* Everything up to the segment registers. */
static void enter_task(vm_id vm, const struct task *task, u64 selector, const struct descriptor *tss)
{
	cpu_vmwrite(vm, GUEST_TR_SELECTOR, selector);
	cpu_vmwrite(vm, GUEST_TR_BASE, tss->base);
	cpu_vmwrite(vm, GUEST_TR_LIMIT, tss->limit);
	cpu_vmwrite(vm, GUEST_TR_ACCESS_RIGHTS, tss->rights | BUSY);
	cpu_vmwrite(vm, GUEST_CR0, cpu_vmread(vm, GUEST_CR0) | CR0_TS);
	cpu_vmwrite(vm, GUEST_DR7, cpu_vmread(vm, GUEST_DR7) & ~0x155ull);	/* L0-L3, LE */
	if ((cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0) {
		cpu_vmwrite(vm, GUEST_CR3, task->cr3);
		cpu_invvpid(vm);
	}
	if ((cpu_vmread(vm, GUEST_RFLAGS) & RFLAGS_VM) != 0)	/* no segment of virtual-8086 mode is one of code elsewhere */
		cpu_vmwrite(vm, GUEST_CS_ACCESS_RIGHTS, cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) | AR_CODE);
	cpu_vmwrite(vm, GUEST_RIP, task->eip);
	for (u32 n = 0; n < 8; n++)
		guest_set_gpr(vm, n, task->gpr[n]);
}

/* LDTR, then the segment registers, all of which may fault with #TS, #NP or #SS in the new task. */
static bool enter_segments(vm_id vm, const struct task *task)
{
	u32 cpl = (u32)task->selector[SEG_CS] & 3u;
	u32 vector;

	if ((task->eflags & RFLAGS_VM) != 0) {
		for (u32 seg = SEG_ES; seg <= SEG_GS; seg++)
			descriptor_load_virtual8086(vm, seg, (u32)task->selector[seg]);
		return true;
	}
	vector = descriptor_load_ldt(vm, (u32)task->ldt);
	if (vector != DESCRIPTOR_OK) {
		(void)inject_exception(vm, vector, (u32)task->ldt & 0xfffcu);
		return false;
	}
	for (u32 i = 0; i < 6; i++) {
		u32 seg = i == 0 ? SEG_CS : i == 1 ? SEG_SS : i == 2 ? SEG_ES : i;	/* CS, SS, ES, DS, FS, GS */

		vector = descriptor_load(vm, seg, (u32)task->selector[seg], cpl);
		if (vector != DESCRIPTOR_OK) {
			(void)inject_exception(vm, vector, (u32)task->selector[seg] & 0xfffcu);
			return false;
		}
		if (seg == SEG_CS)	/* should SS fault, CPL is what CS says: SS.DPL must be that, or no entry succeeds */
			cpu_vmwrite(vm, GUEST_SS_ACCESS_RIGHTS,
				    (cpu_vmread(vm, GUEST_SS_ACCESS_RIGHTS) & ~(3ull << 5)) | cpl << 5);
	}
	return true;
}

/* An exception delivered through a task gate leaves its error code on the new stack. */
static enum error push_error_code(vm_id vm, const struct vmexit *exit)
{
	u64 rsp = cpu_vmread(vm, GUEST_RSP) - 4;
	u64 linear;

	if ((exit->vectoring & EVENT_ERROR_CODE) == 0)
		return OK;
	if ((cpu_vmread(vm, GUEST_SS_ACCESS_RIGHTS) & AR_DB) == 0)
		rsp = (rsp & 0xffffull) | (cpu_vmread(vm, GUEST_RSP) & ~0xffffull);
	if (guest_linear(vm, SEG_SS, rsp & 0xffffffffull, 4, true, &linear) != OK)
		return ERR_INVALID;
	cpu_vmwrite(vm, GUEST_RSP, rsp & 0xffffffffull);
	return tss_write(vm, linear, 0, 4, exit->vectoring_error);
}

enum action exit_task_switch(vm_id vm, const struct vmexit *exit)
{
	enum source source = (enum source)(exit->qualification >> 30 & 3u);
	u64 selector = exit->qualification & 0xffffu;
	u64 old_selector = cpu_vmread(vm, GUEST_TR_SELECTOR);
	u64 old_base = cpu_vmread(vm, GUEST_TR_BASE);
	u64 eflags = cpu_vmread(vm, GUEST_RFLAGS) & 0xffffffffull;
	u64 eip = cpu_vmread(vm, GUEST_RIP);
	bool nested = source == SOURCE_CALL || source == SOURCE_GATE;
	struct descriptor tss;
	struct task task;

	if (source != SOURCE_GATE || EVENT_TYPE(exit->vectoring) >= EVENT_SOFTWARE_INTERRUPT)
		eip = (eip + exit->length) & 0xffffffffull;
	if (descriptor_read(vm, (u32)selector, &tss) != OK)
		return inject_exception(vm, source == SOURCE_IRET ? VECTOR_TS : VECTOR_GP, (u32)selector & 0xfffcu);
	if ((tss.rights & (AR_S | AR_TYPE)) != (source == SOURCE_IRET ? TYPE_TSS32_BUSY : TYPE_TSS32_AVAILABLE) ||
	    (cpu_vmread(vm, GUEST_TR_ACCESS_RIGHTS) & AR_TYPE) != TYPE_TSS32_BUSY)
		return ACTION_STOP;	/* a 16-bit TSS, or none */
	if ((tss.rights & AR_P) == 0)
		return inject_exception(vm, VECTOR_NP, (u32)selector & 0xfffcu);
	if (tss.limit < TSS_MIN_LIMIT)
		return inject_exception(vm, VECTOR_TS, (u32)selector & 0xfffcu);
	if (load_task(vm, tss.base, &task) != OK ||
	    save_task(vm, old_base, eip, source == SOURCE_IRET ? eflags & ~RFLAGS_NT : eflags) != OK ||
	    (nested && tss_write(vm, tss.base, TSS_LINK, 2, old_selector) != OK) ||
	    (!nested && descriptor_set_busy(vm, (u32)old_selector, false) != OK) ||
	    (source != SOURCE_IRET && descriptor_set_busy(vm, (u32)selector, true) != OK))
		return ACTION_STOP;	/* TSS or GDT not mapped: an operating system that cannot go on */
	vcpus[vm].position++;
	if (nested)
		task.eflags |= RFLAGS_NT;
	enter_task(vm, &task, selector, &tss);
	cpu_vmwrite(vm, GUEST_RFLAGS, (task.eflags & 0x3f7fd7ull) | RFLAGS_FIXED);
	cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE,
		    cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & ~(u64)(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
	vcpu_attend(vm, ATTEND_INTERRUPT);
	if (!enter_segments(vm, &task))
		return ACTION_RESUME;
	if (push_error_code(vm, exit) != OK)
		return inject_exception(vm, VECTOR_SS, 0);
	if ((task.trap & 1u) != 0) {
		cpu_dr_write(6, cpu_dr_read(6) | (1u << 15));
		return inject_exception(vm, VECTOR_DB, 0);
	}
	return ACTION_RESUME;
}
