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

/*@ // Bit `ir` of a register of the chip.
    predicate pic_bit(integer bits, integer ir) = ((bits >> ir) & 1) != 0;

    // 0 for the IR of the highest priority ... 7 for `lowest`.
    logic integer pic_rank(integer ir, integer lowest) = (ir + 7 - lowest) % 8;

    predicate pic_wants(integer irr, integer imr, integer ir) = pic_bit(irr, ir) && !pic_bit(imr, ir);

    // `ir` is in service and keeps others out: in the special mask mode a masked one does not.
    predicate pic_serves(integer isr, integer imr, integer special_mask, integer ir) =
      pic_bit(isr, ir) && !(special_mask != 0 && pic_bit(imr, ir));

    // The priority resolver: `ir` is requested and not masked, nothing before it is requested or in service, nor is it
    // itself (but the cascade input in the special fully nested mode, `fully`).
    predicate pic_first(integer irr, integer imr, integer isr, integer lowest, integer special_mask, integer fully, integer ir) =
      0 <= ir < 8 && pic_wants(irr, imr, ir) &&
      (\forall integer k; 0 <= k < 8 && pic_rank(k, lowest) < pic_rank(ir, lowest) ==>
        !pic_wants(irr, imr, k) && !pic_serves(isr, imr, special_mask, k)) &&
      (!pic_serves(isr, imr, special_mask, ir) || (fully != 0 && ir == PIC_CASCADE));

    // The first in service: what an unspecific end of interrupt ends.
    predicate pic_serving(integer isr, integer imr, integer lowest, integer special_mask, integer ir) =
      0 <= ir < 8 && pic_serves(isr, imr, special_mask, ir) &&
      (\forall integer k; 0 <= k < 8 && pic_rank(k, lowest) < pic_rank(ir, lowest) ==> !pic_serves(isr, imr, special_mask, k));

    // The IR that the chip puts through; none while it waits for an ICW.
    predicate pic_chosen(struct pic_chip *c, integer master, integer ir) =
      c->step == 0 &&
      pic_first(c->irr, c->imr, c->isr, c->lowest, c->special_mask, master * c->nested, ir);

    // The chip's INT output.
    predicate pic_requests(struct pic_chip *c, integer master) = \exists integer ir; pic_chosen(c, master, ir);

    predicate pic_chip_ok(struct pic_chip *c) =
      c->lowest <= 7 && c->base % 8 == 0 && c->base <= 248 &&
      (c->step == 0 || c->step == 2 || c->step == 3 || c->step == 4) &&
      c->needs_icw4 <= 1 && c->single <= 1 && c->read_isr <= 1 && c->poll <= 1 && c->special_mask <= 1 &&
      c->auto_eoi <= 1 && c->rotate_auto <= 1 && c->nested <= 1;

    predicate pic_chips_ok(struct pic *p) = pic_chip_ok(&p->chip[0]) && pic_chip_ok(&p->chip[1]);

    // INT and the cascade are up to date.
    predicate pic_settled(struct pic *p) =
      p->intr <= 1 && (p->intr == 1 <==> pic_requests(&p->chip[0], 1)) &&
      (p->chip[0].single == 0 ==> (pic_bit(p->chip[0].line, PIC_CASCADE) <==> pic_requests(&p->chip[1], 0)));

    predicate pic_ok(struct pic *p) = pic_chips_ok(p) && pic_settled(p);

    // The slave answers the second INTA cycle for the master's IR `ir`.
    predicate pic_cascaded(struct pic_chip *master, integer ir) =
      ir == PIC_CASCADE && master->single == 0 && pic_bit(master->icw3, PIC_CASCADE);

    // `ir` goes into service; with automatic EOI nothing stays there.
    predicate pic_taken{A, B}(struct pic_chip *c, integer ir) =
      (\forall integer k; 0 <= k < 8 ==>
        (pic_bit(\at(c->isr, B), k) <==> pic_bit(\at(c->isr, A), k) || (k == ir && \at(c->auto_eoi, A) == 0))) &&
      \at(c->lowest, B) == (\at(c->auto_eoi, A) != 0 && \at(c->rotate_auto, A) != 0 ? ir : \at(c->lowest, A));

    // IRR after an acknowledgement of `ir` (a level stays), but for the cascade input, which follows the slave.
    predicate pic_cleared{A, B}(struct pic_chip *c, integer ir) =
      \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==>
        (pic_bit(\at(c->irr, B), k) <==> pic_bit(\at(c->irr, A), k) && (k != ir || pic_bit(\at(c->elcr, A), k)));

    // Nothing went into service.
    predicate pic_kept{A, B}(struct pic_chip *c) =
      \at(c->isr, B) == \at(c->isr, A) && \at(c->lowest, B) == \at(c->lowest, A);

    // What the ICWs set.
    predicate pic_same_setup{A, B}(struct pic_chip *c) =
      \at(c->base, B) == \at(c->base, A) && \at(c->step, B) == \at(c->step, A) && \at(c->icw3, B) == \at(c->icw3, A) &&
      \at(c->needs_icw4, B) == \at(c->needs_icw4, A) && \at(c->single, B) == \at(c->single, A) &&
      \at(c->auto_eoi, B) == \at(c->auto_eoi, A) && \at(c->nested, B) == \at(c->nested, A);

    // What OCW2 and OCW3 set, ISR and priorities apart.
    predicate pic_same_modes{A, B}(struct pic_chip *c) =
      \at(c->rotate_auto, B) == \at(c->rotate_auto, A) && \at(c->special_mask, B) == \at(c->special_mask, A) &&
      \at(c->poll, B) == \at(c->poll, A) && \at(c->read_isr, B) == \at(c->read_isr, A);

    // ISR without `ir`.
    predicate pic_ended{A, B}(struct pic_chip *c, integer ir) =
      \forall integer k; 0 <= k < 8 ==> (pic_bit(\at(c->isr, B), k) <==> pic_bit(\at(c->isr, A), k) && k != ir);

    // An unspecific end of interrupt (OCW2 001, with rotation 101): the first in service ends, if there is one.
    predicate pic_eoi{A, B}(struct pic_chip *c, integer value) =
      value / 32 == 1 || value / 32 == 5 ==>
        (\forall integer ir; \at(pic_serving(c->isr, c->imr, c->lowest, c->special_mask, ir), A) ==>
          pic_ended{A, B}(c, ir) && \at(c->lowest, B) == (value / 32 == 5 ? ir : \at(c->lowest, A)));

    predicate pic_eoi_idle{A, B}(struct pic_chip *c, integer value) =
      value / 32 == 1 || value / 32 == 5 ==>
        (\forall integer k; 0 <= k < 8 ==> !\at(pic_serves(c->isr, c->imr, c->special_mask, k), A)) ==> pic_kept{A, B}(c);

    // The other OCW2. value / 32: 0, 4 rotate at automatic EOI off, on; 3 specific EOI, 7 with rotation; 6 set priority.
    predicate pic_ocw2{A, B}(struct pic_chip *c, integer value) =
      \at(c->special_mask, B) == \at(c->special_mask, A) && \at(c->poll, B) == \at(c->poll, A) &&
      \at(c->read_isr, B) == \at(c->read_isr, A) &&
      \at(c->rotate_auto, B) == (value / 32 == 0 ? 0 : value / 32 == 4 ? 1 : \at(c->rotate_auto, A)) &&
      (value / 32 == 0 || value / 32 == 2 || value / 32 == 4 ==> pic_kept{A, B}(c)) &&
      (value / 32 == 3 || value / 32 == 7 ==> pic_ended{A, B}(c, value % 8)) &&
      (value / 32 == 6 || value / 32 == 7 ==> \at(c->lowest, B) == value % 8) &&
      (value / 32 == 6 ==> \at(c->isr, B) == \at(c->isr, A)) &&
      (value / 32 == 3 ==> \at(c->lowest, B) == \at(c->lowest, A));

    // OCW3: special mask mode, poll, which register port 0 reads.
    predicate pic_ocw3{A, B}(struct pic_chip *c, integer value) =
      \at(c->rotate_auto, B) == \at(c->rotate_auto, A) &&
      \at(c->special_mask, B) == ((value >> 6 & 1) != 0 ? ((value >> 5 & 1) != 0 ? 1 : 0) : \at(c->special_mask, A)) &&
      \at(c->poll, B) == ((value >> 2 & 1) != 0 ? 1 : \at(c->poll, A)) &&
      \at(c->read_isr, B) == ((value >> 2 & 1) == 0 && (value >> 1 & 1) != 0 ? ((value >> 0 & 1) != 0 ? 1 : 0) : \at(c->read_isr, A));

    // ICW1: a new start; ICW2 comes next.
    predicate pic_icw1(struct pic_chip *c, integer value) =
      c->isr == 0 && c->imr == 0 && c->lowest == 7 && c->step == 2 && c->needs_icw4 == ((value >> 0 & 1) != 0 ? 1 : 0) &&
      c->single == ((value >> 1 & 1) != 0 ? 1 : 0) && c->read_isr == 0 && c->poll == 0 && c->special_mask == 0 &&
      c->auto_eoi == 0 && c->rotate_auto == 0 && c->nested == 0;

    // ICW2, ICW3 (not if single), ICW4 (if announced), in this order.
    predicate pic_icw{A, B}(struct pic_chip *c, integer value) =
      \at(c->needs_icw4, B) == \at(c->needs_icw4, A) && \at(c->single, B) == \at(c->single, A) &&
      \at(c->base, B) == (\at(c->step, A) == 2 ? value / 8 * 8 : \at(c->base, A)) &&
      \at(c->icw3, B) == (\at(c->step, A) == 3 ? value : \at(c->icw3, A)) &&
      \at(c->auto_eoi, B) == (\at(c->step, A) == 4 ? value / 2 % 2 : \at(c->auto_eoi, A)) &&
      \at(c->nested, B) == (\at(c->step, A) == 4 ? value / 16 % 2 : \at(c->nested, A)) &&
      \at(c->step, B) == (\at(c->step, A) == 2 && \at(c->single, A) == 0 ? 3 :
                          \at(c->step, A) != 4 && \at(c->needs_icw4, A) != 0 ? 4 : 0);
*/

