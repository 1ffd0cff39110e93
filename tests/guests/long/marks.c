/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bit of everything, with a mark after each part and timer interrupts all the time: cases/positions.sh runs it with
 * different sets of intercepts, mappings and compares marks and end. Prints where the interrupts came.
 */
#include "guest.h"

static u8 area[4 * PAGE] __attribute__((aligned(PAGE)));
static volatile u64 hash = 0xcbf29ce484222325ull;
static volatile u32 interrupts, faults;

static void mix(u64 v)
{
	hash = (hash ^ v) * 0x100000001b3ull;
}

static void on_timer(struct frame *frame)
{
	interrupts++;
	mix(frame->ip);
	mix(frame->cx);
	mix(rdtsc());
	pic_eoi(0);
}

static void on_page_fault(struct frame *frame)
{
	reg address = read_cr2();

	faults++;
	mix(address);
	mix(frame->error);
	mix(rdtsc());
	*paging_pte((void *)address) |= PTE_P | PTE_W;
	invlpg((void *)address);
}

static void on_debug(struct frame *frame)
{
	mix(frame->ip);
	mix(rdtsc());
	write_dr6(0xffff0ff0);
}

static void compute(u32 rounds)
{
	u64 x = 88172645463325252ull;

	for (u32 i = 0; i < rounds; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	mix(x);
}

void guest_main(void)
{
	paging_own();
	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;
	trap_handler[PF] = on_page_fault;
	trap_handler[DB] = on_debug;
	pit_start(0, 2, on_reprise() ? 20 : 1500);	/* every 16.8 us */
	mark(1);
	sti();
	compute(200000);
	mark(2);
	for (u32 i = 0; i < 200; i++) {
		mix(cpuid(i & 7, 0).eax);
		write_cr3(read_cr3());
		invlpg(area);
		asm volatile("pause");
		mix(rdtsc());
		mix(TRY("ud2", :));
		mix(TRY("mov (%0), %%al", : : "r"(1ull << 47) : "rax"));
		mix(TRY("int3", :));
	}
	mark(3);
	for (u32 i = 0; i < 200; i++) {
		u8 *at = area + (i & 3) * PAGE + i;

		*paging_pte(at) &= ~((i & 4) ? PTE_P : PTE_W);
		write_cr0(read_cr0() | CR0_WP);
		invlpg(at);
		*at += 1;
		mix(*at);
	}
	mark(4);
	for (u32 i = 0; i < 20; i++) {
		reg si = (reg)area, di = (reg)area + 2000, cx = 1500;

		asm volatile("rep movsb" : "+S"(si), "+D"(di), "+c"(cx) : : "memory");
		si = (reg)area, cx = 100;
		asm volatile("rep outsb" : "+S"(si), "+c"(cx) : "d"(0x3ff) : "memory");
		di = (reg)area + 4000, cx = 100;
		asm volatile("rep insb" : "+D"(di), "+c"(cx) : "d"(0x3ff) : "memory");
		mix(cx);
	}
	mark(5);
	for (u32 i = 0; i < 20; i++) {
		asm volatile("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tcpuid\n\tinb $0x21, %%al\n\tmov %%cr3, %%rax\n\tnop\n\t"
			     "pushf\n\tandl $~0x100, (%%rsp)\n\tpopf" : : : "rax", "rbx", "rcx", "rdx", "memory", "cc");
		write_dr0((reg)area + 64);
		write_dr7(0x400 | 1 | 1 << 16);
		area[64]++;
		write_dr7(0x400);
	}
	mark(6);
	for (u32 i = 0; i < 50; i++)
		asm volatile("hlt");
	mark(7);
	cli();
	say("interrupts %u faults %u hash %llx\n", interrupts, faults, hash);
	CHECK(interrupts > 100);
	guest_success();
}
