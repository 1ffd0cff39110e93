/* SPDX-License-Identifier: BSD-2-Clause */
/* The native body of the memory door: the identity map. */
#include "mem.h"
#include "asm.h"
#include "x86.h"

u64 mem_read(u64 hpa, u32 width)
{
	switch (width) {
	case 1: return *(const volatile u8 *)hpa;
	case 2: return *(const volatile u16 *)hpa;
	case 4: return *(const volatile u32 *)hpa;
	default: return *(const volatile u64 *)hpa;
	}
}

void mem_write(u64 hpa, u32 width, u64 value)
{
	switch (width) {
	case 1: *(volatile u8 *)hpa = (u8)value; break;
	case 2: *(volatile u16 *)hpa = (u16)value; break;
	case 4: *(volatile u32 *)hpa = (u32)value; break;
	default: *(volatile u64 *)hpa = value; break;
	}
}

/* 64-byte stores where the processor has AVX-512, before any guest's state is live. */
static bool wide_stores(void)
{
	u32 r[4];

	asm_cpuid(7, 0, r);
	if ((r[1] & (1u << 16)) == 0 || (asm_read_cr4() & CR4_OSXSAVE) == 0)
		return false;
	asm_cpuid(0xd, 0, r);
	if ((r[0] & 0xe7u) != 0xe7u)
		return false;
	asm_xsetbv(0xe7);	/* swap_in sets it to what guests may have */
	return true;
}

void mem_zero(u64 hpa, u64 bytes)
{
	u64 count = bytes / 8;

	if (!wide_stores()) {
		__asm__ volatile("rep stosq" : "+D"(hpa), "+c"(count) : "a"(0ull) : "memory");
		return;
	}
	__asm__ volatile("vpxorq %%zmm0, %%zmm0, %%zmm0" : : : "memory");
	for (; bytes >= 512; bytes -= 512, hpa += 512)
		__asm__ volatile("vmovdqa64 %%zmm0, (%0); vmovdqa64 %%zmm0, 64(%0); vmovdqa64 %%zmm0, 128(%0);"
				 "vmovdqa64 %%zmm0, 192(%0); vmovdqa64 %%zmm0, 256(%0); vmovdqa64 %%zmm0, 320(%0);"
				 "vmovdqa64 %%zmm0, 384(%0); vmovdqa64 %%zmm0, 448(%0)" : : "r"(hpa) : "memory");
	for (; bytes > 0; bytes -= 64, hpa += 64)
		__asm__ volatile("vmovdqa64 %%zmm0, (%0)" : : "r"(hpa) : "memory");
}

static u64 crc32c(u64 crc, u64 value)
{
	__asm__("crc32q %1, %0" : "+r"(crc) : "r"(value));
	return crc;
}

u64 mem_hash(u64 hpa, u64 bytes)
{
	u64 h1 = 0xffffffff, h2 = 0x12345678;

	for (u64 end = hpa + bytes; hpa < end; hpa += 8) {
		u64 word = mem_read(hpa, 8);

		h1 = crc32c(h1, word);
		h2 = crc32c(h2, word ^ 0x9e3779b97f4a7c15ull);
	}
	return h1 | h2 << 32;
}
