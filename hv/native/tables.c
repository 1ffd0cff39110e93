/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's own IDT and TSS: any exception in root mode is a failure and is reported. */
#include "tables.h"
#include "asm.h"
#include "native.h"

#define VECTOR_STUB_BYTES 16u
#define TSS_SELECTOR 0x18u
#define IST_STACK 4096u

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, io_map;
} __attribute__((packed));

extern u8 native_vectors[];
extern u64 native_gdt[];

static struct gate idt[256] __attribute__((aligned(16)));
static struct tss tss __attribute__((aligned(16)));
static u8 ist_stack[IST_STACK] __attribute__((aligned(16)));

u64 native_tss(void)
{
	return (u64)(uintptr_t)&tss;
}

void tables_init(void)
{
	struct asm_table idtr = { sizeof(idt) - 1, (u64)(uintptr_t)idt };
	u64 base = native_tss();

	tss.ist[0] = (u64)(uintptr_t)ist_stack + IST_STACK;
	tss.io_map = sizeof(tss);
	for (u32 i = 0; i < 256; i++) {
		u64 offset = (u64)(uintptr_t)native_vectors + i * VECTOR_STUB_BYTES;

		idt[i] = (struct gate){ (u16)offset, 0x08, (u8)(i == 2 || i == 8 || i == 18), 0x8e, (u16)(offset >> 16),
					(u32)(offset >> 32), 0 };
	}
	native_gdt[3] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	native_gdt[4] = base >> 32;
	__asm__ volatile("lidt %0; ltr %1" : : "m"(idtr), "r"((u16)TSS_SELECTOR));
}
