/* SPDX-License-Identifier: BSD-2-Clause */
/* NMIs (port F6H): delivered with IF=0 right after the OUT, blocked inside the handler until IRET, put off by MOV SS and STI. */
/* run: */
/* run: --intercept all */
#include "guest.h"

static volatile u32 count, depth, nested;
static volatile reg seen_ip, expected_ip;

static void on_nmi(struct frame *frame)
{
	count++;
	if (++depth > 1)
		guest_failure("an NMI inside the NMI handler");
	seen_ip = frame->ip;
	if (nested > 0) {
		nested--;
		outb(0xf6, 0);
		cpuid(0, 0);
		inb(0x21);
		asm volatile("wbinvd");
	}
	depth--;
}

#define AT(n, code) do { \
	count = 0; \
	asm volatile("movq $7f, expected_ip\n\t" code : : "a"(0) : "memory", "rbx", "rcx", "rdx", "cc"); \
	EXPECT(count, n); \
	EXPECT(seen_ip, expected_ip); \
} while (0)

static void in_handler(struct frame *frame)
{
	(void)frame;
	if (count == 1) {
		count = 2;
		outb(0xf6, 0);
		asm volatile("nop\n\tnop");
		EXPECT(count, 2);	/* still blocked */
		/* INT3's IRET ends the blocking although the NMI handler goes on */
		asm volatile("int3" : : : "memory");
		EXPECT(count, 4);
		return;
	}
	count++;
}

static void on_int3(struct frame *frame)
{
	EXPECT(count, 2);
	count++;
	(void)frame;
}

void guest_main(void)
{
	if (!on_reprise())
		guest_skip("bare Bochs has no port F6H");
	trap_handler[NMI] = on_nmi;
	AT(1, "outb %%al, $0xf6\n7:\tnop\n\tnop");
	AT(1, "mov %%ss, %%ecx\n\tmov %%ecx, %%ss\n\toutb %%al, $0xf6\n7:\tnop\n\tnop");
	AT(1, "mov %%ss, %%ecx\n\tsti\n\toutb %%al, $0xf6\n7:\tnop\n\tcli");
	/* one more while the handler runs: after its IRET, at the same place */
	nested = 1;
	AT(2, "outb %%al, $0xf6\n7:\tnop\n\tnop");
	/* masked by bit 7 of port 70H */
	outb(0x70, 0x8f);
	count = 0;
	outb(0xf6, 0);
	asm volatile("nop");
	EXPECT(count, 0);
	outb(0x70, 0x0f);
	/* an IRET inside the handler unblocks */
	trap_handler[NMI] = in_handler;
	trap_handler[BP] = on_int3;
	count = 1;
	outb(0xf6, 0);
	EXPECT(count, 4);
	trap_handler[NMI] = on_nmi;
	nested = 0;
	AT(1, "outb %%al, $0xf6\n7:\tcpuid");
	guest_success();
}