/* Power-on: everything masked, edge-triggered, vectors from 0, IR0 first. */
/*@ requires valid: \valid(p);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  quiet: p->intr == 0;
    ensures  mask:  p->chip[0].imr == 0xff && p->chip[1].imr == 0xff;
    ensures  none:  p->chip[0].irr == 0 && p->chip[1].irr == 0 && p->chip[0].isr == 0 && p->chip[1].isr == 0;
    ensures  edge:  p->chip[0].elcr == 0 && p->chip[1].elcr == 0 && p->chip[0].line == 0 && p->chip[1].line == 0;
    ensures  first: p->chip[0].lowest == 7 && p->chip[1].lowest == 7;
    ensures  base:  p->chip[0].base == 0 && p->chip[1].base == 0;
    ensures  ready: p->chip[0].step == 0 && p->chip[1].step == 0 && p->chip[0].single == 0 &&
                    p->chip[0].icw3 == 4 && p->chip[1].icw3 == 2;
*/
void pic_reset(struct pic *p);

/* Reads port `a0` (0: 20H/A0H, 1: 21H/A1H) of `chip`. After a poll command any read is an acknowledgement. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    requires port:  a0 <= 1;
    assigns  p->chip[0 .. 1].irr, p->chip[0 .. 1].isr, p->chip[0 .. 1].lowest, p->chip[0 .. 1].line,
             p->chip[0 .. 1].poll, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    behavior plain:
      assumes poll: p->chip[chip].poll == 0;
      assigns \nothing;
      ensures value: \result == (a0 == 1 ? p->chip[chip].imr : p->chip[chip].read_isr != 0 ? p->chip[chip].isr : p->chip[chip].irr);
    behavior poll:
      assumes poll: p->chip[chip].poll != 0;
      ensures once: p->chip[chip].poll == 0;
      ensures none:  chip == 0 && !\old(pic_requests(&p->chip[0], 1)) || chip == 1 && !\old(pic_requests(&p->chip[1], 0)) ==> \result == 0;
      ensures master: \forall integer ir; chip == 0 && \old(pic_chosen(&p->chip[0], 1, ir)) ==> \result == 0x80 + ir;
      ensures slave: \forall integer ir; chip == 1 && \old(pic_chosen(&p->chip[1], 0, ir)) ==> \result == 0x80 + ir;
    complete behaviors;
    disjoint behaviors;
*/
u8 pic_read(struct pic *p, u32 chip, u32 a0);

