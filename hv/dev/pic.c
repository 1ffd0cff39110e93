/* SPDX-License-Identifier: BSD-2-Clause */
/* Two cascaded 8259A: priorities, acknowledgement, and the command words. */
#include "pic.h"

_Static_assert(sizeof(struct pic) == 56, "struct pic has no implicit padding");

#define NO_IR 8u

#define ICW1_SELECT 0x10u
#define ICW1_IC4 0x01u
#define ICW1_SNGL 0x02u
#define OCW3_SELECT 0x08u
#define OCW3_ESMM 0x40u
#define OCW3_SMM 0x20u
#define OCW3_P 0x04u
#define OCW3_RR 0x02u
#define OCW3_RIS 0x01u

#define ELCR_MASTER 0xf8u	/* IRQ 0, 1, 2 are always edge-triggered */
#define ELCR_SLAVE 0xdeu	/* and IRQ 8, 13 */

/*@ lemma pic_rank_of_ir: \forall integer lowest, rank; 0 <= lowest <= 7 && 0 <= rank <= 7 ==>
      pic_rank((lowest + 1 + rank) % 8, lowest) == rank && 0 <= (lowest + 1 + rank) % 8 <= 7;

    lemma pic_ir_of_rank: \forall integer lowest, ir; 0 <= lowest <= 7 && 0 <= ir <= 7 ==>
      (lowest + 1 + pic_rank(ir, lowest)) % 8 == ir && 0 <= pic_rank(ir, lowest) <= 7;

    lemma pic_no_bits: \forall integer k; 0 <= k ==> !pic_bit(0, k);

    lemma pic_chosen_range{L}: \forall struct pic_chip *c, integer master, ir; pic_chosen(c, master, ir) ==> 0 <= ir < 8;
*/

/*@ requires ir: ir <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  bit:   \result == (1 << ir);
    ensures  range: 1 <= \result <= 128;
*/
static u32 bit(u32 ir)
{
	/*@ assert bit0: ir == 0 ==> (1 << ir) == 1; */
	/*@ assert bit1: ir == 1 ==> (1 << ir) == 2; */
	/*@ assert bit2: ir == 2 ==> (1 << ir) == 4; */
	/*@ assert bit3: ir == 3 ==> (1 << ir) == 8; */
	/*@ assert bit4: ir == 4 ==> (1 << ir) == 16; */
	/*@ assert bit5: ir == 5 ==> (1 << ir) == 32; */
	/*@ assert bit6: ir == 6 ==> (1 << ir) == 64; */
	/*@ assert bit7: ir == 7 ==> (1 << ir) == 128; */
	return 1u << ir;
}

/*@ requires ir: ir <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  bit: \result <==> pic_bit(bits, ir);
*/
static bool has(u8 bits, u32 ir)
{
	return ((u32)bits >> ir & 1u) != 0;
}

/*@ requires ir: ir <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  bits: \forall integer k; 0 <= k < 8 ==> (pic_bit(\result, k) <==> pic_bit(bits, k) || k == ir);
*/
static u8 with(u8 bits, u32 ir)
{
	return (u8)(bits | bit(ir));
}

/*@ requires ir: ir <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  bits: \forall integer k; 0 <= k < 8 ==> (pic_bit(\result, k) <==> pic_bit(bits, k) && k != ir);
*/
static u8 without(u8 bits, u32 ir)
{
	return (u8)(bits & ~(u8)bit(ir));
}

/* The bits of `bits` that are not in `mask`. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures bits: \forall integer k; 0 <= k < 8 ==> (pic_bit(\result, k) <==> pic_bit(bits, k) && !pic_bit(mask, k));
*/
static u8 unmasked(u8 bits, u8 mask)
{
	return (u8)(bits & ~mask);
}

/* The bits of `a` that are in `choice`, and of `b` that are not. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures bits: \forall integer k; 0 <= k < 8 ==> (pic_bit(\result, k) <==> (pic_bit(choice, k) && pic_bit(a, k)) || (!pic_bit(choice, k) && pic_bit(b, k)));
*/
static u8 select(u8 choice, u8 a, u8 b)
{
	return (u8)((a & choice) | (b & ~choice));
}

