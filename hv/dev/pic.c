/* SPDX-License-Identifier: BSD-2-Clause */
/* Two cascaded 8259A: priorities, acknowledgement, and the command words. */
#include "pic.h"

_Static_assert(sizeof(struct pic) == 56, "struct pic has no implicit padding");

#define NO_PRIORITY 8u

#define ICW1_SELECT 0x10u
#define ICW1_IC4 0x01u
#define ICW1_SNGL 0x02u
#define ICW4_AEOI 0x02u
#define ICW4_SFNM 0x10u
#define OCW3_SELECT 0x08u
#define OCW3_ESMM 0x40u
#define OCW3_SMM 0x20u
#define OCW3_P 0x04u
#define OCW3_RR 0x02u
#define OCW3_RIS 0x01u

#define ELCR_MASTER 0xf8u	/* IRQ 0, 1, 2 are always edge-triggered */
#define ELCR_SLAVE 0xdeu	/* and IRQ 8, 13 */

/* 0 for the first in priority among `bits` ... 7, NO_PRIORITY if there is none. */
/*@ requires lowest: lowest <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 8;
    ensures  none:  bits == 0 ==> \result == 8;
*/
static u32 priority(u32 bits, u32 lowest)
{
	if (bits == 0)
		return NO_PRIORITY;
	/*@ loop invariant range: 0 <= i <= 8;
	    loop assigns i;
	    loop variant 8 - i;
	*/
	for (u32 i = 0; i < 8; i++)
		if ((bits >> ((lowest + 1u + i) & 7u) & 1u) != 0)
			return i;
	return NO_PRIORITY;
}

/* The priority of the request that the chip would put through, NO_PRIORITY if none. */
/*@ requires valid: \valid_read(c);
    requires ok:    pic_chip_ok(c);
    assigns  \nothing;
    exits    never: \false;
    ensures  range: \result <= 8;
*/
static u32 request(const struct pic_chip *c, bool master)
{
	u32 wanted = (u32)c->irr & ~(u32)c->imr;
	u32 serving = c->isr;
	u32 first, current;

	if (wanted == 0 || c->step != 0)
		return NO_PRIORITY;
	if (c->special_mask != 0)
		serving &= ~(u32)c->imr;
	first = priority(wanted, c->lowest);
	current = priority(serving, c->lowest);
	if (first < current)
		return first;
	/* In the special fully nested mode the slave may ask again while it is in service. */
	if (master && c->nested != 0 && first == current && ((c->lowest + 1u + first) & 7u) == PIC_CASCADE)
		return first;
	return NO_PRIORITY;
}

/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    requires input: input <= 7;
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  base:  c->base == \old(c->base);
    ensures  imr:   c->imr == \old(c->imr);
    ensures  modes: c->step == \old(c->step) && c->poll == \old(c->poll) && c->elcr == \old(c->elcr);
*/
static void drive(struct pic_chip *c, u32 input, bool level)
{
	u32 bit = 1u << input;

	if (level) {
		c->irr = (u8)(c->irr | (bit & ((u32)c->elcr | ~(u32)c->line)));
		c->line = (u8)(c->line | bit);
	} else {
		c->irr = (u8)(c->irr & ~bit);
		c->line = (u8)(c->line & ~bit);
	}
}

/* Brings the cascade and INT up to date. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  base:  p->chip[0].base == \old(p->chip[0].base) && p->chip[1].base == \old(p->chip[1].base);
    ensures  imr:   p->chip[0].imr == \old(p->chip[0].imr) && p->chip[1].imr == \old(p->chip[1].imr);
    ensures  elcr:  p->chip[0].elcr == \old(p->chip[0].elcr) && p->chip[1].elcr == \old(p->chip[1].elcr);
*/
static void update(struct pic *p)
{
	if (p->chip[PIC_MASTER].single == 0)
		drive(&p->chip[PIC_MASTER], PIC_CASCADE, request(&p->chip[PIC_SLAVE], false) != NO_PRIORITY);
	p->intr = request(&p->chip[PIC_MASTER], true) != NO_PRIORITY ? 1u : 0u;
}