/* Writes an ICW or OCW to port `a0` of `chip`: write_chip, then INT and the cascade follow. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    requires port:  a0 <= 1;
    assigns  p->chip[chip], p->chip[0].irr, p->chip[0].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  elcr:  p->chip[chip].elcr == \old(p->chip[chip].elcr);
    ensures  line:  chip == 1 ==> p->chip[chip].line == \old(p->chip[chip].line);
    ensures  irr:   \forall integer k; (a0 == 1 || !pic_bit(value, 4)) && 0 <= k < 8 && k != PIC_CASCADE ==>
                    (pic_bit(p->chip[chip].irr, k) <==> pic_bit(\old(p->chip[chip].irr), k));
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

/* Writes ELCR of `chip`; IRQ 0, 1, 2, 8 and 13 stay edge-triggered. The request of a level is its line. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    assigns  p->chip[chip].elcr, p->chip[0 .. 1].irr, p->chip[0].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  elcr:  p->chip[chip].elcr == (value & (chip == 0 ? 0xf8 : 0xde));
    ensures  irr:   \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==>
                    (pic_bit(p->chip[chip].irr, k) <==>
                      (pic_bit(p->chip[chip].elcr, k) && pic_bit(\old(p->chip[chip].line), k)) || (!pic_bit(p->chip[chip].elcr, k) && pic_bit(\old(p->chip[chip].irr), k)));
    ensures  other: chip == 0 ==> p->chip[1].irr == \old(p->chip[1].irr);
*/
void pic_elcr_write(struct pic *p, u32 chip, u8 value);