/* The IR with priority `rank`: 0 is the highest. */
/*@ requires lowest: lowest <= 7;
    requires rank:   rank <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  ir:     \result == (lowest + 1 + rank) % 8;
    ensures  rank:   pic_rank(\result, lowest) == rank;
*/
static u32 ir_of(u32 rank, u32 lowest)
{
	return (lowest + 1u + rank) % 8u;
}

/* The rank of the first in priority among `bits`, 8 if there is none. */
/*@ requires lowest: lowest <= 7;
    assigns  \nothing;
    exits    never: \false;
    ensures  range:  \result <= 8;
    ensures  first:  \result < 8 ==> pic_bit(bits, (lowest + 1 + \result) % 8);
    ensures  before: \forall integer ir; 0 <= ir < 8 && pic_rank(ir, lowest) < \result ==> !pic_bit(bits, ir);
*/
static u32 priority(u8 bits, u32 lowest)
{
	if (bits == 0)
		return 8;
	/*@ loop invariant range:  0 <= rank <= 8;
	    loop invariant before: \forall integer ir; 0 <= ir < 8 && pic_rank(ir, lowest) < rank ==> !pic_bit(bits, ir);
	    loop assigns rank;
	    loop variant 8 - rank;
	*/
	for (u32 rank = 0; rank < 8; rank++)
		if (has(bits, ir_of(rank, lowest)))
			return rank;
	return 8;
}

/* What is in service and keeps others out. */
/*@ requires valid: \valid_read(c);
    requires ok:    pic_chip_ok(c);
    assigns  \nothing;
    exits    never: \false;
    ensures  bits:  \forall integer k; 0 <= k < 8 ==> (pic_bit(\result, k) <==> pic_serves(c->isr, c->imr, c->special_mask, k));
*/
static u8 serving(const struct pic_chip *c)
{
	return c->special_mask != 0 ? unmasked(c->isr, c->imr) : c->isr;
}

/* The IR that the chip puts through, NO_IR if none. */
/*@ requires valid:  \valid_read(c);
    requires ok:     pic_chip_ok(c);
    assigns  \nothing;
    exits    never: \false;
    ensures  range:  \result <= 8;
    ensures  chosen: \result < 8 ==> pic_chosen(c, master, \result);
    ensures  only:   \forall integer ir; pic_chosen(c, master, ir) ==> ir == \result;
*/
static u32 request(const struct pic_chip *c, bool master)
{
	u8 wanted = unmasked(c->irr, c->imr);
	u32 first, current, ir;

	if (c->step != 0)
		return NO_IR;
	first = priority(wanted, c->lowest);
	if (first > 7u)
		return NO_IR;
	ir = ir_of(first, c->lowest);
	/*@ assert only: \forall integer k; pic_chosen(c, master, k) ==> pic_rank(k, c->lowest) == first; */
	/*@ assert only: \forall integer k; pic_chosen(c, master, k) ==> k == ir; */
	current = priority(serving(c), c->lowest);
	if (first < current)
		return ir;
	/* In the special fully nested mode the slave may ask again while it is in service. */
	if (master && c->nested != 0 && ir == PIC_CASCADE && first == current)
		return ir;
	/*@ assert serves: current < 8 ==> pic_serves(c->isr, c->imr, c->special_mask, (c->lowest + 1 + current) % 8); */
	/*@ assert none: \forall integer k; !pic_chosen(c, master, k); */
	return NO_IR;
}

/* The chip's INT output. */
/*@ requires valid:  \valid_read(c);
    requires ok:     pic_chip_ok(c);
    assigns  \nothing;
    exits    never: \false;
    ensures  int:    \result <==> pic_requests(c, master);
*/
static bool asks(const struct pic_chip *c, bool master)
{
	return request(c, master) != NO_IR;
}

