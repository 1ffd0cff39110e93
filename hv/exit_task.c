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

/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires valid:    \valid(value);
    assigns  *value, GUEST_MEMORY(vm);
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
    ensures  fits:     \result == OK ==> *value < mem_limit(width);
*/
static enum error tss_read(vm_id vm, u64 base, u32 offset, u32 width, u64 *value)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;

	return gmem_linear_read(vm, &paging, (base + offset) % 0x100000000ull, width, value, &fault);
}

/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    assigns  GUEST_MEMORY(vm);
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
static enum error tss_write(vm_id vm, u64 base, u32 offset, u32 width, u64 value)
{
	struct paging paging = guest_paging(vm, true);
	struct gwalk fault;

	return gmem_linear_write(vm, &paging, (base + offset) % 0x100000000ull, width, value, &fault);
}

/* Saves the old task: the registers, and EIP after the instruction that switched. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    assigns  GUEST_MEMORY(vm);
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
static enum error save_task(vm_id vm, u64 base, u64 eip, u64 eflags)
{
	enum error error = tss_write(vm, base, TSS_EIP, 4, eip);

	if (error == OK)
		error = tss_write(vm, base, TSS_EFLAGS, 4, eflags);
	/*@ loop invariant range:  0 <= n <= 8;
	    loop invariant result: error == OK || error == ERR_UNMAPPED || error == ERR_INVALID || error == ERR_RANGE;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns n, error, GUEST_MEMORY(vm);
	    loop variant 8 - n;
	*/
	for (u32 n = RAX; n <= RDI && error == OK; n++)
		error = tss_write(vm, base, TSS_EAX + 4 * n, 4, guest_gpr(vm, n));
	/*@ loop invariant range:  0 <= seg <= 6;
	    loop invariant result: error == OK || error == ERR_UNMAPPED || error == ERR_INVALID || error == ERR_RANGE;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns seg, error, GUEST_MEMORY(vm);
	    loop variant 6 - seg;
	*/
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

/*@ // What a 32-bit TSS can hold.
    predicate task_ok{L}(struct task *t) =
      t->cr3 <= 0xffffffff && t->eip <= 0xffffffff && t->eflags <= 0xffffffff && t->ldt <= 0xffff && t->trap <= 0xffff &&
      (\forall integer k; 0 <= k < 8 ==> t->gpr[k] <= 0xffffffff) &&
      (\forall integer k; 0 <= k < 6 ==> t->selector[k] <= 0xffff);
*/

/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires task:     \valid(task);
    assigns  *task, GUEST_MEMORY(vm);
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
    ensures  task:     \result == OK ==> task_ok(task);
*/
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
	/*@ loop invariant range:  0 <= n <= 8;
	    loop invariant result: error == OK || error == ERR_UNMAPPED || error == ERR_INVALID || error == ERR_RANGE;
	    loop invariant fits:   error == OK ==> \forall integer k; 0 <= k < n ==> task->gpr[k] <= 0xffffffff;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns n, error, task->gpr[0 .. 7], GUEST_MEMORY(vm);
	    loop variant 8 - n;
	*/
	for (u32 n = 0; n < 8 && error == OK; n++)
		error = tss_read(vm, base, TSS_EAX + 4 * n, 4, &task->gpr[n]);
	/*@ loop invariant range:  0 <= seg <= 6;
	    loop invariant result: error == OK || error == ERR_UNMAPPED || error == ERR_INVALID || error == ERR_RANGE;
	    loop invariant fits:   error == OK ==> \forall integer k; 0 <= k < seg ==> task->selector[k] <= 0xffff;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns seg, error, task->selector[0 .. 5], GUEST_MEMORY(vm);
	    loop variant 6 - seg;
	*/
	for (u32 seg = SEG_ES; seg <= SEG_GS && error == OK; seg++)
		error = tss_read(vm, base, TSS_ES + 4 * seg, 2, &task->selector[seg]);
	return error;
}