/* Drives input `irq` (0..15, not 2) to `level`. Nothing changes when it has that level already. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires irq:   irq < PIC_IRQS && irq != PIC_CASCADE;
    assigns  p->chip[0 .. 1].irr, p->chip[0 .. 1].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  same:  (pic_bit(\old(p->chip[irq / 8].line), irq % 8) <==> level) ==>
                    p->chip[0].irr == \old(p->chip[0].irr) && p->chip[0].line == \old(p->chip[0].line) &&
                    p->chip[1].irr == \old(p->chip[1].irr) && p->chip[1].line == \old(p->chip[1].line) && p->intr == \old(p->intr);
    ensures  line:  \forall integer k; 0 <= k < 8 && (irq >= 8 || k != PIC_CASCADE) ==>
                    (pic_bit(p->chip[irq / 8].line, k) <==> (k == irq % 8 && level) || (k != irq % 8 && pic_bit(\old(p->chip[irq / 8].line), k)));
    ensures  edge:  \forall integer k; !(pic_bit(\old(p->chip[irq / 8].line), irq % 8) <==> level) &&
                    0 <= k < 8 && (irq >= 8 || k != PIC_CASCADE) ==>
                    (pic_bit(p->chip[irq / 8].irr, k) <==> (k == irq % 8 && level) || (k != irq % 8 && pic_bit(\old(p->chip[irq / 8].irr), k)));
    ensures  other: irq < 8 ==> p->chip[1].irr == \old(p->chip[1].irr) && p->chip[1].line == \old(p->chip[1].line);
*/
void pic_set_irq(struct pic *p, u32 irq, bool level);