/*@ requires valid: \valid(c);
    requires ir:    ir <= 7;
    assigns  c->irr, c->line;
    exits    never: \false;
    ensures  line:  \forall integer k; 0 <= k < 8 ==> (pic_bit(c->line, k) <==> (k == ir && level) || (k != ir && pic_bit(\old(c->line), k)));
    ensures  rise:  \forall integer k; level && 0 <= k < 8 ==> (pic_bit(c->irr, k) <==> pic_bit(\old(c->irr), k) ||
                    (k == ir && (pic_bit(c->elcr, k) || !pic_bit(\old(c->line), k))));
    ensures  fall:  \forall integer k; !level && 0 <= k < 8 ==> (pic_bit(c->irr, k) <==> pic_bit(\old(c->irr), k) && k != ir);
*/
static void drive(struct pic_chip *c, u32 ir, bool level)
{
	if (level) {
		if (has(c->elcr, ir) || !has(c->line, ir))
			c->irr = with(c->irr, ir);
		c->line = with(c->line, ir);
	} else {
		c->irr = without(c->irr, ir);
		c->line = without(c->line, ir);
	}
}

/* Brings the cascade up to date. */
/*@ requires valid: \valid(p);
    requires ok:    pic_chips_ok(p);
    assigns  p->chip[0].irr, p->chip[0].line;
    exits    never: \false;
    ensures  ok:    pic_chips_ok(p);
    ensures  slave: p->chip[0].single == 0 ==> (pic_bit(p->chip[0].line, PIC_CASCADE) <==> pic_requests(&p->chip[1], 0));
    ensures  irr:   \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==> (pic_bit(p->chip[0].irr, k) <==> pic_bit(\old(p->chip[0].irr), k));
    ensures  line:  \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==> (pic_bit(p->chip[0].line, k) <==> pic_bit(\old(p->chip[0].line), k));
*/
static void update_cascade(struct pic *p)
{
	if (p->chip[PIC_MASTER].single != 0)
		return;
	drive(&p->chip[PIC_MASTER], PIC_CASCADE, asks(&p->chip[PIC_SLAVE], false));
	/*@ assert slave: \forall integer k; pic_chosen(&p->chip[1], 0, k) <==> \at(pic_chosen(&p->chip[1], 0, k), Pre); */
}

/* Brings the cascade and INT up to date. */
/*@ requires valid: \valid(p);
    requires ok:    pic_chips_ok(p);
    assigns  p->chip[0].irr, p->chip[0].line, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  irr:   \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==> (pic_bit(p->chip[0].irr, k) <==> pic_bit(\old(p->chip[0].irr), k));
    ensures  line:  \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==> (pic_bit(p->chip[0].line, k) <==> pic_bit(\old(p->chip[0].line), k));
*/
static void update(struct pic *p)
{
	bool intr;

	update_cascade(p);
	intr = asks(&p->chip[PIC_MASTER], true);
	/*@ ghost Settled: ; */
	p->intr = intr ? 1u : 0u;
	/*@ assert slave: \forall integer k; pic_chosen(&p->chip[1], 0, k) <==> \at(pic_chosen(&p->chip[1], 0, k), Settled); */
	/*@ assert slave: p->chip[0].single == 0 ==> (pic_bit(p->chip[0].line, PIC_CASCADE) <==> pic_requests(&p->chip[1], 0)); */
	/*@ assert master: \forall integer k; pic_chosen(&p->chip[0], 1, k) <==> \at(pic_chosen(&p->chip[0], 1, k), Settled); */
	/*@ assert master: p->intr == 1 <==> pic_requests(&p->chip[0], 1); */
}

/* Acknowledges the first request of a chip. Returns its IR; 7 with nothing in service if there is none. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  c->irr, c->isr, c->lowest;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  range: \result <= 7;
    ensures  idle:  !\old(pic_requests(c, master)) ==> \result == 7 && pic_kept{Pre, Post}(c) && c->irr == \old(c->irr);
    ensures  taken: \forall integer ir; \old(pic_chosen(c, master, ir)) ==>
                    \result == ir && pic_taken{Pre, Post}(c, ir) && pic_cleared{Pre, Post}(c, ir);
*/
static u32 acknowledge(struct pic_chip *c, bool master)
{
	u32 ir = request(c, master);

	if (ir == NO_IR)
		return 7;
	if (!has(c->elcr, ir))
		c->irr = without(c->irr, ir);
	if (c->auto_eoi == 0)
		c->isr = with(c->isr, ir);
	else if (c->rotate_auto != 0)
		c->lowest = (u8)ir;
	return ir;
}

