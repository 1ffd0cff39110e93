/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts inside REP MOVSB and REP OUTSB: each leaves RIP at the string instruction, which resumes and finishes right. */
/* run: */
/* run: --intercept all */
#include "guest.h"

static u8 from[60000], to[60000];
static volatile u32 inside, count;
static volatile reg rep_ip;

static void on_timer(struct frame *frame)
{
	count++;
	if (frame->ip == rep_ip) {
		inside += frame->cx < sizeof(to);
		if (frame->cx == 0 || frame->cx > sizeof(to))
			guest_failure("RCX is %lx inside the REP", frame->cx);
		EXPECT(frame->flags & FLAG_IF, FLAG_IF);
	}
	pic_eoi(0);
}

static void copy(void)
{
	reg cx = sizeof(to), si = (reg)from, di = (reg)to;

	memset(to, 0, sizeof(to));
	inside = 0;
	asm volatile("movq $1f, rep_ip\n\tsti\n\tnop\n1:\trep movsb\n\tcli" : "+c"(cx), "+S"(si), "+D"(di) : : "memory");
	EXPECT(cx, 0);
	EXPECT(si, (reg)from + sizeof(from));
	EXPECT(di, (reg)to + sizeof(to));
	EXPECT(memcmp(from, to, sizeof(to)), 0);
	CHECK(inside > 5);
}

static void output(void)
{
	static const char text[] = "................................................................"
				   "................................................................\n";
	u32 rounds = 0;

	/* the port is the scratch register of the UART: the last byte stays */
	inside = 0;
	do {
		reg cx = sizeof(text) - 1, si = (reg)text;

		asm volatile("movq $1f, rep_ip\n\tsti\n\tnop\n1:\trep outsb\n\tcli" : "+c"(cx), "+S"(si) : "d"(0x3ff) : "memory");
		EXPECT(cx, 0);
		EXPECT(si, (reg)text + sizeof(text) - 1);
		EXPECT(inb(0x3ff), '\n');
	} while (inside < 5 && ++rounds < 2000);
	CHECK(inside >= 5);
}

void guest_main(void)
{
	for (u32 i = 0; i < sizeof(from); i++)
		from[i] = (u8)(i * 7 + (i >> 8));
	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;
	pit_start(0, 2, on_reprise() ? 7 : 1500);
	copy();
	output();
	guest_success();
}
