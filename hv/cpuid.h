/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPUID tables that guests see, one per platform version (enum plan_cpu). SDM 2A, CPUID; leaves 4000000xH as KVM. */
#ifndef HV_CPUID_H
#define HV_CPUID_H

#include "plan.h"
#include "types.h"
#include "x86.h"

#include "spec/cpuid.acsl"

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

#define CPUID_1_ECX_OSXSAVE (1u << 27)

/* Physical-address width that guests are told, bits. Guest page-table entries with higher bits set fault. */
#define CPUID_MAXPHYADDR 40u

/* The constant part of one leaf: what does not depend on the VM's CR4 and XCR0. Unknown leaves are zero. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures hidden:  leaf == 1 ==> CPUID_1_ECX_HIDDEN(\result.ecx);
    ensures family:  leaf == 1 ==> \result.eax == 0x806c1;
    ensures maximum: leaf == 0 ==> \result.eax == 0x16;
    ensures unknown: 0x16 < leaf < 0x40000000 || 0x40000000 < leaf < 0x80000000 || leaf > 0x80000008 ==>
                     \result.eax == 0 && \result.ebx == 0 && \result.ecx == 0 && \result.edx == 0;
*/
struct cpuid cpuid_leaf(u32 cpu, u32 leaf, u32 subleaf);

/* Size of an XSAVE area in standard form for the components in `xcr0`, bytes (SDM 1 13.4). */
/*@ assigns \nothing;
    exits   never: \false;
    ensures size:  \result == ((xcr0 & XCR0_AVX) != 0 ? 832 : 576);
*/
u32 cpuid_xsave_bytes(u64 xcr0);

/* CR4 bits whose feature the table shows: the only ones a guest may set. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures visible: \result == cr4_visible(cpu);
*/
u64 cpuid_cr4(u32 cpu);

#endif