/* All zero. */
/*@ requires valid: \valid(c);
    assigns  *c;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  idle:  c->irr == 0 && c->isr == 0 && c->line == 0 && c->elcr == 0 && c->base == 0 && c->step == 0 && c->single == 0;
    ensures  start: c->imr == 0xff && c->lowest == 7 && c->icw3 == icw3;
*/
static void reset_chip(struct pic_chip *c, u8 icw3)
{
	c->irr = 0;
	c->isr = 0;
	c->imr = 0xff;
	c->line = 0;
	c->elcr = 0;
	c->lowest = 7;
	c->base = 0;
	c->step = 0;
	c->icw3 = icw3;
	c->needs_icw4 = 0;
	c->single = 0;
	c->read_isr = 0;
	c->poll = 0;
	c->special_mask = 0;
	c->auto_eoi = 0;
	c->rotate_auto = 0;
	c->nested = 0;
	/*@ loop invariant range: 0 <= i <= 7;
	    loop assigns i, c->reserved[0 .. 6];
	    loop variant 7 - i;
	*/
	for (u32 i = 0; i < 7; i++)
		c->reserved[i] = 0;
}

void pic_reset(struct pic *p)
{
	/*@ loop invariant range: 0 <= i <= 7;
	    loop assigns i, p->reserved[0 .. 6];
	    loop variant 7 - i;
	*/
	for (u32 i = 0; i < 7; i++)
		p->reserved[i] = 0;
	p->intr = 0;
	reset_chip(&p->chip[PIC_MASTER], 1u << PIC_CASCADE);
	reset_chip(&p->chip[PIC_SLAVE], PIC_CASCADE);
	/*@ assert chips: pic_chips_ok(p); */
	/*@ assert low: p->intr == 0 && p->chip[0].single == 0 && p->chip[0].line == 0; */
	/*@ assert master: \forall integer k; !pic_chosen(&p->chip[0], 1, k); */
	/*@ assert slave: \forall integer k; !pic_chosen(&p->chip[1], 0, k); */
	/*@ assert cascade: !pic_bit(p->chip[0].line, PIC_CASCADE); */
	/*@ assert settled: pic_settled(p); */
}

/* OCW2: the ends of interrupt and the rotations. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  c->isr, c->lowest, c->rotate_auto;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  ocw2:  pic_ocw2{Pre, Post}(c, value);
    ensures  eoi:   pic_eoi{Pre, Post}(c, value);
    ensures  idle:  pic_eoi_idle{Pre, Post}(c, value);
*/
static void write_ocw2(struct pic_chip *c, u8 value)
{
	u32 command = value / 32u;	/* R, SL, EOI */
	u32 ir = value % 8u;

	switch (command) {
	case 0:
	case 4:
		c->rotate_auto = command == 4 ? 1u : 0u;
		return;
	case 1:
	case 5: {
		u32 first = priority(serving(c), c->lowest);

		if (first > 7u)
			return;
		ir = ir_of(first, c->lowest);
		break;
	}
	case 2:
		return;
	default:
		break;
	}
	if (command % 2u != 0)
		c->isr = without(c->isr, ir);
	if (command >= 5u)
		c->lowest = (u8)ir;
}

/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  c->special_mask, c->poll, c->read_isr;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  ocw3:  pic_ocw3{Pre, Post}(c, value);
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
    assigns  c->irr, c->isr, c->imr, c->lowest, c->step, c->needs_icw4, c->single, c->read_isr, c->poll, c->special_mask,
             c->auto_eoi, c->rotate_auto, c->nested;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  icw1:  pic_icw1(c, value);
    ensures  edges: c->irr == (c->line & c->elcr);
*/
static void write_icw1(struct pic_chip *c, u8 value)
{
	c->irr = c->line & c->elcr;
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
    requires wait:  c->step != 0;
    assigns  c->base, c->icw3, c->auto_eoi, c->nested, c->step;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  icw:   pic_icw{Pre, Post}(c, value);
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
		c->auto_eoi = value / 2u % 2u;		/* AEOI */
		c->nested = value / 16u % 2u;		/* SFNM */
		c->step = 0;
		break;
	}
}

