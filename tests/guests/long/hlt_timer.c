/* SPDX-License-Identifier: BSD-2-Clause */
/* HLT sleeps until the PIT's interrupt, and the time in between passes at the PIT's rate. */
#include "guest.h"

static volatile u32 count;
static volatile reg seen_ip;

static void on_timer(struct frame *frame)
{
	count++;
	seen_ip = frame->ip;
	pic_eoi(0);
}

void guest_main(void)
{
	u64 start, ticks;

	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;
	for (u32 pit = 10; pit <= 60000; pit *= 6) {
		u32 before = count;

		start = rdtsc();
		pit_start(0, 0, pit);
		sti_hlt_cli();
		ticks = rdtsc() - start;
		EXPECT(count, before + 1);
		if (on_reprise()) {	/* 838.0953 ns a PIT tick; it begins with the next one after the write */
			CHECK(ticks >= pit * 838ull);
			CHECK(ticks <= (pit + 2) * 839ull + 100);
		}
	}
	/* a hundred halts with the periodic timer take a hundred periods */
	pit_start(0, 2, 1193);
	sti_hlt_cli();
	start = rdtsc();
	for (u32 i = 0; i < 100; i++)
		sti_hlt_cli();
	ticks = rdtsc() - start;
	if (on_reprise()) {	/* 1193 / 1193181.67 Hz = 999.847 us */
		CHECK(ticks > 99984000);
		CHECK(ticks < 99986000);
	}
	guest_success();
}
