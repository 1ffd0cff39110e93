/* SPDX-License-Identifier: BSD-2-Clause */
/* Every exception that 64-bit code can raise arrives with the right vector, error code, RIP and RF, natively delivered. */
/* run: */
/* run: --intercept exceptions */
#include "guest.h"

static u8 area[2 * PAGE] __attribute__((aligned(PAGE)));

static void traps_and_faults(void)
{
	EXPECT(TRY("div %%ecx", : : "a"(1), "d"(0), "c"(0)), DE);
	EXPECT(trap.ip, trap_start);
	EXPECT(TRY("int3", :), BP);
	EXPECT(trap.ip, trap_start + 1);
	EXPECT(TRY(".byte 0xcd, 3", :), BP);
	EXPECT(trap.ip, trap_start + 2);
	EXPECT(TRY(".byte 0xf1", :), DB);	/* ICEBP */
	EXPECT(trap.ip, trap_start + 1);
	EXPECT(TRY("int $0x55", :), 0x55);
	EXPECT(trap.ip, trap_start + 2);
	EXPECT(TRY("ud2", :), UD);
	EXPECT(trap.ip, trap_start);
	EXPECT(TRY(".byte 0x06", :), UD);	/* PUSH ES: not in 64-bit mode */
	EXPECT(TRY(".byte 0xf0, 0x90", :), UD);
	write_cr0(read_cr0() | CR0_TS);
	EXPECT(TRY("fnop", :), NM);
	EXPECT(trap.ip, trap_start);
	asm volatile("clts");
}

static void selectors(void)
{
	u32 busy = TSS;

	/* an invalid TSS cannot be had in 64-bit mode but by IRET with NT, which is #GP: see protected/ */
	EXPECT(TRY("mov %0, %%ds", : : "r"(SEL_ABSENT)), NP);
	EXPECT(trap.error, SEL_ABSENT);
	EXPECT(TRY("mov %0, %%ss", : : "r"(SEL_ABSENT)), SS);
	EXPECT(trap.error, SEL_ABSENT);
	EXPECT(TRY("mov %0, %%ds", : : "r"(GDT_ENTRIES * 8)), GP);
	EXPECT(trap.error, GDT_ENTRIES * 8);
	EXPECT(TRY("mov %0, %%ds", : : "r"(GDT_ENTRIES * 8 + 4)), GP);	/* TI: an LDT that does not exist */
	EXPECT(trap.error, GDT_ENTRIES * 8 + 4);
	EXPECT(TRY("ltr %w0", : : "r"(busy)), GP);
	EXPECT(trap.error, TSS);
	EXPECT(TRY("pushfq\n\torl $0x4000, (%%rsp)\n\tpopfq\n\tiretq", : : : "memory"), GP);
	EXPECT(trap.error, 0);
	asm volatile("pushfq\n\tandl $~0x4000, (%%rsp)\n\tpopfq" : : : "memory");
}

static void gates(void)
{
	idt_present(0x56, false);
	EXPECT(TRY("int $0x56", :), NP);
	EXPECT(trap.error, 0x56 * 8 + 2);	/* IDT; EXT=0 for INT n */
	EXPECT(trap.ip, trap_start);
	idt_present(UD, false);
	EXPECT(TRY("ud2", :), NP);
	EXPECT(trap.error, UD * 8 + 3);		/* EXT=1 for a fault */
	EXPECT(trap.ip, trap_start);
	idt_present(UD, true);
	idt_present(BP, false);
	EXPECT(TRY("int3", :), NP);
	EXPECT(trap.error, BP * 8 + 2);
	EXPECT(trap.ip, trap_start);
	idt_present(BP, true);
}