/* A read after the poll command: 80H + IR if there was a request, which goes into service, 0 if not. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    assigns  c->irr, c->isr, c->lowest, c->poll;
    exits    never: \false;
    ensures  ok:    pic_chip_ok(c);
    ensures  once:  c->poll == 0;
    ensures  idle:  !\old(pic_requests(c, master)) ==> \result == 0 && pic_kept{Pre, Post}(c) && c->irr == \old(c->irr);
    ensures  taken: \forall integer ir; \old(pic_chosen(c, master, ir)) ==>
                    \result == 0x80 + ir && pic_taken{Pre, Post}(c, ir) && pic_cleared{Pre, Post}(c, ir);
*/
static u8 poll_chip(struct pic_chip *c, bool master)
{
	c->poll = 0;
	/*@ assert same: \forall integer k; pic_chosen(c, master, k) <==> \at(pic_chosen(c, master, k), Pre); */
	return asks(c, master) ? (u8)(0x80u + acknowledge(c, master)) : 0;
}

/* The same with its consequences for the cascade and INT. */
/*@ requires valid: \valid(p);
    requires ok:    pic_ok(p);
    requires chip:  chip < PIC_CHIPS;
    assigns  p->chip[0 .. 1].irr, p->chip[chip].isr, p->chip[chip].lowest, p->chip[0].line, p->chip[chip].poll, p->intr;
    exits    never: \false;
    ensures  ok:    pic_ok(p);
    ensures  once:  p->chip[chip].poll == 0;
    ensures  none:  chip == 0 && !\old(pic_requests(&p->chip[0], 1)) || chip == 1 && !\old(pic_requests(&p->chip[1], 0)) ==> \result == 0;
    ensures  master: \forall integer ir; chip == 0 && \old(pic_chosen(&p->chip[0], 1, ir)) ==> \result == 0x80 + ir;
    ensures  slave: \forall integer ir; chip == 1 && \old(pic_chosen(&p->chip[1], 0, ir)) ==> \result == 0x80 + ir;
*/
static COLD u8 poll(struct pic *p, u32 chip)
{
	u8 value = poll_chip(&p->chip[chip], chip == PIC_MASTER);

	/*@ assert chip: chip == 0 || chip == 1; */
	/*@ assert master: \forall integer k; chip == 0 && \at(pic_chosen(&p->chip[0], 1, k), Pre) ==> value == 0x80 + k; */
	/*@ assert slave: \forall integer k; chip == 1 && \at(pic_chosen(&p->chip[1], 0, k), Pre) ==> value == 0x80 + k; */
	/*@ assert chips: pic_chips_ok(p); */
	if (value != 0 && chip == PIC_SLAVE && p->chip[PIC_MASTER].single == 0)
		drive(&p->chip[PIC_MASTER], PIC_CASCADE, false);
	/*@ assert chips: pic_chips_ok(p); */
	update(p);
	return value;
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

/* What a write does to its chip. */
/*@ requires valid: \valid(c);
    requires ok:    pic_chip_ok(c);
    requires port:  a0 <= 1;
    assigns  *c;
    exits    never: \false;
    ensures  lines: c->line == \old(c->line) && c->elcr == \old(c->elcr);
    ensures  ok:    pic_chip_ok(c);
    ensures  irr:   a0 == 1 || !pic_bit(value, 4) ==> c->irr == \old(c->irr);
    behavior ocw1:
      assumes port: a0 == 1 && c->step == 0;
      ensures mask: c->imr == value;
      ensures kept: pic_kept{Pre, Post}(c) && pic_same_setup{Pre, Post}(c) && pic_same_modes{Pre, Post}(c);
    behavior icw:
      assumes port: a0 == 1 && c->step != 0;
      ensures icw:  pic_icw{Pre, Post}(c, value);
      ensures kept: pic_kept{Pre, Post}(c) && pic_same_modes{Pre, Post}(c) && c->imr == \old(c->imr);
    behavior icw1:
      assumes port: a0 == 0 && pic_bit(value, 4);
      ensures icw1: pic_icw1(c, value);
      ensures irr:  c->irr == (c->line & c->elcr);
      ensures kept: c->base == \old(c->base) && c->icw3 == \old(c->icw3);
    behavior ocw3:
      assumes port: a0 == 0 && !pic_bit(value, 4) && pic_bit(value, 3);
      ensures ocw3: pic_ocw3{Pre, Post}(c, value);
      ensures kept: pic_kept{Pre, Post}(c) && pic_same_setup{Pre, Post}(c) && c->imr == \old(c->imr);
    behavior ocw2:
      assumes port: a0 == 0 && !pic_bit(value, 4) && !pic_bit(value, 3);
      ensures ocw2: pic_ocw2{Pre, Post}(c, value);
      ensures eoi:  pic_eoi{Pre, Post}(c, value);
      ensures idle: pic_eoi_idle{Pre, Post}(c, value);
      ensures kept: pic_same_setup{Pre, Post}(c) && c->imr == \old(c->imr);
    complete behaviors;
    disjoint behaviors;
*/
static void write_chip(struct pic_chip *c, u32 a0, u8 value)
{
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
}

void pic_write(struct pic *p, u32 chip, u32 a0, u8 value)
{
	/*@ assert chip: chip == 0 || chip == 1; */
	write_chip(&p->chip[chip], a0, value);
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
	c->irr = select(c->elcr, c->line, c->irr);
	update(p);
}

void pic_set_irq(struct pic *p, u32 irq, bool level)
{
	struct pic_chip *c = &p->chip[irq / 8u];

	if (has(c->line, irq % 8u) == level)
		return;
	drive(c, irq % 8u, level);
	update(p);
}

void pic_pulse_irq(struct pic *p, u32 irq)
{
	struct pic_chip *c = &p->chip[irq / 8u];

	c->irr = with(c->irr, irq % 8u);
	update(p);
}

bool pic_intr(const struct pic *p)
{
	return p->intr != 0;
}

bool pic_unmasked(const struct pic *p, u32 irq)
{
	return !has(p->chip[irq / 8u].imr, irq % 8u) && (irq < 8u || !has(p->chip[PIC_MASTER].imr, PIC_CASCADE));
}

/* The second INTA cycle of the slave: its INT falls with it, and may rise again. Returns the vector. */
/*@ requires valid: \valid(p);
    requires ok:    pic_chips_ok(p);
    assigns  p->chip[1].irr, p->chip[1].isr, p->chip[1].lowest, p->chip[0].irr, p->chip[0].line;
    exits    never: \false;
    ensures  ok:    pic_chips_ok(p);
    ensures  idle:  !\old(pic_requests(&p->chip[1], 0)) ==> \result == p->chip[1].base + 7 && pic_kept{Pre, Post}(&p->chip[1]);
    ensures  taken: \forall integer ir; \old(pic_chosen(&p->chip[1], 0, ir)) ==> \result == p->chip[1].base + ir &&
                    pic_taken{Pre, Post}(&p->chip[1], ir) && pic_cleared{Pre, Post}(&p->chip[1], ir);
    ensures  irr:   \forall integer k; 0 <= k < 8 && k != PIC_CASCADE ==> (pic_bit(p->chip[0].irr, k) <==> pic_bit(\old(p->chip[0].irr), k));
*/
static u32 acknowledge_slave(struct pic *p)
{
	u32 ir = acknowledge(&p->chip[PIC_SLAVE], false);

	drive(&p->chip[PIC_MASTER], PIC_CASCADE, false);
	return p->chip[PIC_SLAVE].base + ir;
}

u8 pic_ack(struct pic *p)
{
	struct pic_chip *master = &p->chip[PIC_MASTER];
	u32 ir = acknowledge(master, true);
	u32 vector = master->base + ir;

	/*@ assert taken: \forall integer k; \at(pic_chosen(&p->chip[0], 1, k), Pre) ==>
	      pic_taken{Pre, Here}(&p->chip[0], k) && pic_cleared{Pre, Here}(&p->chip[0], k); */
	/*@ assert chips: pic_chips_ok(p); */
	/*@ assert slave: \forall integer k; pic_chosen(&p->chip[1], 0, k) <==> \at(pic_chosen(&p->chip[1], 0, k), Pre); */
	if (ir == PIC_CASCADE && master->single == 0 && has(master->icw3, PIC_CASCADE))
		vector = acknowledge_slave(p);
	/*@ assert taken: \forall integer k; \at(pic_chosen(&p->chip[0], 1, k), Pre) ==>
	      pic_taken{Pre, Here}(&p->chip[0], k) && pic_cleared{Pre, Here}(&p->chip[0], k); */
	update(p);
	return (u8)vector;
}