/* A rising edge on the edge-triggered input `irq` (0..15, not 2); the line is low again afterwards. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires irq:   irq < PIC_IRQS && irq != PIC_CASCADE;
    assigns  p->chip[0 .. 1].irr, p->chip[0].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  edge:  \forall integer k; 0 <= k < 8 && (irq >= 8 || k != PIC_CASCADE) ==>
                    (pic_bit(p->chip[irq / 8].irr, k) <==> k == irq % 8 || pic_bit(\old(p->chip[irq / 8].irr), k));
    ensures  other: irq < 8 ==> p->chip[1].irr == \old(p->chip[1].irr);
*/
void pic_pulse_irq(struct pic *p, u32 irq);

/* INT to the CPU. */
/*@ requires valid: \valid_read(p);
    requires ok:    pic_ok(p);
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result <==> p->intr != 0;
    ensures  asks:  \result <==> pic_requests(&p->chip[0], 1);
*/
bool pic_intr(const struct pic *p);

/* Whether `irq` is masked nowhere on its way (IMR of its chip, for 8..15 the master's IR2 too). */
/*@ requires valid: \valid_read(p);
    requires irq:   irq < PIC_IRQS;
    assigns  \nothing;
    exits    never: \false;
    ensures  value: \result <==> !pic_bit(p->chip[irq / 8].imr, irq % 8) && (irq < 8 || !pic_bit(p->chip[0].imr, PIC_CASCADE));
*/
bool pic_unmasked(const struct pic *p, u32 irq);

/* The INTA cycles: the vector of the request with the highest priority, which goes into service. With nothing
 * requested, the vector of IR7 of the chip that has nothing (the spurious interrupt), and nothing goes into service. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    assigns  p->chip[0 .. 1].irr, p->chip[0 .. 1].isr, p->chip[0 .. 1].lowest, p->chip[0].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  spurious: !\old(pic_requests(&p->chip[0], 1)) ==> \result == \old(p->chip[0].base) + 7 &&
                    pic_kept{Pre, Post}(&p->chip[0]) && pic_kept{Pre, Post}(&p->chip[1]);
    ensures  master: \forall integer ir; \old(pic_chosen(&p->chip[0], 1, ir)) ==>
                    pic_taken{Pre, Post}(&p->chip[0], ir) && pic_cleared{Pre, Post}(&p->chip[0], ir);
    ensures  own:   \forall integer ir; \old(pic_chosen(&p->chip[0], 1, ir)) && !\old(pic_cascaded(&p->chip[0], ir)) ==>
                    \result == \old(p->chip[0].base) + ir && pic_kept{Pre, Post}(&p->chip[1]) && p->chip[1].irr == \old(p->chip[1].irr);
    ensures  slave: \forall integer ir; \old(pic_chosen(&p->chip[0], 1, PIC_CASCADE)) && \old(pic_cascaded(&p->chip[0], PIC_CASCADE)) &&
                    \old(pic_chosen(&p->chip[1], 0, ir)) ==> \result == \old(p->chip[1].base) + ir &&
                    pic_taken{Pre, Post}(&p->chip[1], ir) && pic_cleared{Pre, Post}(&p->chip[1], ir);
    ensures  slave_spurious: \old(pic_chosen(&p->chip[0], 1, PIC_CASCADE)) && \old(pic_cascaded(&p->chip[0], PIC_CASCADE)) &&
                    !\old(pic_requests(&p->chip[1], 0)) ==> \result == \old(p->chip[1].base) + 7 && pic_kept{Pre, Post}(&p->chip[1]);
*/
u8 pic_ack(struct pic *p);

#endif