/* Everything up to the segment registers. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires task:     \valid_read(task) && task_ok(task) && selector <= 0xffff;
    requires tss:      \valid_read(tss) && tss->limit <= 0xffffffff;
    assigns  SEGMENT_FIELDS(vm, SEG_TR), vmcs[vm][GUEST_CR0], vmcs[vm][GUEST_DR7], vmcs[vm][GUEST_CR3],
             vmcs[vm][GUEST_CS_ACCESS_RIGHTS], vmcs[vm][GUEST_RIP], vmcs[vm][GUEST_RSP], vcpus[vm].gpr[0 .. 15],
             count_invvpid[vm];
    exits    never:    \false;
    ensures  tr:       vmcs[vm][GUEST_TR_SELECTOR] == selector && vmcs[vm][GUEST_TR_BASE] == tss->base;
    ensures  rip:      vmcs[vm][GUEST_RIP] == task->eip;
    ensures  cr0:      vmcs[vm][GUEST_CR0] == (\old(vmcs[vm][GUEST_CR0]) | CR0_TS);
*/
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
		cpu_vmwrite(vm, GUEST_CS_ACCESS_RIGHTS, (u32)cpu_vmread(vm, GUEST_CS_ACCESS_RIGHTS) | AR_CODE);
	cpu_vmwrite(vm, GUEST_RIP, task->eip);
	/*@ loop invariant range: 0 <= n <= 8;
	    loop assigns n, vmcs[vm][GUEST_RSP], vcpus[vm].gpr[0 .. 15];
	    loop variant 8 - n;
	*/
	for (u32 n = 0; n < 8; n++)
		guest_set_gpr(vm, n, task->gpr[n]);
}

/* SS.DPL (SDM 3C table 24-2). */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires cpl:      cpl <= 3;
    assigns  vmcs[vm][GUEST_SS_ACCESS_RIGHTS];
    exits    never:    \false;
    ensures  level:    vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4 == cpl;
*/
static void set_stack_level(vm_id vm, u32 cpl)
{
	u64 rights = cpu_vmread(vm, GUEST_SS_ACCESS_RIGHTS);

	cpu_vmwrite(vm, GUEST_SS_ACCESS_RIGHTS, rights / 0x80u * 0x80u + cpl * 0x20u + rights % 0x20u);
}

/* LDTR, then the segment registers, all of which may fault with #TS, #NP or #SS in the new task. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires task:     \valid_read(task) && task_ok(task);
    requires none:     vcpus[vm].event_info == 0;
    requires noted:    ATTENTION_OK(vm);
    requires time:     vcpus[vm].position < 0x7fffffffffffffff;
    assigns  INJECTED(vm), GUEST_MEMORY(vm), vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT],
             vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS], vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE];
    exits    never:    \false;
    ensures  noted:    ATTENTION_OK(vm);
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
    ensures  time:     \old(vcpus[vm].position) <= vcpus[vm].position <= \old(vcpus[vm].position) + 1;
    ensures  loaded:   \result ==> nothing_pending{Pre, Post}(vm);
    ensures  fault:    !\result ==> vcpus[vm].state != VCPU_ENDED ==> event_pending_ok(vm);
*/
static bool enter_segments(vm_id vm, const struct task *task)
{
	u32 cpl = (u32)task->selector[SEG_CS] % 4u;
	u32 vector;

	if ((task->eflags & RFLAGS_VM) != 0) {
		/*@ loop invariant range: 0 <= seg <= 6;
		    loop assigns seg, vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT],
             vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS], vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE];
		    loop variant 6 - seg;
		*/
		for (u32 seg = SEG_ES; seg <= SEG_GS; seg++)
			descriptor_load_virtual8086(vm, seg, (u32)task->selector[seg]);
		return true;
	}
	vector = descriptor_load_ldt(vm, (u32)task->ldt);
	if (vector != DESCRIPTOR_OK) {
		(void)inject_exception(vm, vector, (u32)task->ldt / 4u * 4u);
		return false;
	}
	/*@ loop invariant range:  0 <= i <= 6;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns i, vector, GUEST_MEMORY(vm), vmcs[vm][GUEST_ES_SELECTOR .. GUEST_TR_SELECTOR], vmcs[vm][GUEST_ES_LIMIT .. GUEST_TR_LIMIT],
             vmcs[vm][GUEST_ES_ACCESS_RIGHTS .. GUEST_TR_ACCESS_RIGHTS], vmcs[vm][GUEST_ES_BASE .. GUEST_TR_BASE];
	    loop variant 6 - i;
	*/
	for (u32 i = 0; i < 6; i++) {
		u32 seg = i == 0 ? SEG_CS : i == 1 ? SEG_SS : i == 2 ? SEG_ES : i;	/* CS, SS, ES, DS, FS, GS */

		vector = descriptor_load(vm, seg, (u32)task->selector[seg], cpl);
		if (vector != DESCRIPTOR_OK) {
			(void)inject_exception(vm, vector, (u32)task->selector[seg] / 4u * 4u);
			return false;
		}
		if (seg == SEG_CS)	/* should SS fault, CPL is what CS says: SS.DPL must be that, or no entry succeeds */
			set_stack_level(vm, cpl);
	}
	return true;
}

