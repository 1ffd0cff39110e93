/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two cascaded 8259A interrupt controllers as in a PC: master at 20H/21H, slave at A0H/A1H behind the master's IR2, and
 * the edge/level registers of the PIIX (ELCR) at 4D0H/4D1H.
 *
 *   IRQ 8..15 ──▶ slave ──INT──▶ IR2 ┐
 *   IRQ 0,1,3..7 ───────────────────▶ master ──INT──▶ CPU
 *
 * Sources: Intel 8259A data sheet (231468), PIIX3 data sheet (290550) for ELCR. Where the PIIX differs, it wins: LTIM in
 * ICW1 is ignored, ELCR decides. The MCS-80 mode does not exist: every vector is base + IR.
 *
 * An edge sets a bit in IRR, masked or not; it stays until it is acknowledged, or until the line falls (IR must stay
 * high until INTA). pic_pulse_irq is for a line whose falling nobody watches: the bit stays until it is acknowledged.
 * A second edge before the acknowledgement finds the bit set: it is lost, as in hardware.
 */
#ifndef HV_DEV_PIC_H
#define HV_DEV_PIC_H

#include "types.h"

#define PIC_MASTER 0u
#define PIC_SLAVE 1u
#define PIC_CHIPS 2u
#define PIC_IRQS 16u
#define PIC_CASCADE 2u	/* the master's input that the slave drives */

/* One 8259A. Flags are 0 or 1. */
struct pic_chip {
	u8 irr;			/* requests */
	u8 isr;			/* in service */
	u8 imr;			/* masked */
	u8 line;		/* level of the inputs */
	u8 elcr;		/* 1: level-triggered */
	u8 lowest;		/* the IR with the lowest priority, 0..7 */
	u8 base;		/* vector of IR0, a multiple of 8 */
	u8 step;		/* the ICW that is awaited: 2, 3, 4, or 0 */
	u8 icw3;
	u8 needs_icw4;
	u8 single;
	u8 read_isr;		/* a read of port 0 gives ISR, otherwise IRR */
	u8 poll;		/* the next read acknowledges */
	u8 special_mask;
	u8 auto_eoi;
	u8 rotate_auto;		/* rotate at each automatic EOI */
	u8 nested;		/* special fully nested mode */
	u8 reserved[7];
};

struct pic {
	struct pic_chip chip[PIC_CHIPS];
	u8 intr;		/* INT of the master, kept up to date by every function here */
	u8 reserved[7];
};

/*@ predicate pic_chip_ok(struct pic_chip *c) =
      c->lowest <= 7 && c->base % 8 == 0 && c->base <= 248 &&
      (c->step == 0 || c->step == 2 || c->step == 3 || c->step == 4) &&
      c->needs_icw4 <= 1 && c->single <= 1 && c->read_isr <= 1 && c->poll <= 1 && c->special_mask <= 1 &&
      c->auto_eoi <= 1 && c->rotate_auto <= 1 && c->nested <= 1;

    predicate pic_ok(struct pic *p) =
      pic_chip_ok(&p->chip[0]) && pic_chip_ok(&p->chip[1]) && p->intr <= 1;
*/

/* Power-on: everything masked, edge-triggered, vectors from 0, IR0 first. */
/*@ requires valid: \valid(p);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  quiet: p->intr == 0;
*/
void pic_reset(struct pic *p);

/* Reads port `a0` (0: 20H/A0H, 1: 21H/A1H) of `chip`. After a poll command any read is an acknowledgement. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    requires port:  a0 <= 1;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  mask:  a0 == 1 && \old(p->chip[chip].poll) == 0 ==> \result == \old(p->chip[chip].imr);
    ensures  same:  a0 == 1 && \old(p->chip[chip].poll) == 0 ==> *p == \old(*p);
*/
u8 pic_read(struct pic *p, u32 chip, u32 a0);

/* Writes an ICW or OCW to port `a0` of `chip`. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    requires port:  a0 <= 1;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  mask:  a0 == 1 && \old(p->chip[chip].step) == 0 ==> p->chip[chip].imr == value;
*/
void pic_write(struct pic *p, u32 chip, u32 a0, u8 value);

/* Reads ELCR of `chip` (4D0H, 4D1H). */
/*@ requires valid: \valid_read(p);
    requires chip:  chip < PIC_CHIPS;
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result == p->chip[chip].elcr;
*/
u8 pic_elcr_read(const struct pic *p, u32 chip);

/* Writes ELCR of `chip`; IRQ 0, 1, 2, 8 and 13 stay edge-triggered. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
*/
void pic_elcr_write(struct pic *p, u32 chip, u8 value);

/* Drives input `irq` (0..15, not 2) to `level`. Nothing changes when it has that level already. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires irq:   irq < PIC_IRQS && irq != PIC_CASCADE;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
*/
void pic_set_irq(struct pic *p, u32 irq, bool level);

/* A rising edge on the edge-triggered input `irq` (0..15, not 2); the line is low again afterwards. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires irq:   irq < PIC_IRQS && irq != PIC_CASCADE;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
*/
void pic_pulse_irq(struct pic *p, u32 irq);

/* INT to the CPU. */
/*@ requires valid: \valid_read(p);
    requires ok:    pic_ok(p);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result <==> p->intr != 0;
*/
bool pic_intr(const struct pic *p);

/* Whether `irq` is masked nowhere on its way (IMR of its chip, for 8..15 the master's IR2 too). */
/*@ requires valid: \valid_read(p);
    requires irq:   irq < PIC_IRQS;
    assigns  \nothing;
    exits    never: \false;
*/
bool pic_unmasked(const struct pic *p, u32 irq);

/* The INTA cycles: the vector of the request with the highest priority, which goes into service. With nothing
 * requested, the vector of IR7 of the chip that has nothing (the spurious interrupt), and nothing goes into service. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  from:  (\exists integer i; 0 <= i < 8 && \result == \old(p->chip[0].base) + i) ||
                    (\exists integer i; 0 <= i < 8 && \result == \old(p->chip[1].base) + i);
*/
u8 pic_ack(struct pic *p);

#endif