static void addresses(void)
{
	u64 *pte = paging_pte(area + PAGE);

	EXPECT(TRY("mov (%0), %%al", : : "r"(1ull << 47) : "rax"), GP);
	EXPECT(trap.error, 0);
	EXPECT(TRY("mov (%%rbp), %%al", : : "a"(0) : ), NO_TRAP);
	EXPECT(TRY("xchg %0, %%rbp\n\tmov (%%rbp), %%al", : : "r"(1ull << 47) : "rax"), SS);
	asm volatile("" : : : "memory");
	*pte &= ~PTE_P;
	invlpg(area + PAGE);
	EXPECT(TRY("mov (%0), %%al", : : "r"(area + PAGE + 5) : "rax"), PF);
	EXPECT(trap.error, 0);
	EXPECT(trap.cr2, (reg)area + PAGE + 5);
	EXPECT(trap.ip, trap_start);
	EXPECT(trap.flags & FLAG_RF, FLAG_RF);
	EXPECT(TRY("movl $1, (%0)", : : "r"(area + PAGE - 2) : "memory"), PF);
	EXPECT(trap.error, 2);
	EXPECT(trap.cr2, (reg)area + PAGE);
	*pte = (*pte | PTE_P) & ~PTE_W;
	invlpg(area + PAGE);
	write_cr0(read_cr0() | CR0_WP);
	EXPECT(TRY("movb $1, (%0)", : : "r"(area + PAGE) : "memory"), PF);
	EXPECT(trap.error, 3);
	write_cr0(read_cr0() & ~CR0_WP);
	EXPECT(TRY("movb $0xc3, (%0)", : : "r"(area + PAGE) : "memory"), NO_TRAP);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 0x800);
	*pte |= PTE_NX | PTE_W;
	invlpg(area + PAGE);
	EXPECT(TRY("jmp *%0", : : "r"(area + PAGE) : "memory"), PF);
	EXPECT(trap.error, 0x11);
	EXPECT(trap.ip, (reg)area + PAGE);
	*pte &= ~PTE_NX;
	*pte |= 1ull << 50;	/* a reserved bit: MAXPHYADDR is at most 46 */
	invlpg(area + PAGE);
	EXPECT(TRY("mov (%0), %%al", : : "r"(area + PAGE) : "rax"), PF);
	EXPECT(trap.error, 9);
	*pte &= ~(1ull << 50);
	invlpg(area + PAGE);
}

static void floating_point(void)
{
	u32 mxcsr = 0x1f80 & ~0x200u;	/* divide by zero unmasked */
	u16 control = 0x37f & ~4;

	write_cr0((read_cr0() | CR0_NE | CR0_MP) & ~CR0_EM);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	asm volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp" : : "m"(control));
	EXPECT(TRY("fwait", :), MF);
	EXPECT(trap.ip, trap_start);
	asm volatile("fnclex\n\tfninit");
	asm volatile("ldmxcsr %0\n\tpxor %%xmm1, %%xmm1\n\tmov $0x3f800000, %%eax\n\tmovd %%eax, %%xmm0" : : "m"(mxcsr) : "eax");
	EXPECT(TRY("divss %%xmm1, %%xmm0", :), XM);
	EXPECT(trap.ip, trap_start);
	mxcsr = 0x1f80;
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	write_cr4(read_cr4() & ~CR4_OSXMMEXCPT);
	mxcsr = 0x1f80 & ~0x200u;
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	EXPECT(TRY("divss %%xmm1, %%xmm0", :), UD);
	mxcsr = 0x1f80;
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static volatile u32 user_vector, user_error;

static void user_alignment(void)
{
	asm volatile("pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq" : : : "memory");
	user_vector = TRY("mov 1(%0), %%eax", : : "r"(area) : "rax");
	user_error = (u32)trap.error;
	USER_RETURN();
}

static void user_page(void)
{
	user_vector = TRY("movb $1, (%0)", : : "r"(area) : "memory");
	user_error = (u32)trap.error;
	USER_RETURN();
}

static void user_privileged(void)
{
	user_vector = TRY("hlt", :);
	user_error = (u32)trap.error;
	USER_RETURN();
}

static void user_gate(void)
{
	user_vector = TRY("int $0x57", :);
	user_error = (u32)trap.error;
	USER_RETURN();
}

static void user(void)
{
	write_cr0(read_cr0() | CR0_AM);
	user_call(user_alignment);
	EXPECT(user_vector, AC);
	EXPECT(user_error, 0);
	user_call(user_privileged);
	EXPECT(user_vector, GP);
	EXPECT(user_error, 0);
	user_call(user_gate);
	EXPECT(user_vector, GP);
	EXPECT(user_error, 0x57 * 8 + 2);
	*paging_pte(area) &= ~PTE_U;
	invlpg(area);
	user_call(user_page);
	EXPECT(user_vector, PF);
	EXPECT(user_error, 7);
}

void guest_main(void)
{
	paging_own();
	traps_and_faults();
	selectors();
	gates();
	addresses();
	floating_point();
	user();
	guest_success();
}
