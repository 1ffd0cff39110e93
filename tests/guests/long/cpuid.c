/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID (cpu=base): vendor, limits, what is hidden, what follows CR4; the same answer every time; high halves zero. */
#include "guest.h"

static void hidden(void)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0);

	EXPECT(one.ecx & 1 << 3, 0);		/* MONITOR */
	EXPECT(one.ecx & 1 << 5, 0);		/* VMX */
	EXPECT(one.ecx & 1 << 6, 0);		/* SMX */
	EXPECT(one.ecx & 1 << 17, 0);		/* PCID */
	EXPECT(one.ecx & 1 << 21, 0);		/* x2APIC */
	EXPECT(one.ecx & 1 << 26, 0);		/* XSAVE */
	EXPECT(one.ecx & 1 << 27, 0);		/* OSXSAVE */
	EXPECT(one.ecx & 1 << 28, 0);		/* AVX */
	EXPECT(one.ecx & 1u << 31, 1u << 31);	/* hypervisor */
	EXPECT(one.edx & 1 << 7, 0);		/* MCE */
	EXPECT(one.edx & 1 << 9, 0);		/* APIC */
	EXPECT(one.edx & 1 << 12, 0);		/* MTRR */
	EXPECT(one.edx & 1 << 6, 1 << 6);	/* PAE */
	EXPECT(one.edx & 1 << 4, 1 << 4);	/* TSC */
	EXPECT(seven.ebx & 1 << 9, 0);		/* ERMS */
	EXPECT(seven.ebx & 1 << 10, 0);		/* INVPCID */
	EXPECT(seven.ebx & 1 << 16, 0);		/* AVX-512 */
	EXPECT(seven.ecx & 1 << 3, 0);		/* PKU */
	EXPECT(seven.ecx & 1 << 16, 0);		/* LA57 */
	EXPECT(seven.edx & 1 << 4, 0);		/* FSRM */
	EXPECT(cpuid(6, 0).ecx & 1, 0);		/* APERFMPERF */
	EXPECT(cpuid(10, 0).eax & 0xff, 0);	/* performance counters */
}

void guest_main(void)
{
	struct cpuid zero = cpuid(0, 0), hypervisor, clock, first, again;
	reg a, b, c, d;

	EXPECT(zero.ebx, 0x756e6547);
	EXPECT(zero.edx, 0x49656e69);
	EXPECT(zero.ecx, 0x6c65746e);
	CHECK(zero.eax >= 0x15);
	asm volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
		     : "a"(0xffffffff00000000ul), "b"(~0ul), "c"(0xffffffff00000000ul), "d"(~0ul));
	EXPECT(a, zero.eax);
	EXPECT(b, zero.ebx);
	EXPECT(c, zero.ecx);
	EXPECT(d, zero.edx);
	for (u32 leaf = 0; leaf < 0x20; leaf++) {
		first = cpuid(leaf, 0);
		again = cpuid(leaf, 0);
		EXPECT(memcmp(&first, &again, sizeof(first)), 0);
	}
	if (!on_reprise())
		guest_success();
	hypervisor = cpuid(0x40000000, 0);
	EXPECT(hypervisor.ebx, 0x72706552);
	EXPECT(hypervisor.ecx, 0x52657369);
	EXPECT(hypervisor.edx, 0x00727065);
	hidden();
	clock = cpuid(0x15, 0);		/* the TSC runs at 1 GHz */
	EXPECT((u64)clock.ecx * clock.ebx / clock.eax, 1000000000);
	first = cpuid(zero.eax + 1, 0);
	EXPECT(first.eax | first.ebx | first.ecx | first.edx, 0);
	first = cpuid(0x80000000, 0);
	CHECK(first.eax >= 0x80000008 && first.eax < 0x80000100);
	CHECK((cpuid(0x80000008, 0).eax >> 8 & 0xff) == 48);
	EXPECT(cpuid(0x80000001, 0).edx & (1 << 29 | 1 << 20 | 1 << 11), 1 << 29 | 1 << 20 | 1 << 11);
	EXPECT(cpuid(0x80000007, 0).edx & 1 << 8, 1 << 8);
	guest_success();
}
