/* SPDX-License-Identifier: BSD-2-Clause */
/* RDTSC, RDTSCP, RDPID and the TSC MSR agree, count instructions, and obey CR4.TSD at CPL 3. */
/* run: */
/* run: --intercept rdtsc */
#include "guest.h"

static volatile u32 user_vector, user_vector2;

static void user(void)
{
	user_vector = TRY("rdtsc", : : : "eax", "edx");
	user_vector2 = TRY("rdtscp", : : : "eax", "edx", "ecx");
	USER_RETURN();
}

void guest_main(void)
{
	u64 first, second;
	reg a, c, d, r8;

	first = rdtsc();
	second = rdtsc();
	CHECK(second > first && second - first < 20);
	wrmsr(0xc0000103, 0x1234567);
	asm volatile("rdtscp" : "=a"(a), "=c"(c), "=d"(d) : "a"(~0ul), "c"(~0ul), "d"(~0ul));
	EXPECT(c, 0x1234567);
	EXPECT(a >> 32, 0);
	EXPECT(d >> 32, 0);
	CHECK((d << 32 | a) > second && (d << 32 | a) < second + 200);
	asm volatile("rdpid %0" : "=r"(r8));
	EXPECT(r8, 0x1234567);
	/* exactly: RDTSC, MOV, eight NOPs, RDTSC */
	asm volatile("rdtsc\n\tmov %%rax, %0\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\trdtsc\n\tsub %0, %%rax"
		     : "=&r"(r8), "=&a"(a), "=d"(d));
	EXPECT((u32)a, 10);
	asm volatile("rdtscp\n\tmov %%rax, %0\n\trdtscp\n\tsub %0, %%rax" : "=&r"(r8), "=&a"(a), "=d"(d) : : "rcx");
	EXPECT((u32)a, 2);
	/* the MSR is the same clock */
	asm volatile("rdtsc\n\tmov %%rax, %0\n\trdmsr\n\tsub %0, %%rax" : "=&r"(r8), "=&a"(a), "=d"(d) : "c"(0x10));
	EXPECT((u32)a, 2);
	paging_own();
	user_call(user);
	EXPECT(user_vector, NO_TRAP);
	EXPECT(user_vector2, NO_TRAP);
	write_cr4(read_cr4() | CR4_TSD);
	user_call(user);
	EXPECT(user_vector, GP);
	EXPECT(user_vector2, GP);
	CHECK(rdtsc() > second);
	guest_success();
}