/* An exception delivered through a task gate leaves its error code on the new stack. */
/*@ requires vm:       vm < VM_MAX;
    requires current:  live_vmcs == vm;
    requires ready:    gmem_ready(vm);
    requires exit:     \valid_read(exit);
    assigns  GUEST_MEMORY(vm), vmcs[vm][GUEST_RSP];
    exits    never:    \false;
    ensures  result:   \result == OK || \result == ERR_UNMAPPED || \result == ERR_INVALID || \result == ERR_RANGE;
    ensures  tables:   ept_same_tables{Pre, Post}(vm);
*/
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
	enum source source = (enum source)(exit->qualification / 0x40000000u % 4u);
	u64 selector = exit->qualification % 0x10000u;
	u64 old_selector = cpu_vmread(vm, GUEST_TR_SELECTOR);
	u64 old_base = cpu_vmread(vm, GUEST_TR_BASE);
	u64 eflags = cpu_vmread(vm, GUEST_RFLAGS) % 0x100000000ull;
	u64 eip = cpu_vmread(vm, GUEST_RIP);
	bool nested = source == SOURCE_CALL || source == SOURCE_GATE;
	struct descriptor tss;
	struct task task;

	if (source != SOURCE_GATE || EVENT_TYPE(exit->vectoring) >= EVENT_SOFTWARE_INTERRUPT)
		eip = (eip + exit->length) % 0x100000000ull;
	if (descriptor_read(vm, (u32)selector, &tss) != OK)
		return inject_exception(vm, source == SOURCE_IRET ? VECTOR_TS : VECTOR_GP, (u32)selector / 4u * 4u);
	if ((tss.rights & (AR_S | AR_TYPE)) != (source == SOURCE_IRET ? TYPE_TSS32_BUSY : TYPE_TSS32_AVAILABLE) ||
	    (cpu_vmread(vm, GUEST_TR_ACCESS_RIGHTS) & AR_TYPE) != TYPE_TSS32_BUSY)
		return ACTION_STOP;	/* a 16-bit TSS, or none */
	if ((tss.rights & AR_P) == 0)
		return inject_exception(vm, VECTOR_NP, (u32)selector / 4u * 4u);
	if (tss.limit < TSS_MIN_LIMIT)
		return inject_exception(vm, VECTOR_TS, (u32)selector / 4u * 4u);
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
	if ((cpu_vmread(vm, GUEST_CR0) & CR0_PG) != 0 && (cpu_vmread(vm, GUEST_CR4) & CR4_PAE) != 0 &&
	    !exit_load_pdptes(vm, task.cr3))
		return ACTION_STOP;	/* page tables that no processor loads */
	cpu_vmwrite(vm, GUEST_RFLAGS, (task.eflags & 0x3f7fd7ull) | RFLAGS_FIXED);
	cpu_vmwrite(vm, GUEST_INTERRUPTIBILITY_STATE,
		    (u32)cpu_vmread(vm, GUEST_INTERRUPTIBILITY_STATE) & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
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