/* Acknowledges the first request of a chip. Returns its IR; 7 with nothing in service if there is none. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  range: \result <= 7;
    ensures  base:  c->base == \old(c->base);
*/
static u32 acknowledge(struct pic_chip *c, bool master)
{
	u32 first = request(c, master);
	u32 ir, bit;

	if (first == NO_PRIORITY)
		return 7;
	ir = (c->lowest + 1u + first) & 7u;
	bit = 1u << ir;
	if ((c->elcr & bit) == 0)
		c->irr = (u8)(c->irr & ~bit);
	if (c->auto_eoi == 0)
		c->isr = (u8)(c->isr | bit);
	else if (c->rotate_auto != 0)
		c->lowest = (u8)ir;
	return ir;
}

void pic_reset(struct pic *p)
{
	static const struct pic zero;

	*p = zero;
	/*@ loop invariant range: 0 <= i <= 2;
	    loop invariant done:  \forall integer k; 0 <= k < i ==> pic_chip_ok(&p->chip[k]);
	    loop invariant quiet: p->intr == 0;
	    loop assigns i, p->chip[0 .. 1].imr, p->chip[0 .. 1].lowest, p->chip[0 .. 1].icw3;
	    loop variant 2 - i;
	*/
	for (u32 i = 0; i < PIC_CHIPS; i++) {
		p->chip[i].imr = 0xffu;
		p->chip[i].lowest = 7;
		p->chip[i].icw3 = i == PIC_MASTER ? 1u << PIC_CASCADE : PIC_CASCADE;
	}
}

/* OCW2: the ends of interrupt and the rotations. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
*/
static void write_ocw2(struct pic_chip *c, u8 value)
{
	u32 command = (u32)value >> 5;	/* R, SL, EOI */
	u32 ir = value & 7u;

	switch (command) {
	case 0:
	case 4:
		c->rotate_auto = command == 4 ? 1u : 0u;
		return;
	case 1:
	case 5: {
		u32 serving = c->special_mask != 0 ? (u32)c->isr & ~(u32)c->imr : c->isr;
		u32 first = priority(serving, c->lowest);

		if (first == NO_PRIORITY)
			return;
		ir = (c->lowest + 1u + first) & 7u;
		break;
	}
	case 2:
		return;
	default:
		break;
	}
	if ((command & 1u) != 0)
		c->isr = (u8)(c->isr & ~(1u << ir));
	if (command >= 5)
		c->lowest = (u8)ir;
}

/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
*/
static void write_ocw3(struct pic_chip *c, u8 value)
{
	if ((value & OCW3_ESMM) != 0)
		c->special_mask = (value & OCW3_SMM) != 0 ? 1u : 0u;
	if ((value & OCW3_P) != 0)
		c->poll = 1;
	else if ((value & OCW3_RR) != 0)
		c->read_isr = (value & OCW3_RIS) != 0 ? 1u : 0u;
}

/* ICW1: the edge sense is reset, so that an edge-triggered input must fall and rise again to be seen. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
*/
static void write_icw1(struct pic_chip *c, u8 value)
{
	c->irr = (u8)(c->line & c->elcr);
	c->isr = 0;
	c->imr = 0;
	c->lowest = 7;
	c->step = 2;
	c->needs_icw4 = (value & ICW1_IC4) != 0 ? 1u : 0u;
	c->single = (value & ICW1_SNGL) != 0 ? 1u : 0u;
	c->read_isr = 0;
	c->poll = 0;
	c->special_mask = 0;
	c->auto_eoi = 0;
	c->rotate_auto = 0;
	c->nested = 0;
}

