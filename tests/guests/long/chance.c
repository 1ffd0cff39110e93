/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints a line at every tenth timer interrupt that depends on all that is not determined: how far a loop came, the time
 * stamp, RDRAND, and when which byte came from the console (tests/record.sh). Argument: how many interrupts, default 60. */
/* case only */
#include "guest.h"

#define PORT 0x3f8
static volatile u32 ticks;
static volatile u64 loops, hash = 14695981039346656037ull;

static void mix(u64 value)
{
	hash = (hash ^ value) * 1099511628211ull;
}

static void on_timer(struct frame *frame)
{
	u64 random;

	asm volatile("rdrand %0" : "=r"(random) : : "cc");
	mix(loops);
	mix(rdtsc());
	mix(random);
	ticks++;
	pic_eoi(0);
	(void)frame;
}

static void on_uart(struct frame *frame)
{
	while ((inb(PORT + 5) & 1) != 0) {
		mix(inb(PORT));
		mix(loops);
	}
	pic_eoi(4);
	(void)frame;
}

void guest_main(void)
{
	u32 limit = 0, said = 0;

	for (const char *s = guest_command_line(); *s >= '0' && *s <= '9'; s++)
		limit = limit * 10 + (u32)(*s - '0');
	if (limit == 0)
		limit = 60;
	pic_start((u16)~0x11);
	trap_handler[IRQ_VECTOR] = on_timer;
	trap_handler[IRQ_VECTOR + 4] = on_uart;
	outb(PORT + 4, 0x0b);
	outb(PORT + 1, 1);
	pit_start(0, 2, 1193);
	sti();
	while (ticks < limit) {
		loops++;
		if (ticks / 10 == said)
			continue;
		cli();
		said = ticks / 10;
		say("%u %lx\n", ticks, (unsigned long)hash);
		sti();
		if (said % 2 == 0)
			asm volatile("hlt" : : : "memory");
	}
	cli();
	guest_success();
}
