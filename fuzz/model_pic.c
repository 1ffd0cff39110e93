/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference 8259A pair. */
#include <string.h>
#include "models.h"

void model_pic_reset(struct model_pic *p)
{
	memset(p, 0, sizeof(*p));
	for (u32 c = 0; c < 2; c++)
		memset(p->chip[c].mask, 1, sizeof(p->chip[c].mask));
	p->chip[0].cascade = 4;
	p->chip[1].cascade = 2;
}

/* The IR that the chip puts through, 8 if none: from the highest priority down, a request that is not masked, before
 * anything in service of the same or a higher priority stops it. */
static u32 chosen(const struct model_chip *c, bool master)
{
	if (c->icw != 0)
		return 8;
	for (u32 i = 0; i < 8; i++) {
		u32 ir = (c->first + i) % 8;
		bool blocks = c->service[ir] && !(c->special_mask && c->mask[ir]);
		bool asks = c->request[ir] && !c->mask[ir];

		if (asks && (!blocks || (master && c->nested && ir == 2)))
			return ir;
		if (blocks)
			return 8;
	}
	return 8;
}

static void input(struct model_chip *c, u32 ir, bool level)
{
	if (level && (c->level[ir] || !c->line[ir]))
		c->request[ir] = true;
	if (!level)
		c->request[ir] = false;
	c->line[ir] = level;
}

static void cascade(struct model_pic *p)
{
	if (!p->chip[0].single)
		input(&p->chip[0], 2, chosen(&p->chip[1], false) < 8);
}

static u32 take(struct model_chip *c, bool master)
{
	u32 ir = chosen(c, master);

	if (ir == 8)
		return 7;
	if (!c->level[ir])
		c->request[ir] = false;
	if (!c->auto_eoi)
		c->service[ir] = true;
	else if (c->rotate_auto)
		c->first = (ir + 1) % 8;
	return ir;
}

static void initialise(struct model_chip *c, u8 value)
{
	for (u32 i = 0; i < 8; i++) {
		c->request[i] = c->line[i] && c->level[i];
		c->service[i] = c->mask[i] = false;
	}
	c->first = 0;
	c->icw = 2;
	c->icw4 = (value & 1) != 0;
	c->single = (value & 2) != 0;
	c->read_isr = c->poll = c->special_mask = c->auto_eoi = c->rotate_auto = c->nested = false;
}

static void end_of_interrupt(struct model_chip *c, u8 value)
{
	u32 ir = value & 7;
	bool rotate = (value & 0x80) != 0, specific = (value & 0x40) != 0, eoi = (value & 0x20) != 0;

	if (!specific && !eoi) {
		c->rotate_auto = rotate;
		return;
	}
	if (specific && !eoi && !rotate)
		return;
	if (!specific) {
		for (u32 i = 0; i < 8; i++) {
			ir = (c->first + i) % 8;
			if (c->service[ir] && !(c->special_mask && c->mask[ir]))
				break;
			if (i == 7)
				return;
		}
	}
	if (eoi)
		c->service[ir] = false;
	if (rotate)
		c->first = (ir + 1) % 8;
}

void model_pic_write(struct model_pic *p, u32 chip, u32 a0, u8 value)
{
	struct model_chip *c = &p->chip[chip];

	if (a0 == 0 && (value & 0x10) != 0) {
		initialise(c, value);
	} else if (a0 == 0 && (value & 8) != 0) {
		if ((value & 0x40) != 0)
			c->special_mask = (value & 0x20) != 0;
		if ((value & 4) != 0)
			c->poll = true;
		else if ((value & 2) != 0)
			c->read_isr = (value & 1) != 0;
	} else if (a0 == 0) {
		end_of_interrupt(c, value);
	} else if (c->icw == 0) {
		for (u32 i = 0; i < 8; i++)
			c->mask[i] = (value >> i & 1) != 0;
	} else if (c->icw == 2) {
		c->base = value & 0xf8;
		c->icw = !c->single ? 3 : c->icw4 ? 4 : 0;
	} else if (c->icw == 3) {
		c->cascade = value;
		c->icw = c->icw4 ? 4 : 0;
	} else {
		c->auto_eoi = (value & 2) != 0;
		c->nested = (value & 16) != 0;
		c->icw = 0;
	}
	cascade(p);
}

u8 model_pic_read(struct model_pic *p, u32 chip, u32 a0)
{
	struct model_chip *c = &p->chip[chip];
	const bool *shown = a0 != 0 ? c->mask : c->read_isr ? c->service : c->request;
	u32 value = 0;

	if (c->poll) {
		c->poll = false;
		if (chosen(c, chip == 0) == 8)
			return 0;
		value = 0x80 + take(c, chip == 0);
		if (chip == 1 && !p->chip[0].single)
			input(&p->chip[0], 2, false);
		cascade(p);
		return (u8)value;
	}
	for (u32 i = 0; i < 8; i++)
		value |= (shown[i] ? 1u : 0u) << i;
	return (u8)value;
}

void model_pic_elcr(struct model_pic *p, u32 chip, u8 value)
{
	struct model_chip *c = &p->chip[chip];

	for (u32 i = 0; i < 8; i++) {
		u32 irq = 8 * chip + i;

		c->level[i] = (value >> i & 1) != 0 && irq != 0 && irq != 1 && irq != 2 && irq != 8 && irq != 13;
		if (c->level[i])
			c->request[i] = c->line[i];
	}
	cascade(p);
}

void model_pic_line(struct model_pic *p, u32 irq, bool level)
{
	if (p->chip[irq / 8].line[irq % 8] == level)
		return;
	input(&p->chip[irq / 8], irq % 8, level);
	cascade(p);
}

void model_pic_pulse(struct model_pic *p, u32 irq)
{
	p->chip[irq / 8].request[irq % 8] = true;
	cascade(p);
}

bool model_pic_int(const struct model_pic *p)
{
	return chosen(&p->chip[0], true) < 8;
}

u8 model_pic_ack(struct model_pic *p)
{
	u32 ir = take(&p->chip[0], true), vector = p->chip[0].base + ir;

	if (ir == 2 && !p->chip[0].single && (p->chip[0].cascade & 4) != 0) {
		vector = p->chip[1].base + take(&p->chip[1], false);
		input(&p->chip[0], 2, false);
	}
	cascade(p);
	return (u8)vector;
}