/* What port 1 takes during the initialisation: ICW2, ICW3 unless single, ICW4 if announced. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
*/
static void write_icw(struct pic_chip *c, u8 value)
{
	switch (c->step) {
	case 2:
		c->base = (u8)(value / 8u * 8u);
		c->step = c->single == 0 ? 3u : c->needs_icw4 != 0 ? 4u : 0u;
		break;
	case 3:
		c->icw3 = value;
		c->step = c->needs_icw4 != 0 ? 4u : 0u;
		break;
	default:
		c->auto_eoi = (value & ICW4_AEOI) != 0 ? 1u : 0u;
		c->nested = (value & ICW4_SFNM) != 0 ? 1u : 0u;
		c->step = 0;
		break;
	}
}

/* A read after the poll command: 80H + IR if there was a request, which goes into service, 0 if not. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    assigns  *p;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
*/
static COLD u8 poll(struct pic *p, u32 chip)
{
	bool master = chip == PIC_MASTER;
	u32 ir;

	p->chip[chip].poll = 0;
	if (request(&p->chip[chip], master) == NO_PRIORITY)
		return 0;
	ir = acknowledge(&p->chip[chip], master);
	if (!master && p->chip[PIC_MASTER].single == 0)
		drive(&p->chip[PIC_MASTER], PIC_CASCADE, false);
	update(p);
	return (u8)(0x80u + ir);
}

u8 pic_read(struct pic *p, u32 chip, u32 a0)
{
	const struct pic_chip *c = &p->chip[chip];

	if (c->poll != 0)
		return poll(p, chip);
	if (a0 != 0)
		return c->imr;
	return c->read_isr != 0 ? c->isr : c->irr;
}

void pic_write(struct pic *p, u32 chip, u32 a0, u8 value)
{
	struct pic_chip *c = &p->chip[chip];

	if (a0 != 0 && c->step == 0)
		c->imr = value;
	else if (a0 != 0)
		write_icw(c, value);
	else if ((value & ICW1_SELECT) != 0)
		write_icw1(c, value);
	else if ((value & OCW3_SELECT) != 0)
		write_ocw3(c, value);
	else
		write_ocw2(c, value);
	update(p);
}

u8 pic_elcr_read(const struct pic *p, u32 chip)
{
	return p->chip[chip].elcr;
}

void pic_elcr_write(struct pic *p, u32 chip, u8 value)
{
	struct pic_chip *c = &p->chip[chip];

	c->elcr = (u8)(value & (chip == PIC_MASTER ? ELCR_MASTER : ELCR_SLAVE));
	c->irr = (u8)((c->irr & ~c->elcr) | (c->line & c->elcr));
	update(p);
}

void pic_set_irq(struct pic *p, u32 irq, bool level)
{
	struct pic_chip *c = &p->chip[irq / 8u];

	if ((((u32)c->line >> (irq % 8u)) & 1u) == (level ? 1u : 0u))
		return;
	drive(c, irq % 8u, level);
	update(p);
}

void pic_pulse_irq(struct pic *p, u32 irq)
{
	struct pic_chip *c = &p->chip[irq / 8u];

	c->irr = (u8)(c->irr | 1u << irq % 8u);
	update(p);
}

bool pic_intr(const struct pic *p)
{
	return p->intr != 0;
}

bool pic_unmasked(const struct pic *p, u32 irq)
{
	if ((((u32)p->chip[irq / 8u].imr >> (irq % 8u)) & 1u) != 0)
		return false;
	return irq < 8u || (p->chip[PIC_MASTER].imr & (1u << PIC_CASCADE)) == 0;
}

u8 pic_ack(struct pic *p)
{
	struct pic_chip *master = &p->chip[PIC_MASTER];
	struct pic_chip *slave = &p->chip[PIC_SLAVE];
	u32 ir = acknowledge(master, true);
	u32 vector = master->base + ir;

	if (ir == PIC_CASCADE && master->single == 0 && (master->icw3 & (1u << PIC_CASCADE)) != 0) {
		vector = slave->base + acknowledge(slave, false);
		drive(master, PIC_CASCADE, false);	/* the slave's INT falls with INTA, and may rise again */
	}
	update(p);
	return (u8)vector;
}
