/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID (cpu=avx): XSAVE and AVX are there, OSXSAVE follows CR4, and leaf 0DH follows XCR0. */
/* run: --cpu avx */
#include "guest.h"

static void xsetbv(u64 value)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

void guest_main(void)
{
	EXPECT(cpuid(1, 0).ecx & (1 << 26 | 1 << 28), 1 << 26 | 1 << 28);
	EXPECT(cpuid(1, 0).ecx & 1 << 27, 0);
	EXPECT(cpuid(7, 0).ebx & 1 << 5, 1 << 5);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXSAVE);
	EXPECT(cpuid(1, 0).ecx & 1 << 27, 1 << 27);
	xsetbv(1);
	EXPECT(cpuid(0xd, 0).ebx, 576);
	xsetbv(3);
	EXPECT(cpuid(0xd, 0).ebx, 576);
	xsetbv(7);
	EXPECT(cpuid(0xd, 0).ebx, 832);
	if (on_reprise()) {
		EXPECT(cpuid(0xd, 0).eax, 7);
		EXPECT(cpuid(0xd, 0).ecx, 832);
		EXPECT(cpuid(0xd, 1).eax & 8, 0);	/* XSAVES */
	}
	EXPECT(cpuid(0xd, 2).eax, 256);
	EXPECT(cpuid(0xd, 2).ebx, 576);
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	EXPECT(cpuid(1, 0).ecx & 1 << 27, 0);
	guest_success();
}
