/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harness `devices`: port accesses, console bytes and time on a board (hv/dev/) against the reference models. Each
 * operation is 3 bytes: what (port or action, bits 4:0; time before it, bits 7:5), value, finer time.
 */
#include "dev/board.h"
#include "models.h"
#include "oracle.h"

#define OPERATIONS 200u
#define TIME_END 20000000000ull	/* 20 s */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct model_pic pic;
static struct model_counter counters[3];
static struct model_uart uart;
static struct model_rtc rtc;
static u8 control61;
static u64 now, pulses;

static const u16 ports[24] = {
	0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x61, 0x70, 0x71, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd,
	0x3fe, 0x3ff, 0x70, 0x43, 0x21,
};

static void lines(void)
{
	model_pic_line(&pic, 4, model_uart_line(&uart));
	model_pic_line(&pic, 8, model_rtc_line(&rtc));
}

static void advance(u64 time)
{
	u64 until = (u64)((__uint128_t)time * 1193182 / 1000000000);
	bool rose = false;

	while (pulses < until) {
		u64 quiet = until - pulses;

		for (u32 i = 0; i < 3; i++)
			quiet = model_counter_quiet(&counters[i]) < quiet ? model_counter_quiet(&counters[i]) : quiet;
		for (u32 i = 0; i < 3 && quiet > 0; i++)
			model_counter_skip(&counters[i], quiet);
		pulses += quiet;
		if (pulses == until)
			break;
		for (u32 i = 0; i < 3; i++) {
			bool before = counters[i].out;

			model_counter_pulse(&counters[i]);
			rose |= i == 0 && !before && counters[0].out;
		}
		pulses++;
	}
	if (rose)
		model_pic_pulse(&pic, 0);
	model_rtc_advance(&rtc, time);
	lines();
	now = time;
}

static void out_pit(u32 port, u8 value)
{
	bool before = counters[0].out;
	u32 select = value >> 6;

	if (port < 3)
		model_counter_write(&counters[port], value);
	for (u32 i = 0; port == 3 && select == 3 && i < 3; i++) {
		if ((value >> (i + 1) & 1) != 0 && (value & 0x20) == 0)
			model_counter_latch(&counters[i]);
		if ((value >> (i + 1) & 1) != 0 && (value & 0x10) == 0)
			model_counter_status(&counters[i]);
	}
	if (port == 3 && select < 3 && (value & 0x30) == 0)
		model_counter_latch(&counters[select]);
	else if (port == 3 && select < 3)
		model_counter_control(&counters[select], value);
	if (!before && counters[0].out)
		model_pic_pulse(&pic, 0);
}

static void out(u16 port, u8 value)
{
	switch (port) {
	case 0x20: case 0x21:
		model_pic_write(&pic, 0, port & 1, value);
		break;
	case 0xa0: case 0xa1:
		model_pic_write(&pic, 1, port & 1, value);
		break;
	case 0x4d0: case 0x4d1:
		model_pic_elcr(&pic, port & 1, value);
		break;
	case 0x40: case 0x41: case 0x42: case 0x43:
		out_pit(port & 3, value);
		break;
	case 0x61:
		model_counter_gate(&counters[2], (value & 1) != 0);
		control61 = value & 15;
		break;
	case 0x70:
		rtc.index = value & 0x7f;
		rtc.nmi_masked = value >= 0x80;
		break;
	case 0x71:
		model_rtc_write(&rtc, value);
		break;
	default:
		(void)model_uart_write(&uart, port & 7, value);
		break;
	}
	lines();
}

static u8 in(u16 port)
{
	u8 value;

	switch (port) {
	case 0x20: case 0x21:
		return model_pic_read(&pic, 0, port & 1);
	case 0xa0: case 0xa1:
		return model_pic_read(&pic, 1, port & 1);
	case 0x4d0: case 0x4d1:
		value = 0;
		for (u32 i = 0; i < 8; i++)
			value |= (u8)((pic.chip[port & 1].level[i] ? 1 : 0) << i);
		return value;
	case 0x40: case 0x41: case 0x42:
		return model_counter_read(&counters[port & 3]);
	case 0x43:
		return 0xff;
	case 0x61:
		return (u8)(control61 | (pulses / 18 % 2 != 0 ? 0x10 : 0) | (counters[2].out ? 0x20 : 0));
	case 0x70:
		return 0xff;
	case 0x71:
		value = model_rtc_read(&rtc);
		break;
	default:
		value = model_uart_read(&uart, port & 7);
		break;
	}
	lines();
	return value;
}

