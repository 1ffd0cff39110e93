/* SPDX-License-Identifier: BSD-2-Clause */
/* Contributory exceptions and page faults that meet combine into #DF (SDM 3A table 6-5); benign ones do not. */
/* run: */
/* run: --intercept exceptions */
#include "guest.h"

static u8 area[PAGE] __attribute__((aligned(PAGE)));

/* The stack is unusable after the double fault: R12 has the good one. */
static void on_double_fault(struct frame *frame)
{
	trap.vector = DF;
	trap.error = frame->error;
	frame->sp = frame->r12;
	frame->ip = trap_resume;
}

void guest_main(void)
{
	paging_own();
	/* #GP whose gate is absent: #NP, and both are contributory */
	idt_present(GP, false);
	EXPECT(TRY("mov (%0), %%al", : : "r"(1ull << 47) : "rax"), DF);
	EXPECT(trap.error, 0);
	idt_present(GP, true);
	/* #PF, then #NP */
	*paging_pte(area) &= ~PTE_P;
	invlpg(area);
	idt_present(PF, false);
	EXPECT(TRY("mov (%0), %%al", : : "r"(area) : "rax"), DF);
	EXPECT(trap.error, 0);
	EXPECT(trap.cr2, (reg)area);
	idt_present(PF, true);
	/* #PF while delivering #PF: the stack lies in the missing page; #DF has a stack of its own */
	trap_handler[DF] = on_double_fault;
	EXPECT(TRY("mov %%rsp, %%r12\n\tmov %0, %%rsp\n\tmov (%1), %%al", : : "r"(area + 2048), "r"(area) : "rax", "r12"), DF);
	trap_handler[DF] = NULL;
	EXPECT(trap.error, 0);
	/* #DE is contributory */
	idt_present(DE, false);
	EXPECT(TRY("div %%ecx", : : "a"(1), "d"(0), "c"(0)), DF);
	idt_present(DE, true);
	/* #UD is benign: the second exception is delivered alone */
	idt_present(UD, false);
	EXPECT(TRY("ud2", :), NP);
	EXPECT(trap.error, UD * 8 + 3);
	idt_present(UD, true);
	/* #NP of a software interrupt, then #PF is benign first: INT with an absent gate is #NP alone */
	idt_present(0x60, false);
	EXPECT(TRY("int $0x60", :), NP);
	EXPECT(trap.error, 0x60 * 8 + 2);
	guest_success();
}
