/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that debugs itself: execute, write and read/write breakpoints hit with the right DR6, RIP and RF, across exits. */
/* run: */
/* run: --intercept all */
#include "guest.h"

static volatile u64 watched, neighbour;
static volatile u32 hits;
static volatile reg hit_ip, hit_dr6, hit_flags, want_ip;

static void on_debug(struct frame *frame)
{
	hits++;
	hit_ip = frame->ip;
	hit_dr6 = read_dr6();
	hit_flags = frame->flags;
	write_dr6(0xffff0ff0);
	frame->flags |= FLAG_RF;	/* go on over an execute breakpoint */
}

#define EXPECT_HIT(dr6_bits) do { \
	EXPECT(hits, 1); \
	EXPECT(hit_ip, want_ip); \
	EXPECT(hit_dr6 & 0xe00f, dr6_bits); \
	hits = 0; \
} while (0)

static void execute_breakpoint(void)
{
	u32 a = 0, c = 0;

	for (u32 round = 0; round < 3; round++) {
		asm volatile("movq $1f, want_ip\n\tmov $1f, %%rax\n\tmov %%rax, %%dr0\n\tmov $0x401, %%eax\n\tmov %%rax, %%dr7\n\t"
			     "nop\n1:\tmov $77, %%ecx\n\tnop" : "+a"(a), "+c"(c) : : "memory");
		EXPECT_HIT(1);
		EXPECT(hit_flags & FLAG_RF, 0);	/* as for no other fault (SDM 3A 2.3) */
		EXPECT(c, 77);
	}
	/* on an instruction that exits */
	asm volatile("movq $1f, want_ip\n\tmov $1f, %%rax\n\tmov %%rax, %%dr0\n\txor %%eax, %%eax\n\tnop\n1:\tcpuid"
		     : "=a"(a) : : "rbx", "rcx", "rdx", "memory");
	EXPECT_HIT(1);
	CHECK(a >= 0x15);
	write_dr7(0x400);
}

static void data_breakpoints(void)
{
	u64 value;

	write_dr1((reg)&watched);
	write_dr7(0x400 | 1 << 2 | 1u << 20 | 2u << 22);	/* DR1: write, 8 bytes */
	neighbour = 1;
	value = watched;
	EXPECT(hits, 0);
	asm volatile("movq $1f, want_ip\n\tmovl $5, watched\n1:\tnop" : : : "memory");
	EXPECT_HIT(2);
	asm volatile("movq $1f, want_ip\n\tmovb $5, watched + 7\n1:\tnop" : : : "memory");
	EXPECT_HIT(2);
	asm volatile("movb $5, watched + 8" : : : "memory");	/* the neighbour or padding */
	EXPECT(hits, 0);
	asm volatile("movq $1f, want_ip\n\tcpuid\n\tincl watched\n1:\tcpuid" : : : "eax", "ebx", "ecx", "edx", "memory");
	EXPECT_HIT(2);
	write_dr2((reg)&watched + 2);
	write_dr7(0x400 | 1 << 4 | 3u << 24 | 1u << 26);	/* DR2: read or write, 2 bytes */
	asm volatile("movq $1f, want_ip\n\tmovw watched + 2, %%ax\n1:\tnop" : : : "eax", "memory");
	EXPECT_HIT(4);
	asm volatile("movw watched, %%ax\n\tmovw watched + 4, %%ax" : : : "eax", "memory");
	EXPECT(hits, 0);
	/* two at once */
	write_dr3((reg)&watched);
	write_dr7(0x400 | 1 << 4 | 1 << 6 | 3u << 24 | 1u << 26 | 1u << 28 | 3u << 30);
	asm volatile("movq $1f, want_ip\n\tmovl $5, watched\n1:\tnop" : : : "memory");
	EXPECT_HIT(0xc);
	write_dr7(0x400);
	asm volatile("movl $5, watched" : : : "memory");
	EXPECT(hits, 0);
	(void)value;
}

/* Inside REP MOVSB: after the iteration that writes. */
static void in_rep(void)
{
	static u8 from[64], to[64] __attribute__((aligned(8)));
	reg cx = 64, si = (reg)from, di = (reg)to;

	write_dr0((reg)to + 40);
	write_dr7(0x400 | 1 | 1u << 16);
	asm volatile("movq $1f, want_ip\n1:\trep movsb\n\tnop" : "+c"(cx), "+S"(si), "+D"(di) : : "memory");
	EXPECT(cx, 0);
	EXPECT_HIT(1);
	write_dr7(0x400);
}

void guest_main(void)
{
	write_dr6(0xffff0ff0);
	trap_handler[DB] = on_debug;
	execute_breakpoint();
	data_breakpoints();
	in_rep();
	guest_success();
}
