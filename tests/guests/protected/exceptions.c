/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that only 32-bit code can raise: #OF, #BR, #TS, limit violations, and error codes of segment loads. */
/* run: */
/* run: --intercept exceptions */
#include "guest.h"

static u32 other_tss[26];

void guest_main(void)
{
	static const int bounds[2] = { 10, 20 };

	EXPECT(TRY("movb $0x7f, %%al\n\taddb $1, %%al\n\tinto", : : : "eax"), OF);
	EXPECT(trap.ip, trap_start + 5);	/* a trap: after INTO; 2 + 2 + 1 bytes */
	EXPECT(TRY("xor %%eax, %%eax\n\tinto", : : : "eax"), NO_TRAP);
	EXPECT(TRY("bound %0, %1", : : "r"(21), "m"(bounds)), BR);
	EXPECT(trap.ip, trap_start);
	EXPECT(TRY("bound %0, %1", : : "r"(10), "m"(bounds)), NO_TRAP);
	EXPECT(TRY("div %%ecx", : : "a"(1), "d"(0), "c"(0)), DE);
	EXPECT(TRY("int3", :), BP);
	EXPECT(trap.ip, trap_start + 1);

	EXPECT(TRY("mov %0, %%es", : : "r"(SEL_ABSENT)), NP);
	EXPECT(trap.error, SEL_ABSENT);
	EXPECT(TRY("mov %0, %%ss", : : "r"(SEL_ABSENT)), SS);
	EXPECT(trap.error, SEL_ABSENT);
	EXPECT(TRY("mov %0, %%ss", : : "r"(0)), GP);
	EXPECT(trap.error, 0);
	EXPECT(TRY("lcall %0, $0", : : "i"(DS0)), GP);
	EXPECT(trap.error, DS0);

	/* a segment of 256 bytes: the limit counts, #GP(0) for ES and #SS(0) for SS */
	gdt[SEL_FREE / 8] = gdt_segment((u32)(reg)other_tss, 255, 0x93, 4);
	EXPECT(TRY("mov %0, %%es\n\tmov %%es:252, %%eax", : : "r"(SEL_FREE) : "eax"), NO_TRAP);
	EXPECT(TRY("mov %0, %%es\n\tmov %%es:253, %%eax", : : "r"(SEL_FREE) : "eax"), GP);
	EXPECT(trap.error, 0);
	asm volatile("mov %0, %%es" : : "r"(DS0));
	EXPECT(TRY("mov %%ss, %%ecx\n\tmov %0, %%ss\n\tmov %%ss:4, %%eax\n\tmov %%ecx, %%ss", : : "r"(SEL_FREE) : "eax", "ecx"),
	       NO_TRAP);

	/* a TSS that is too small: JMP to it is #TS with its selector */
	gdt[SEL_FREE / 8] = gdt_segment((u32)(reg)other_tss, 0x66, 0x89, 0);
	EXPECT(TRY("ljmp %0, $0", : : "i"(SEL_FREE)), TS);
	EXPECT(trap.error, SEL_FREE);
	EXPECT(trap.ip, trap_start);
	/* a busy one: #GP; an absent one: #NP */
	gdt[SEL_FREE / 8] = gdt_segment((u32)(reg)other_tss, 0x67, 0x8b, 0);
	EXPECT(TRY("ljmp %0, $0", : : "i"(SEL_FREE)), GP);
	EXPECT(trap.error, SEL_FREE);
	gdt[SEL_FREE / 8] = gdt_segment((u32)(reg)other_tss, 0x67, 0x09, 0);
	EXPECT(TRY("ljmp %0, $0", : : "i"(SEL_FREE)), NP);
	EXPECT(trap.error, SEL_FREE);
	guest_success();
}
