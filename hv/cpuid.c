/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUID tables. What is hidden and why: APIC, MTRR, MCE (no such device); ERMS and FSRM (REP STOSB costs a tick a
 * byte, so a guest had better not prefer it); MONITOR, VMX, SMX, PCID, PKU (intercepted or not virtualized); leaf 6's
 * APERFMPERF (two MSR reads a timer tick); PMU (leaf 0AH). Leaf 15H makes the TSC 1 GHz exactly.
 */
#include "cpuid.h"
#include "x86.h"

/* Intel, family 6, model 8CH, stepping 1: the tigerlake that Bochs models. */
#define SIGNATURE 0x000806c1u

#define EDX_1 0x078ba97fu /* FPU VME DE PSE TSC MSR PAE CX8 SEP PGE CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2 */
#define ECX_1 0xc2d82203u /* SSE3 PCLMUL SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES RDRAND HYPERVISOR */
#define ECX_1_AVX 0x34001000u /* FMA XSAVE AVX F16C */
#define EBX_7 0x209c0081u /* FSGSBASE SMEP RDSEED ADX SMAP CLFLUSHOPT SHA */
#define EBX_7_AVX 0x00000128u /* BMI1 AVX2 BMI2 */
#define ECX_7 0x00400004u /* UMIP RDPID */
#define EDX_EXT1 0x2c100800u /* SYSCALL NX PAGE1GB RDTSCP LM */
#define ECX_EXT1 0x00000121u /* LAHF LZCNT PREFETCHW */

/*@ requires leaf: leaf < 0x40000000;
    assigns  \nothing;
    exits    never:   \false;
    ensures  hidden:  leaf == 1 ==> CPUID_1_ECX_HIDDEN(\result.ecx);
    ensures  family:  leaf == 1 ==> \result.eax == 0x806c1;
    ensures  maximum: leaf == 0 ==> \result.eax == 0x16;
    ensures  unknown: 0x16 < leaf ==> \result.eax == 0 && \result.ebx == 0 && \result.ecx == 0 && \result.edx == 0;
*/
static struct cpuid basic_leaf(u32 cpu, u32 leaf, u32 subleaf)
{
	struct cpuid r = { 0, 0, 0, 0 };
	bool avx = cpu == PLAN_CPU_AVX;

	switch (leaf) {
	case 0x0:	/* "GenuineIntel" */
		r.eax = 0x16, r.ebx = 0x756e6547, r.edx = 0x49656e69, r.ecx = 0x6c65746e;
		break;
	case 0x1:	/* CLFLUSH line 8 * 8 bytes, one logical processor */
		r.eax = SIGNATURE, r.ebx = 0x00010800, r.ecx = avx ? ECX_1 | ECX_1_AVX : ECX_1, r.edx = EDX_1;
		break;
	case 0x7:
		if (subleaf == 0)
			r.ebx = EBX_7 | (avx ? EBX_7_AVX : 0), r.ecx = ECX_7;
		break;
	case 0xd:
		if (avx && subleaf == 0)
			r.eax = (u32)(XCR0_X87 | XCR0_SSE | XCR0_AVX), r.ecx = 832;	/* EBX depends on XCR0 */
		else if (avx && subleaf == 1)
			r.eax = 0x1;	/* XSAVEOPT */
		else if (avx && subleaf == 2)
			r.eax = 256, r.ebx = 576;	/* AVX: upper halves of YMM0-15 */
		break;
	case 0x15:	/* TSC = 25 MHz crystal * 40 / 1 */
		r.eax = 1, r.ebx = 40, r.ecx = 25000000;
		break;
	case 0x16:	/* MHz: base, maximum, bus */
		r.eax = 1000, r.ebx = 1000, r.ecx = 100;
		break;
	default:
		break;
	}
	return r;
}

/*@ assigns  \nothing;
    exits    never:   \false;
    ensures  unknown: leaf > 0x80000008 ==>
                      \result.eax == 0 && \result.ebx == 0 && \result.ecx == 0 && \result.edx == 0;
*/
static struct cpuid extended_leaf(u32 leaf)
{
	struct cpuid r = { 0, 0, 0, 0 };

	switch (leaf) {
	case 0x80000000:
		r.eax = 0x80000008;
		break;
	case 0x80000001:
		r.ecx = ECX_EXT1, r.edx = EDX_EXT1;
		break;
	case 0x80000002:	/* "Reprise virtual CPU at 1 GHz" */
		r.eax = 0x72706552, r.ebx = 0x20657369, r.ecx = 0x74726976, r.edx = 0x206c6175;
		break;
	case 0x80000003:
		r.eax = 0x20555043, r.ebx = 0x31207461, r.ecx = 0x7a484720, r.edx = 0;
		break;
	case 0x80000007:	/* invariant TSC */
		r.edx = 0x100;
		break;
	case 0x80000008:
		r.eax = (48u << 8) | CPUID_MAXPHYADDR;
		break;
	default:
		break;
	}
	return r;
}

struct cpuid cpuid_leaf(u32 cpu, u32 leaf, u32 subleaf)
{
	struct cpuid r = { 0, 0, 0, 0 };

	if (leaf < 0x40000000)
		return basic_leaf(cpu, leaf, subleaf);
	if (leaf >= 0x80000000)
		return extended_leaf(leaf);
	if (leaf == 0x40000000)	/* "RepriseRepr" */
		r.eax = 0x40000000, r.ebx = 0x72706552, r.ecx = 0x52657369, r.edx = 0x00727065;
	return r;
}

u32 cpuid_xsave_bytes(u64 xcr0)
{
	return (xcr0 & XCR0_AVX) != 0 ? 832 : 576;
}

u64 cpuid_cr4(u32 cpu)
{
	u64 bits = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCE | CR4_OSFXSR |
		   CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_SMEP | CR4_SMAP;

	return cpu == PLAN_CPU_AVX ? bits | CR4_OSXSAVE : bits;
}
