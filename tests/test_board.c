/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/board.c: which port is whose, what leaves the board, and that only accesses and their times count. */
#include <string.h>
#include "dev/board.h"
#include "random.h"
#include "test.h"

#define SECOND 1000000000ull
#define VM 3u

static u32 in(u16 port, u64 now)
{
	return board_in(VM, port, 1, now);
}

static struct board_effect out(u16 port, u32 value, u64 now)
{
	return board_out(VM, port, 1, value, now);
}

/* The PICs as Linux sets them, everything masked but IRQ 0, 2, 4, 8; the tick at 250 Hz if asked for. */
static void start(bool tick)
{
	static const u8 writes[][2] = {
		{ 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0xa0, 0x11 }, { 0xa1, 0x38 },
		{ 0xa1, 0x02 }, { 0xa1, 0x01 }, { 0x21, 0xea }, { 0xa1, 0xfe }
	};

	memset(&boards[VM], 0xaa, sizeof(boards[VM]));
	board_reset(VM, 1700000000);
	for (u32 i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		CU_ASSERT_EQUAL(out(writes[i][0], writes[i][1], 0).kind, BOARD_NONE);
	if (!tick)
		return;
	(void)out(0x43, 0x34, 0);
	(void)out(0x40, 0xa5, 0);
	(void)out(0x40, 0x12, 0);
}

static void check_effect(struct board_effect effect, u32 kind, u32 value)
{
	CU_ASSERT_EQUAL(effect.kind, kind);
	CU_ASSERT_EQUAL(effect.value, value);
}

static bool owned(u32 port)
{
	static const u16 ranges[][2] = {
		{ 0x20, 0x21 }, { 0x40, 0x43 }, { 0x60, 0x61 }, { 0x64, 0x64 }, { 0x70, 0x71 }, { 0xa0, 0xa1 }, { 0xe9, 0xe9 },
		{ 0xf4, 0xf6 }, { 0x3f8, 0x3ff }, { 0x4d0, 0x4d1 }, { 0xcf9, 0xcf9 }
	};

	for (u32 i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (port >= ranges[i][0] && port <= ranges[i][1])
			return true;
	return false;
}

static void floating(void)
{
	static struct board before;

	start(true);
	before = boards[VM];
	for (u32 port = 0; port < 0x10000; port++) {
		if (owned(port))
			continue;
		if (in((u16)port, 5) != 0xff || out((u16)port, 0, 5).kind != BOARD_NONE)
			CU_FAIL_FATAL("a port does not float");
	}
	CU_ASSERT_EQUAL(memcmp(&before, &boards[VM], sizeof(before)), 0);
	CU_ASSERT_EQUAL(board_in(VM, 0x1000, 2, 5), 0xffff);
	CU_ASSERT_EQUAL(board_in(VM, 0x1000, 4, 5), 0xffffffff);
	CU_ASSERT_EQUAL(board_in(VM, 0xffff, 4, 5), 0xffffffff);	/* does not wrap to port 0 */
}

static void effects(void)
{
	start(false);
	check_effect(out(0x3f8, 'x', 0), BOARD_CONSOLE, 'x');
	check_effect(out(0xe9, 'y', 0), BOARD_CONSOLE, 'y');
	check_effect(board_out(VM, 0xe9, 4, 0x11223344, 0), BOARD_CONSOLE, 0x44);
	check_effect(out(0xf4, 0x7b, 0), BOARD_EXIT, 0x7b);
	check_effect(board_out(VM, 0xf4, 4, 0x12345678, 0), BOARD_EXIT, 0x12345678);
	check_effect(board_out(VM, 0xf5, 4, 0xdeadbeef, 0), BOARD_MARK, 0xdeadbeef);
	check_effect(board_out(VM, 0xf5, 2, 0xdeadbeef, 0), BOARD_MARK, 0xbeef);
	check_effect(out(0xf5, 7, 0), BOARD_MARK, 7);
	check_effect(out(0x64, 0xfe, 0), BOARD_RESET, 0);
	check_effect(out(0x64, 0xd1, 0), BOARD_NONE, 0);
	check_effect(out(0x60, 0xfe, 0), BOARD_RESET, 0);
	check_effect(out(0xcf9, 0x02, 0), BOARD_NONE, 0);
	check_effect(out(0xcf9, 0x06, 0), BOARD_RESET, 0);
	check_effect(out(0xf6, 1, 0), BOARD_NMI, 0);
	(void)out(0x70, 0x80, 0);
	check_effect(out(0xf6, 1, 0), BOARD_NONE, 0);
	CU_ASSERT_EQUAL(in(0xe9, 0), 0xe9);
}

static void wide(void)
{
	start(false);
	check_effect(board_out(VM, 0x3f8, 2, 0x0541, 0), BOARD_CONSOLE, 0x41);	/* THR and IER */
	CU_ASSERT_EQUAL(in(0x3f9, 0), 0x05);
	CU_ASSERT_EQUAL(board_in(VM, 0x3fc, 4, 0), 0x00b06000);
	check_effect(board_out(VM, 0xe8, 2, 0x4142, 0), BOARD_CONSOLE, 0x41);
	check_effect(board_out(VM, 0xf2, 4, 0x44332211, 0), BOARD_EXIT, 0x33);	/* the first effect wins */
	CU_ASSERT_EQUAL(board_in(VM, 0x20, 2, 0), 0xea00);
	(void)board_out(VM, 0x70, 2, 0x5a40, 0);
	CU_ASSERT_EQUAL(in(0x71, 0), 0x5a);
}

static void pci(void)
{
	start(false);
	(void)out(0xcfb, 0x01, 0);	/* pci_check_type1 of Linux */
	CU_ASSERT_EQUAL(board_in(VM, 0xcf8, 4, 0), 0);
	(void)board_out(VM, 0xcf8, 4, 0x80000000, 0);
	CU_ASSERT_EQUAL(board_in(VM, 0xcf8, 4, 0), 0x80000000);
	CU_ASSERT_EQUAL(board_in(VM, 0xcfc, 4, 0), 0xffffffff);
	CU_ASSERT_EQUAL(board_in(VM, 0xcfe, 2, 0), 0xffff);
	CU_ASSERT_EQUAL(board_in(VM, 0xcf8, 2, 0), 0x00ff);	/* CF9H beside nothing */
}

static void keyboard(void)
{
	start(false);
	CU_ASSERT_EQUAL(in(0x64, 0), 0xfd);
	CU_ASSERT_EQUAL(in(0x60, 0), 0xff);
}

static void tick(void)
{
	u64 now = 0, count = 0;

	start(true);
	while (now < SECOND) {
		now = board_next(VM, now);
		CU_ASSERT_FALSE(board_intr(VM));
		board_advance(VM, now);
		CU_ASSERT_TRUE_FATAL(board_intr(VM));
		CU_ASSERT_EQUAL(board_ack(VM), 0x30);
		(void)out(0x20, 0x60, now);
		count++;
	}
	CU_ASSERT_EQUAL(count, 250);
}

static void masked_tick(void)
{
	start(true);
	(void)out(0x21, 0xeb, 0);
	CU_ASSERT_EQUAL(board_next(VM, 0), TIME_NEVER);
	board_advance(VM, SECOND);
	CU_ASSERT_FALSE(board_intr(VM));
	(void)out(0x21, 0xea, SECOND);
	CU_ASSERT_TRUE(board_intr(VM));		/* latched while masked */
	CU_ASSERT_TRUE(board_next(VM, SECOND) > SECOND && board_next(VM, SECOND) < SECOND + 4100000);
}

static void unseen_tick(void)
{
	start(true);
	(void)out(0x20, 0x0a, 0);
	CU_ASSERT_EQUAL(in(0x20, SECOND), 0x01);	/* nobody advanced the board */
	start(true);
	(void)out(0x21, 0xeb, 0);
	(void)out(0x21, 0xea, SECOND);
	CU_ASSERT_TRUE(board_intr(VM));
}

static void clock_interrupt(void)
{
	start(false);
	CU_ASSERT_EQUAL(board_next(VM, 0), TIME_NEVER);
	(void)out(0x70, 0x0b, 0);
	(void)out(0x71, 0x12, 0);
	CU_ASSERT_EQUAL(board_next(VM, 0), SECOND);
	board_advance(VM, SECOND);
	CU_ASSERT_TRUE_FATAL(board_intr(VM));
	CU_ASSERT_EQUAL(board_ack(VM), 0x38);
	CU_ASSERT_EQUAL(board_next(VM, SECOND), TIME_NEVER);	/* until status C is read */
	(void)out(0x70, 0x0c, SECOND);
	CU_ASSERT_EQUAL(in(0x71, SECOND) & 0x90, 0x90);
	CU_ASSERT_EQUAL(board_next(VM, SECOND), 2 * SECOND);
	(void)out(0xa1, 0xff, SECOND);
	CU_ASSERT_EQUAL(board_next(VM, SECOND), TIME_NEVER);
	(void)out(0xa1, 0xfe, SECOND);
	(void)out(0x21, 0xee, SECOND);
	CU_ASSERT_EQUAL(board_next(VM, SECOND), TIME_NEVER);	/* masked on its way */
}

static void console(void)
{
	start(false);
	(void)out(0x3fa, 0x07, 0);
	(void)out(0x3fc, 0x0b, 0);
	(void)out(0x3f9, 0x01, 0);
	CU_ASSERT_TRUE(board_can_receive(VM));
	board_receive(VM, 'k');
	CU_ASSERT_TRUE_FATAL(board_intr(VM));
	CU_ASSERT_EQUAL(board_ack(VM), 0x34);
	CU_ASSERT_EQUAL(in(0x3f8, 0), 'k');
	(void)out(0x20, 0x64, 0);
	CU_ASSERT_FALSE(board_intr(VM));
	for (u32 i = 0; i < 16; i++)
		board_receive(VM, 'm');
	CU_ASSERT_FALSE(board_can_receive(VM));
	CU_ASSERT_TRUE(board_intr(VM));
}

/* Linux's interrupt handler: an interrupt, bytes until there are none, no second interrupt. */
static void transmission(void)
{
	start(false);
	(void)out(0x3fa, 0x07, 0);
	(void)out(0x3fc, 0x0b, 0);
	(void)out(0x3f9, 0x02, 0);
	CU_ASSERT_TRUE_FATAL(board_intr(VM));
	CU_ASSERT_EQUAL(board_ack(VM), 0x34);
	(void)out(0x21, 0xfa, 0);
	(void)out(0x20, 0x64, 0);
	for (u32 round = 0; round < 3; round++) {
		CU_ASSERT_EQUAL(in(0x3fa, 0), 0xc2);
		for (u32 i = 0; i < 16; i++)
			check_effect(out(0x3f8, i, 0), BOARD_CONSOLE, i);
	}
	(void)out(0x3f9, 0x00, 0);
	CU_ASSERT_EQUAL(in(0x3fa, 0), 0xc1);
	(void)out(0x21, 0xea, 0);
	CU_ASSERT_FALSE(board_intr(VM));
}

static void others_untouched(void)
{
	static struct board before;

	board_reset(VM - 1, 5);
	before = boards[VM - 1];
	start(true);
	for (u32 port = 0; port < 0x10000; port++)
		(void)board_out(VM, (u16)port, 4, 0x5a5a5a5a, SECOND);
	CU_ASSERT_EQUAL(memcmp(&before, &boards[VM - 1], sizeof(before)), 0);
}

static void reset_is_total(void)
{
	static struct board once;

	start(true);
	board_reset(VM, 42);
	once = boards[VM];
	memset(&boards[VM], 0x55, sizeof(once));
	board_reset(VM, 42);
	CU_ASSERT_EQUAL(memcmp(&once, &boards[VM], sizeof(once)), 0);
}

/* A random access to a port that somebody owns. The same seed gives the same accesses. */
static u64 access(u64 now)
{
	static const u16 ports[] = {
		0x20, 0x21, 0x20, 0x21, 0xa0, 0xa1, 0x40, 0x42, 0x43, 0x40, 0x61, 0x70, 0x71, 0x71, 0x70, 0x3f8, 0x3f9, 0x3fa,
		0x3fc, 0x4d0, 0x4d1, 0x64, 0x60, 0xcf8
	};
	static const u8 values[] = { 0x20, 0x34, 0x0a, 0x0b, 0x0c, 0x11, 0xea, 0xfe, 0x00, 0x30, 0xd1, 0x42, 0x26 };
	u16 port = ports[random_below(sizeof(ports) / sizeof(ports[0]))];
	u32 width = random_below(10) != 0 ? 1 : random_below(2) ? 2 : 4;
	u32 value = random_below(3) ? values[random_below(sizeof(values))] : (u32)random_u64();
	struct board_effect effect;

	switch (random_below(6)) {
	case 0:
		if (board_can_receive(VM))
			board_receive(VM, (u8)value);
		return 0;
	case 1:
	case 2:
		return board_in(VM, port, width, now);
	default:
		effect = board_out(VM, port, width, value, now);
		return (u64)effect.kind << 32 | effect.value;
	}
}

/*
 * A guest that takes each interrupt at the moment it is asked for, and makes random accesses. The hypervisor looks at
 * the board at its deadlines only (steps 0) or up to `steps` times between two of them.
 */
static u64 history(u64 seed, u32 steps)
{
	u64 now = 0, digest = 0;

	start(true);
	random_seed(seed);
	for (u32 i = 0; i < 80; i++) {
		u64 next = now + random_below(1000) * 10ull * random_below(1000);

		while (now < next) {
			u64 deadline = board_next(VM, now);

			if (deadline > next)
				deadline = next;
			for (u32 s = 1; s < steps; s++)
				board_advance(VM, now + (deadline - now) * s / steps);
			now = deadline;
			board_advance(VM, now);
			if (board_intr(VM) && random_below(4) != 0)
				digest = digest * 31 + board_ack(VM) + now;
		}
		digest = digest * 31 + access(now);
	}
	board_advance(VM, now + SECOND);
	return digest;
}

static void steps_do_not_matter(void)
{
	static struct board once;

	for (u64 seed = 0; seed < 1000; seed++) {
		u64 digest = history(seed, 0);

		once = boards[VM];
		if (history(seed, 20) != digest || memcmp(&once, &boards[VM], sizeof(once)) != 0)
			CU_FAIL_FATAL("20 steps are not one");
	}
	CU_PASS("1000 histories");
}

/* Interrupt lines change at board_next and at accesses, and at no other moment: a guest that is only looked at then
 * misses nothing. */
static void next_is_exact(void)
{
	for (u64 seed = 0; seed < 300; seed++) {
		u64 now = 0;

		start(true);
		random_seed(seed);
		for (u32 i = 0; i < 60; i++) {
			u64 next;
			bool intr;

			(void)access(now);
			if (board_intr(VM))
				(void)board_ack(VM);
			intr = board_intr(VM);
			next = board_next(VM, now);
			if (next == TIME_NEVER)
				next = now + SECOND;
			board_advance(VM, next - 1);
			if (board_intr(VM) != intr)
				CU_FAIL_FATAL("a line changed before board_next");
			board_advance(VM, next);
			now = next + random_below(100000);
			board_advance(VM, now);
		}
	}
	CU_PASS("300 guests");
}

static void timed_ports(void)
{
	for (u32 width = 1; width <= 4; width *= 2)
		for (u32 port = 0; port < 0x10000; port++)
			if (!board_timed((u16)port) && port <= 0x71 && port + width > 0x71)
				CU_FAIL("a read of status C is not timed");
	CU_ASSERT_TRUE(board_timed(0x71));
	CU_ASSERT_FALSE(board_timed(0x21));
	for (u32 width = 1; width <= 4; width *= 2)
		for (u32 port = 0; port < 0x10000; port++)
			for (u32 i = port; i < port + width; i++)
				if (!board_moves_timer((u16)port) && (i == 0x21 || i == 0xa1 || (i >= 0x40 && i <= 0x43) || i == 0x71))
					CU_FAIL("a write that moves a timer is not named");
}

const struct test_case test_board_cases[] = {
	{ "what nobody owns floats to ones", floating },
	{ "what a write asks of the world", effects },
	{ "wide accesses are bytes, lowest first", wide },
	{ "Linux finds configuration mechanism 1 and an empty bus", pci },
	{ "there is no keyboard controller", keyboard },
	{ "250 ticks a second interrupt 250 times", tick },
	{ "a masked tick wakes nobody and is not lost", masked_tick },
	{ "an access sees the ticks before it", unseen_tick },
	{ "the real-time clock interrupts through the slave", clock_interrupt },
	{ "a console byte interrupts", console },
	{ "a transmission takes one interrupt", transmission },
	{ "one VM's ports do not touch another's devices", others_untouched },
	{ "reset leaves nothing behind", reset_is_total },
	{ "how often it is advanced changes nothing", steps_do_not_matter },
	{ "no line changes before board_next", next_is_exact },
	{ "ports that move timers are named", timed_ports },
	{ 0 }
};
