/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-VM MSR and I/O bitmaps. */
#include "bitmaps.h"
#include "cpu.h"
#include "x86.h"

struct bitmaps {
	u8 msr[PAGE_BYTES];	/* read low, read high, write low, write high: 1 KiB each */
	u8 io_a[PAGE_BYTES];	/* ports 0-7FFFH */
	u8 io_b[PAGE_BYTES];	/* ports 8000H-FFFFH */
};

static struct bitmaps bitmaps[VM_MAX] __attribute__((aligned(4096)));

/* Lets the VM read and write an MSR without an exit. */
static void own_msr(vm_id vm, u32 msr)
{
	u32 index = msr & 0x1fffu;
	u32 byte = index / 8u + (msr >= 0xc0000000u ? 1024u : 0u);
	u8 bit = (u8)(1u << (index % 8u));

	bitmaps[vm].msr[byte] &= (u8)~bit;
	bitmaps[vm].msr[byte + 2048u] &= (u8)~bit;
}

void bitmaps_reset(vm_id vm)
{
	for (u32 i = 0; i < PAGE_BYTES; i++) {
		bitmaps[vm].msr[i] = 0xff;
		bitmaps[vm].io_a[i] = 0xff;
		bitmaps[vm].io_b[i] = 0xff;
	}
	own_msr(vm, IA32_SYSENTER_CS);
	own_msr(vm, IA32_SYSENTER_ESP);
	own_msr(vm, IA32_SYSENTER_EIP);
	own_msr(vm, IA32_STAR);
	own_msr(vm, IA32_LSTAR);
	own_msr(vm, IA32_CSTAR);
	own_msr(vm, IA32_FMASK);
	own_msr(vm, IA32_FS_BASE);
	own_msr(vm, IA32_GS_BASE);
	own_msr(vm, IA32_KERNEL_GS_BASE);
	own_msr(vm, IA32_TSC_AUX);
}

u64 bitmaps_io_a(vm_id vm)
{
	return cpu_physical(bitmaps[vm].io_a);
}

u64 bitmaps_io_b(vm_id vm)
{
	return cpu_physical(bitmaps[vm].io_b);
}

u64 bitmaps_msr(vm_id vm)
{
	return cpu_physical(bitmaps[vm].msr);
}
