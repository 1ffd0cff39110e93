/* SPDX-License-Identifier: BSD-2-Clause */
/* The difference of two RDTSC is the number of instructions between them, whatever exits: the clock is the position. */
/* run: */
/* run: --intercept all */
/* run: --intercept all --map-4k --quantum 10000 */
#include "guest.h"

/* RDTSC, `code` of `n` ticks, RDTSC: n + 4 with the two MOVs that keep the first value, RDTSC and the loading of RAX.
 * `code` may change RAX, RBX, RCX, RDX, RSI, RDI, R8. */
#define TICKS(n, code) do { \
	u32 difference; \
	for (u32 round = 0; round < 3; round++) { \
		asm volatile("rdtsc\n\tmov %%eax, %%r9d\n\t" code "\n\trdtsc\n\tsub %%r9d, %%eax" : "=a"(difference) \
			     : : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "memory", "cc"); \
		guest_check(__FILE__, __LINE__, #code, difference, (n) + 2); \
	} \
} while (0)

static u8 area[PAGE * 2] __attribute__((aligned(PAGE)));

/* Handlers of one instruction and an IRET. */
asm(".text\n"
    "skip2:\taddq $2, (%rsp)\n\tiretq\n"
    "skip2_error:\taddq $2, 8(%rsp)\n\tlea 8(%rsp), %rsp\n\tiretq\n"
    "plain:\tiretq");
void skip2(void), skip2_error(void), plain(void);

static void instructions(void)
{
	TICKS(0, "");
	TICKS(1, "nop");
	TICKS(2, "xor %%eax, %%eax\n\tcpuid");
	TICKS(4, "xor %%eax, %%eax\n\tcpuid\n\txor %%eax, %%eax\n\tcpuid");
	TICKS(1, "inb $0x21, %%al");
	TICKS(1, "outb %%al, $0x80");
	TICKS(2, "mov $0x3fd, %%edx\n\tinw %%dx, %%ax");
	TICKS(3, "mov $0xcf8, %%edx\n\txor %%eax, %%eax\n\toutl %%eax, %%dx");
	TICKS(2, "mov $0xc0000080, %%ecx\n\trdmsr");
	TICKS(3, "mov $0xc0000080, %%ecx\n\trdmsr\n\twrmsr");
	TICKS(3, "mov $0xc0000103, %%ecx\n\trdmsr\n\twrmsr");
	TICKS(3, "mov $0x174, %%ecx\n\trdmsr\n\twrmsr");
	TICKS(2, "mov $0x10, %%ecx\n\trdmsr");
	TICKS(2, "mov %%cr0, %%rax\n\tmov %%rax, %%cr0");
	TICKS(4, "mov %%cr0, %%rax\n\txor $0x20, %%eax\n\tmov %%rax, %%cr0\n\tmov %%cr0, %%rax");	/* NE */
	TICKS(2, "mov %%cr3, %%rax\n\tmov %%rax, %%cr3");
	TICKS(2, "mov %%cr4, %%rax\n\tmov %%rax, %%cr4");
	TICKS(2, "mov %%cr8, %%rax\n\tmov %%rax, %%cr8");
	TICKS(1, "mov %%cr2, %%rax");
	TICKS(1, "clts");
	TICKS(2, "smsw %%ax\n\tlmsw %%ax");
	TICKS(2, "mov %%dr0, %%rax\n\tmov %%rax, %%dr0");
	TICKS(2, "mov %%dr6, %%rax\n\tmov %%rax, %%dr6");
	TICKS(2, "mov %%dr7, %%rax\n\tmov %%rax, %%dr7");
	TICKS(1, "invlpg (%%rsp)");
	TICKS(1, "pause");
	TICKS(3, "pause\n\tpause\n\tpause");
	TICKS(1, "wbinvd");
	TICKS(1, "invd");
	TICKS(1, "rdtscp");
	TICKS(3, "rdtsc\n\trdtsc\n\trdtsc");
	TICKS(1, "rdrand %%rax");
	TICKS(1, "rdseed %%rax");
	TICKS(2, "sti\n\tcli");
	TICKS(4, "mov %%ss, %%eax\n\tmov %%eax, %%ss\n\tcpuid\n\tnop");
	TICKS(4, "lea -16(%%rsp), %%rax\n\tsgdt (%%rax)\n\tlgdt (%%rax)\n\tsidt (%%rax)");
	if (on_reprise())
		TICKS(1, "vmcall");
}

static void strings(void)
{
	TICKS(3 + 10, "mov $area, %%esi\n\tmov $10, %%ecx\n\tmov $0x3ff, %%edx\n\trep outsb");
	TICKS(3 + 10, "mov $area, %%edi\n\tmov $10, %%ecx\n\tmov $0x3ff, %%edx\n\trep insb");
	TICKS(3 + 7, "mov $area + 4096 - 10, %%edi\n\tmov $7, %%ecx\n\tmov $0xcf8, %%edx\n\trep insl");
	TICKS(3 + 1, "mov $area, %%esi\n\txor %%ecx, %%ecx\n\tmov $0x3ff, %%edx\n\trep outsb");
	TICKS(3, "mov $area, %%esi\n\tmov $0x3ff, %%edx\n\toutsb");
	TICKS(3 + 100, "mov $area, %%edi\n\tmov $100, %%ecx\n\tmov $area + 100, %%esi\n\trep movsb");
	TICKS(2 + 50, "mov $area, %%edi\n\tmov $50, %%ecx\n\trep stosq");
}

/* A fault counts one (its delivery), and then its handler's instructions. */
static void events(void)
{
	idt_set(UD, skip2, 0, 0);
	idt_set(GP, skip2_error, 0, 0);
	idt_set(PF, skip2_error, 0, 0);
	idt_set(0x81, plain, 0, 0);
	idt_set(BP, plain, 0, 0);
	TICKS(1 + 2, "ud2");
	TICKS(1 + 1, "int $0x81");
	TICKS(1 + 1, "int3");
	TICKS(2 * (1 + 2), "ud2\n\tud2");
	TICKS(1 + 1 + 3, "movabs $0x800000000000, %%rax\n\tmov (%%rax), %%bl");
	if (on_reprise()) {
		TICKS(1 + 1 + 3, "mov $0x10000000, %%ecx\n\trdmsr");	/* no such MSR: #GP */
		TICKS(1 + 1 + 3, "mov $0x10000000, %%ecx\n\twrmsr");
	}
	*paging_pte(area + PAGE) &= ~PTE_P;
	invlpg(area + PAGE);
	TICKS(1 + 3 + 1, "movabs $area + 4096, %%rax\n\tmov (%%rax), %%bl");
	*paging_pte(area + PAGE) |= PTE_P;
}

void guest_main(void)
{
	paging_own();
	pic_start(0xffff);
	instructions();
	strings();
	events();
	guest_success();
}
