/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference models of the devices, written from their data sheets for clarity, not speed: one pulse, one second at a time. */
#ifndef FUZZ_MODELS_H
#define FUZZ_MODELS_H

#include "types.h"

/* Two 8259A (Intel 231468) with the PIIX's ELCR. */
struct model_chip {
	bool request[8], service[8], mask[8], line[8], level[8];
	bool read_isr, poll, special_mask, auto_eoi, rotate_auto, nested, single, icw4;
	u32 first, base, icw, cascade;	/* `first`: the IR with the highest priority */
};
struct model_pic {
	struct model_chip chip[2];
};
void model_pic_reset(struct model_pic *p);
void model_pic_write(struct model_pic *p, u32 chip, u32 a0, u8 value);
u8 model_pic_read(struct model_pic *p, u32 chip, u32 a0);
void model_pic_elcr(struct model_pic *p, u32 chip, u8 value);
void model_pic_line(struct model_pic *p, u32 irq, bool level);
void model_pic_pulse(struct model_pic *p, u32 irq);
bool model_pic_int(const struct model_pic *p);
u8 model_pic_ack(struct model_pic *p);

/* One counter of an 8254 (Intel 231164), pulse by pulse. */
struct model_counter {
	u32 mode, access, cr, ce, latch, latched, half;	/* half: mode 3, pulses left of this half */
	bool bcd, gate, out, written, null, load, running, high_next, low_written, read_high, status_latched, trigger, expired;
	u8 low, status;
};
void model_counter_reset(struct model_counter *k, bool gate);
void model_counter_control(struct model_counter *k, u8 word);
void model_counter_write(struct model_counter *k, u8 byte);
u8 model_counter_read(struct model_counter *k);
void model_counter_latch(struct model_counter *k);
void model_counter_status(struct model_counter *k);
void model_counter_gate(struct model_counter *k, bool gate);
void model_counter_pulse(struct model_counter *k);
/* Pulses that do nothing but count, and counting that many. */
u64 model_counter_quiet(const struct model_counter *k);
void model_counter_skip(struct model_counter *k, u64 pulses);

/* The 16550A's registers (National PC16550D). */
struct model_uart {
	u8 received[16], ier, fcr, lcr, mcr, msr, scr, dll, dlm, last;
	u32 count, oldest;
	bool overrun, empty;	/* `empty`: the THR-empty interrupt waits */
};
void model_uart_reset(struct model_uart *u);
u8 model_uart_read(struct model_uart *u, u32 reg);
bool model_uart_write(struct model_uart *u, u32 reg, u8 value);
void model_uart_receive(struct model_uart *u, u8 byte);
bool model_uart_room(const struct model_uart *u);
bool model_uart_line(const struct model_uart *u);

/* The MC146818: time as seven numbers, ticked second by second. */
struct model_rtc {
	u64 now, phase;		/* ns; `phase`: divider time - now */
	u32 year, month, day, weekday, hour, minute, second;
	u8 ram[128], index, flags;
	bool nmi_masked;
};
void model_rtc_reset(struct model_rtc *r, u64 seconds);
void model_rtc_advance(struct model_rtc *r, u64 now);
u8 model_rtc_read(struct model_rtc *r);
void model_rtc_write(struct model_rtc *r, u8 value);
bool model_rtc_counts(const struct model_rtc *r);
bool model_rtc_line(const struct model_rtc *r);

#endif
