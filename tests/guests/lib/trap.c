/* SPDX-License-Identifier: BSD-2-Clause */
/* GDT, IDT and TSS of a guest, and what happens when something traps. */
#include "guest.h"

volatile struct trap trap;
volatile reg trap_resume;
volatile reg trap_start;
void (*trap_handler[256])(struct frame *frame);

u64 gdt[GDT_ENTRIES] __attribute__((aligned(16)));
static u32 tss[26] __attribute__((aligned(16)));
static u8 stack_trap[8192] __attribute__((aligned(16)));	/* RSP0 / ESP0 */
static u8 stack_double[8192] __attribute__((aligned(16)));	/* IST1, for the double fault */

#ifdef __x86_64__
static u64 idt[512] __attribute__((aligned(16)));
#else
static u64 idt[256] __attribute__((aligned(16)));
#endif

struct table { u16 limit; reg base; } __attribute__((packed));

u64 gdt_segment(u32 base, u32 limit, u32 access, u32 flags)
{
	return (limit & 0xffffull) | ((u64)(base & 0xffffff) << 16) | ((u64)access << 40) |
	       ((u64)((limit >> 16) & 0xf) << 48) | ((u64)flags << 52) | ((u64)(base >> 24) << 56);
}

void gdt_tss(u32 selector, void *address, u32 limit)
{
	gdt[selector / 8] = gdt_segment((u32)(reg)address, limit, 0x89, 0);
#ifdef __x86_64__
	gdt[selector / 8 + 1] = (reg)address >> 32;
#endif
}

void idt_set(u32 vector, void (*entry)(void), u32 dpl, u32 ist)
{
	reg at = (reg)entry;
	u64 low = (at & 0xffff) | ((u64)CS0 << 16) | ((u64)ist << 32) | ((u64)(0x8e | dpl << 5) << 40) |
		  ((u64)(at >> 16 & 0xffff) << 48);

#ifdef __x86_64__
	idt[2 * vector] = low;
	idt[2 * vector + 1] = at >> 32;
#else
	idt[vector] = low;
#endif
}

void idt_present(u32 vector, bool present)
{
	u64 *gate = &idt[vector * (sizeof(reg) / 4)];

	*gate = present ? *gate | 1ull << 47 : *gate & ~(1ull << 47);
}

void guest_tables(void)
{
	bool wide = sizeof(reg) == 8;
	struct table gdtr = { sizeof(gdt) - 1, (reg)gdt };
	struct table idtr = { sizeof(idt) - 1, (reg)idt };

	gdt[CS0 / 8] = gdt_segment(0, 0xfffff, 0x9b, wide ? 0xa : 0xc);
	gdt[DS0 / 8] = gdt_segment(0, 0xfffff, 0x93, 0xc);
	gdt[CS3 / 8] = gdt_segment(0, 0xfffff, 0xfb, 0xc);
	gdt[DS3 / 8] = gdt_segment(0, 0xfffff, 0xf3, 0xc);
	gdt[CS3_64 / 8] = gdt_segment(0, 0xfffff, 0xfb, 0xa);
	gdt[SEL_ABSENT / 8] = gdt_segment(0, 0xfffff, 0x13, 0xc);
	gdt[CS32 / 8] = gdt_segment(0, 0xfffff, 0x9b, 0xc);
	gdt[CS16 / 8] = gdt_segment(0, 0xffff, 0x9b, 0);
	gdt[DS16 / 8] = gdt_segment(0, 0xffff, 0x93, 0);
	gdt_tss(TSS, tss, sizeof(tss) - 1);
#ifdef __x86_64__
	*(u64 *)&tss[1] = (reg)stack_trap + sizeof(stack_trap);
	*(u64 *)&tss[9] = (reg)stack_double + sizeof(stack_double);
#else
	tss[1] = (reg)stack_trap + sizeof(stack_trap);
	tss[2] = DS0;
#endif
	tss[25] = sizeof(tss) << 16;	/* no I/O bitmap */
	for (u32 i = 0; i < 256; i++)
		idt_set(i, (void (*)(void))(reg)vector_entry[i], i == BP || i == OF || i == 0x80 ? 3 : 0, i == DF ? wide : 0);
	(void)stack_double;
	asm volatile("lgdt %0\n\tlidt %1\n\tltr %w2" : : "m"(gdtr), "m"(idtr), "r"(TSS) : "memory");
	asm volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%ss\n\tmov %0, %%fs\n\tmov %0, %%gs" : : "r"(DS0) : "memory");
#ifdef __x86_64__
	asm volatile("pushq %0\n\tpushq $1f\n\tlretq\n1:" : : "i"(CS0) : "memory");
#else
	asm volatile("ljmp %0, $1f\n1:" : : "i"(CS0) : "memory");
#endif
}

/* Called by lib/vectors.S. */
void trap_enter(struct frame *frame)
{
	if (trap_handler[frame->vector] != NULL) {
		trap_handler[frame->vector](frame);
		return;
	}
	if (trap_resume == 0)
		guest_failure("unexpected trap %lu, error %lx, at %lx:%lx, flags %lx, CR2 %lx", frame->vector, frame->error,
			      frame->cs, frame->ip, frame->flags, read_cr2());
	trap.vector = frame->vector;
	trap.error = frame->error;
	trap.ip = frame->ip;
	trap.cs = frame->cs;
	trap.flags = frame->flags;
	trap.cr2 = read_cr2();
#ifdef __x86_64__
	trap.sp = frame->sp;
#endif
	trap.count++;
	frame->ip = trap_resume;
	frame->flags &= ~(FLAG_TF | FLAG_AC);
}