/* A value for a time register that exists, in the format of the moment. */
static u8 time_value(u8 value)
{
	static const u8 limits[10] = { 60, 0, 60, 0, 24, 0, 7, 28, 12, 100 };
	u32 index = rtc.index, plain;
	bool binary = (rtc.ram[11] & 4) != 0;

	if (index == 11 && (!model_rtc_counts(&rtc) || (value & 0x80) != 0))	/* the format changes only while the clock counts */
		return (u8)((value & ~6u) | (rtc.ram[11] & 6u));
	if ((index == 8 || index == 9 || index == 0x32) && rtc.day > 28)	/* only dates that exist: no 31 February */
		return model_rtc_read(&rtc);
	if (index == 0x32)
		plain = value % 100;
	else if (index > 9 || limits[index] == 0)
		return value;
	else
		plain = value % limits[index] + (index >= 6 && index <= 8 ? 1 : 0);
	if (index == 4 && (rtc.ram[11] & 2) == 0) {
		plain = value % 12 + 1;
		return (u8)((binary ? plain : plain / 10 * 16 + plain % 10) | (value & 0x80));
	}
	return (u8)(binary ? plain : plain / 10 * 16 + plain % 10);
}

static void differ(const char *device, const char *source, u16 port, u32 found, u32 must)
{
	if (found != must)
		oracle_fail(device, source, "port %x at %llu ns: %x, must be %x", port, (unsigned long long)now, found, must);
}

static const char *source_of(u16 port)
{
	switch (port) {
	case 0x20: case 0x21: case 0xa0: case 0xa1: case 0x4d0: case 0x4d1:
		return "8259A data sheet";
	case 0x70: case 0x71:
		return "MC146818 data sheet";
	case 0x40: case 0x41: case 0x42: case 0x43: case 0x61:
		return "8254 data sheet";
	default:
		return "PC16550D data sheet";
	}
}

/* A byte of a wide IN; where no device of the models answers, ones. */
static u32 in_part(u32 port)
{
	for (u32 i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (ports[i] == port)
			return in((u16)port);
	return 0xff;
}

static void operate(const u8 *d)
{
	static const u64 scales[8] = { 0, 1, 210, 838, 20000, 400000, 3000000, 50000000 };
	u32 what = d[0] & 31;
	u16 port = ports[d[2] % 24];
	u8 value = d[1];
	u64 time = now + scales[d[0] >> 5] * (1 + (d[2] >> 5));
	u32 found, must;

	if (time > TIME_END)
		time = TIME_END;
	advance(time);
	if (what < 24)
		port = ports[what];
	if (port == 0x71 && what < 24)
		value = time_value(value);
	if (what < 24) {
		(void)board_out(0, port, 1, value, now);
		out(port, value);
	} else if (what == 24) {
		if (board_can_receive(0) != model_uart_room(&uart))
			oracle_fail("the UART has room as the reference says", "PC16550D data sheet", "at %llu", (unsigned long long)now);
		if (model_uart_room(&uart)) {
			board_receive(0, value);
			model_uart_receive(&uart, value);
			lines();
		}
	} else if (what == 25) {
		board_advance(0, now);
		if (model_pic_int(&pic))
			differ("the vector of an interrupt", "8259A data sheet", 0, board_ack(0), model_pic_ack(&pic));
	} else if (what == 26) {
		board_advance(0, now);
		for (u32 i = 0; i < 2; i++)	/* what a guest never sees at once */
			differ("a chip's requests", "8259A data sheet", (u16)i, boards[0].pic.chip[i].irr, ({
				u32 irr = 0;
				for (u32 k = 0; k < 8; k++)
					irr |= (pic.chip[i].request[k] ? 1u : 0u) << k;
				irr;
			}));
	} else if (what >= 30 && port != 0x61) {	/* 2 or 4 bytes, one after the other (behind 61H comes the keyboard) */
		u32 width = what == 31 ? 4 : 2;

		found = board_in(0, port, width, now);
		must = 0;
		for (u32 i = 0; i < width; i++)
			must |= in_part(port + i) << 8 * i;
		differ("a wide IN reads its bytes", source_of(port), port, found, must);
	} else {
		must = 0;
		found = board_in(0, port, 1, now);
		must = in(port);
		differ("a port reads what the data sheet says", source_of(port), port, found, must);
	}
	board_advance(0, now);
	if (board_intr(0) != model_pic_int(&pic))
		oracle_fail("INTR", "8259A data sheet", "at %llu ns after %s %x: %u", (unsigned long long)now,
			    what < 24 ? "OUT" : "IN or action", what < 24 ? port : what, board_intr(0));
}

/* The next event that the board announces is one at which something happens, and nothing happens before it. */
static void check_next(void)
{
	u64 next = board_next(0, now);
	bool before = model_pic_int(&pic);

	if (before || next == TIME_NEVER || next > TIME_END)
		return;
	advance(next - 1);
	if (model_pic_int(&pic))
		oracle_fail("no interrupt comes before the announced moment", "hv/dev/board.h", "%llu is announced",
			    (unsigned long long)next);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u64 seconds = size > 1 ? data[0] * 8640000ull / 7 + data[1] : 0;

	board_reset(0, seconds);
	model_pic_reset(&pic);
	for (u32 i = 0; i < 3; i++)
		model_counter_reset(&counters[i], i != 2);
	model_uart_reset(&uart);
	model_rtc_reset(&rtc, seconds);
	control61 = 0;
	now = pulses = 0;
	lines();
	for (size_t at = 2, n = 0; at + 3 <= size && n < OPERATIONS; at += 3, n++) {
		oracle_step = (u32)n;
		operate(data + at);
	}
	check_next();
	return 0;
}
