/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-VM MSR and I/O bitmaps. */
#include "bitmaps.h"
#include "x86.h"

struct bitmaps vm_bitmaps[VM_MAX] __attribute__((aligned(4096)));

#define WORD(msr) (((msr) & 0x1fffu) / 64u + ((msr) >= 0xc0000000u ? 128u : 0u))
#define BIT(msr) (1ull << ((msr) % 64u))

/* What the VM may read and write without an exit, of word `i` of the MSR bitmap. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures word:  \result == 0xffffffffffffffff - bitmaps_msr_word(i);
*/
static u64 owned(u32 i)
{
	switch (i % 256u) {
	case WORD(IA32_SYSENTER_CS):
		return BIT(IA32_SYSENTER_CS) | BIT(IA32_SYSENTER_ESP) | BIT(IA32_SYSENTER_EIP);
	case WORD(IA32_STAR):
		return BIT(IA32_STAR) | BIT(IA32_LSTAR) | BIT(IA32_CSTAR) | BIT(IA32_FMASK);
	case WORD(IA32_FS_BASE):
		return BIT(IA32_FS_BASE) | BIT(IA32_GS_BASE) | BIT(IA32_KERNEL_GS_BASE) | BIT(IA32_TSC_AUX);
	default:
		return 0;
	}
}

void bitmaps_reset(vm_id vm)
{
	/*@ loop invariant range: 0 <= i <= 512;
	    loop invariant done:  \forall integer k; 0 <= k < i ==>
	      vm_bitmaps[vm].io_a[k] == 0xffffffffffffffff && vm_bitmaps[vm].io_b[k] == 0xffffffffffffffff &&
	      vm_bitmaps[vm].msr[k] == bitmaps_msr_word(k);
	    loop assigns i, vm_bitmaps[vm];
	    loop variant 512 - i;
	*/
	for (u32 i = 0; i < 512; i++) {
		vm_bitmaps[vm].msr[i] = ~0ull - owned(i);
		vm_bitmaps[vm].io_a[i] = ~0ull;
		vm_bitmaps[vm].io_b[i] = ~0ull;
	}
}
