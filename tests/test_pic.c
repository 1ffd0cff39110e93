/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/pic.c: two cascaded 8259A. */
#include <string.h>
#include "dev/pic.h"
#include "test.h"

static struct pic pic;

static void init_chip(u32 chip, u8 base, u8 icw3, u8 icw4)
{
	pic_write(&pic, chip, 0, 0x11);
	pic_write(&pic, chip, 1, base);
	pic_write(&pic, chip, 1, icw3);
	pic_write(&pic, chip, 1, icw4);
}

/* As Linux does: vectors 30H and 38H, nothing masked, with ICW4 as given. */
static void init(u8 master_icw4, u8 slave_icw4)
{
	pic_reset(&pic);
	init_chip(PIC_MASTER, 0x30, 0x04, master_icw4);
	init_chip(PIC_SLAVE, 0x38, 0x02, slave_icw4);
}

static void usual(void)
{
	init(0x01, 0x01);
}

static u8 isr(u32 chip)
{
	pic_write(&pic, chip, 0, 0x0b);
	return pic_read(&pic, chip, 0);
}

static u8 irr(u32 chip)
{
	pic_write(&pic, chip, 0, 0x0a);
	return pic_read(&pic, chip, 0);
}

static void eoi(u32 chip)
{
	pic_write(&pic, chip, 0, 0x20);
}

static void check_taken(u8 vector)
{
	CU_ASSERT_TRUE_FATAL(pic_intr(&pic));
	CU_ASSERT_EQUAL(pic_ack(&pic), vector);
}

static void power_on(void)
{
	memset(&pic, 0xaa, sizeof(pic));
	pic_reset(&pic);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 1), 0xff);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_SLAVE, 1), 0xff);
	pic_set_irq(&pic, 1, true);
	CU_ASSERT_FALSE(pic_intr(&pic));
}

static void probed_mask(void)
{
	usual();
	pic_write(&pic, PIC_SLAVE, 1, 0xff);
	pic_write(&pic, PIC_MASTER, 1, 0xfb);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 1), 0xfb);
}

static void edge_vector(void)
{
	usual();
	pic_set_irq(&pic, 4, true);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0x10);
	check_taken(0x34);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x10);
	CU_ASSERT_FALSE(pic_intr(&pic));
	eoi(PIC_MASTER);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
	CU_ASSERT_FALSE(pic_intr(&pic));	/* still high: no new edge */
	pic_set_irq(&pic, 4, false);
	pic_set_irq(&pic, 4, true);
	check_taken(0x34);
}

static void edge_withdrawn(void)
{
	usual();
	pic_set_irq(&pic, 4, true);
	pic_set_irq(&pic, 4, false);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0);
	CU_ASSERT_FALSE(pic_intr(&pic));
}

static void pulse_stays(void)
{
	usual();
	pic_pulse_irq(&pic, 0);
	pic_pulse_irq(&pic, 0);
	check_taken(0x30);
	eoi(PIC_MASTER);
	CU_ASSERT_FALSE(pic_intr(&pic));
}

static void masked_latch(void)
{
	usual();
	pic_write(&pic, PIC_MASTER, 1, 0x01);
	pic_pulse_irq(&pic, 0);
	CU_ASSERT_FALSE(pic_intr(&pic));
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0x01);
	CU_ASSERT_FALSE(pic_unmasked(&pic, 0));
	pic_write(&pic, PIC_MASTER, 1, 0x00);
	CU_ASSERT_TRUE(pic_unmasked(&pic, 0));
	check_taken(0x30);
}

static void nesting(void)
{
	usual();
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	pic_set_irq(&pic, 6, true);
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_set_irq(&pic, 1, true);
	check_taken(0x31);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x22);
	eoi(PIC_MASTER);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x20);
	CU_ASSERT_FALSE(pic_intr(&pic));
	eoi(PIC_MASTER);
	check_taken(0x36);
}

static void specific_eoi(void)
{
	usual();
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	pic_set_irq(&pic, 1, true);
	check_taken(0x31);
	pic_write(&pic, PIC_MASTER, 0, 0x65);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x02);
	pic_write(&pic, PIC_MASTER, 0, 0x40);	/* no operation */
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x02);
}

static void cascade(void)
{
	usual();
	pic_set_irq(&pic, 8, true);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0x04);
	check_taken(0x38);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x04);
	CU_ASSERT_EQUAL(isr(PIC_SLAVE), 0x01);
	pic_set_irq(&pic, 12, true);
	CU_ASSERT_FALSE(pic_intr(&pic));
	eoi(PIC_SLAVE);
	CU_ASSERT_FALSE(pic_intr(&pic));	/* IR2 is in service in the master */
	eoi(PIC_MASTER);
	check_taken(0x3c);
}

static void cascade_both(void)
{
	usual();
	pic_set_irq(&pic, 9, true);
	pic_set_irq(&pic, 14, true);
	pic_set_irq(&pic, 3, true);
	check_taken(0x39);
	eoi(PIC_SLAVE);
	eoi(PIC_MASTER);
	check_taken(0x3e);
	eoi(PIC_SLAVE);
	eoi(PIC_MASTER);
	check_taken(0x33);
}

static void cascade_masks(void)
{
	usual();
	pic_set_irq(&pic, 8, true);
	CU_ASSERT_TRUE(pic_unmasked(&pic, 8));
	pic_write(&pic, PIC_MASTER, 1, 0x04);
	CU_ASSERT_FALSE(pic_unmasked(&pic, 8));
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_write(&pic, PIC_MASTER, 1, 0x00);
	pic_write(&pic, PIC_SLAVE, 1, 0x01);
	CU_ASSERT_FALSE(pic_unmasked(&pic, 8));
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_write(&pic, PIC_SLAVE, 1, 0x00);
	check_taken(0x38);
}

static void fully_nested_slave(void)
{
	usual();
	pic_set_irq(&pic, 12, true);
	check_taken(0x3c);
	pic_set_irq(&pic, 8, true);
	CU_ASSERT_FALSE(pic_intr(&pic));	/* the master locks the slave out ... */

	init(0x11, 0x01);
	pic_set_irq(&pic, 12, true);
	check_taken(0x3c);
	pic_set_irq(&pic, 3, true);
	CU_ASSERT_FALSE(pic_intr(&pic));	/* lower than IR2: waits */
	pic_set_irq(&pic, 8, true);
	check_taken(0x38);	/* ... but not in special fully nested mode */
	CU_ASSERT_EQUAL(isr(PIC_SLAVE), 0x11);
}

static void automatic_eoi(void)
{
	init(0x03, 0x03);
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
	pic_set_irq(&pic, 8, true);
	pic_set_irq(&pic, 9, true);
	check_taken(0x38);
	check_taken(0x39);	/* the slave's INT falls with INTA and rises again */
	CU_ASSERT_FALSE(pic_intr(&pic));
}

static void rotate_auto(void)
{
	init(0x03, 0x01);
	pic_write(&pic, PIC_MASTER, 0, 0x80);
	pic_set_irq(&pic, 3, true);
	check_taken(0x33);	/* IR3 has the lowest priority now: 4 5 6 7 0 1 2 3 */
	pic_set_irq(&pic, 1, true);
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	check_taken(0x31);
	pic_write(&pic, PIC_MASTER, 0, 0x00);
	pic_set_irq(&pic, 1, false);
	pic_set_irq(&pic, 1, true);
	check_taken(0x31);
	CU_ASSERT_EQUAL(pic.chip[PIC_MASTER].lowest, 1);
}

static void rotate_on_eoi(void)
{
	usual();
	pic_set_irq(&pic, 2 + 2, true);
	check_taken(0x34);
	pic_write(&pic, PIC_MASTER, 0, 0xa0);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
	pic_set_irq(&pic, 0, true);
	pic_set_irq(&pic, 6, true);
	check_taken(0x36);	/* 5 6 7 0 1 2 3 4 */
	pic_write(&pic, PIC_MASTER, 0, 0xe6);
	check_taken(0x30);
	pic_write(&pic, PIC_MASTER, 0, 0x60);
	pic_write(&pic, PIC_MASTER, 0, 0xc0);	/* set priority: 1 first */
	pic_set_irq(&pic, 0, false);
	pic_set_irq(&pic, 0, true);
	pic_set_irq(&pic, 7, true);
	check_taken(0x37);
}

static void special_mask(void)
{
	usual();
	pic_set_irq(&pic, 1, true);
	check_taken(0x31);
	pic_set_irq(&pic, 6, true);
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_write(&pic, PIC_MASTER, 1, 0x02);
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_write(&pic, PIC_MASTER, 0, 0x68);
	check_taken(0x36);
	eoi(PIC_MASTER);	/* IR1 is masked: the end is that of IR6 */
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x02);
	pic_write(&pic, PIC_MASTER, 0, 0x48);
	eoi(PIC_MASTER);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
}

static void poll_command(void)
{
	usual();
	pic_write(&pic, PIC_MASTER, 0, 0x0c);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 0), 0x00);
	pic_set_irq(&pic, 10, true);
	pic_write(&pic, PIC_MASTER, 0, 0x0c);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 0), 0x82);
	pic_write(&pic, PIC_SLAVE, 0, 0x0c);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_SLAVE, 1), 0x82);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_SLAVE, 1), 0x00);	/* one read only: the mask again */
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x04);
	CU_ASSERT_EQUAL(isr(PIC_SLAVE), 0x04);
}

static void level_triggered(void)
{
	usual();
	pic_elcr_write(&pic, PIC_MASTER, 0xff);
	pic_elcr_write(&pic, PIC_SLAVE, 0xff);
	CU_ASSERT_EQUAL(pic_elcr_read(&pic, PIC_MASTER), 0xf8);
	CU_ASSERT_EQUAL(pic_elcr_read(&pic, PIC_SLAVE), 0xde);
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0x20);
	eoi(PIC_MASTER);
	check_taken(0x35);	/* still high */
	pic_set_irq(&pic, 5, false);
	eoi(PIC_MASTER);
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_set_irq(&pic, 11, true);
	check_taken(0x3b);
	eoi(PIC_SLAVE);
	eoi(PIC_MASTER);
	check_taken(0x3b);
}

static void elcr_looks_at_the_line(void)
{
	usual();
	pic_set_irq(&pic, 5, true);
	check_taken(0x35);
	eoi(PIC_MASTER);
	CU_ASSERT_FALSE(pic_intr(&pic));
	pic_elcr_write(&pic, PIC_MASTER, 0x20);
	check_taken(0x35);
}

static void spurious(void)
{
	usual();
	CU_ASSERT_EQUAL(pic_ack(&pic), 0x37);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
	pic.chip[PIC_MASTER].irr = 0x04;	/* the slave asked, and does not any more */
	CU_ASSERT_EQUAL(pic_ack(&pic), 0x3f);
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0x04);
	CU_ASSERT_EQUAL(isr(PIC_SLAVE), 0);
}

static void initialisation(void)
{
	usual();
	pic_set_irq(&pic, 1, true);
	pic_set_irq(&pic, 4, true);
	check_taken(0x31);
	pic_write(&pic, PIC_MASTER, 0, 0x68);
	pic_write(&pic, PIC_MASTER, 1, 0xa5);
	pic_write(&pic, PIC_MASTER, 0, 0x11);
	CU_ASSERT_EQUAL(irr(PIC_MASTER), 0);	/* the edge sense is reset */
	CU_ASSERT_EQUAL(isr(PIC_MASTER), 0);
	pic_set_irq(&pic, 3, true);
	CU_ASSERT_FALSE(pic_intr(&pic));	/* not before ICW4 */
	pic_write(&pic, PIC_MASTER, 1, 0x4f);
	pic_write(&pic, PIC_MASTER, 1, 0x04);
	pic_write(&pic, PIC_MASTER, 1, 0x01);
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 1), 0);
	check_taken(0x4b);	/* the vector's low bits are the IR */
}

static void single_without_icw4(void)
{
	pic_reset(&pic);
	pic_write(&pic, PIC_MASTER, 0, 0x12);
	pic_write(&pic, PIC_MASTER, 1, 0x20);
	pic_write(&pic, PIC_MASTER, 1, 0xef);	/* OCW1 already */
	CU_ASSERT_EQUAL(pic_read(&pic, PIC_MASTER, 1), 0xef);
	pic_set_irq(&pic, 4, true);
	check_taken(0x24);
}

/* Bits of one chip, in priority order, as the data sheet states it: the model in a dozen lines. */
static int expected(u32 requests, u32 serving)
{
	for (int i = 0; i < 8; i++) {
		if ((serving >> i & 1) != 0)
			return -1;
		if ((requests >> i & 1) != 0)
			return i;
	}
	return -1;
}

static void exhaustive_priorities(void)
{
	for (u32 requests = 0; requests < 256; requests++)
		for (u32 serving = 0; serving < 256; serving++) {
			int first = expected(requests & 0xfb, serving);

			usual();
			pic.chip[PIC_MASTER].isr = (u8)serving;
			for (u32 irq = 0; irq < 8; irq++)
				if (irq != PIC_CASCADE && (requests >> irq & 1) != 0)
					pic_set_irq(&pic, irq, true);
			if (pic_intr(&pic) != (first >= 0)) {
				CU_FAIL("INT is wrong");
				return;
			}
			if (first >= 0 && pic_ack(&pic) != 0x30 + first) {
				CU_FAIL("the vector is wrong");
				return;
			}
		}
	CU_PASS("65536 cases");
}

const struct test_case test_pic_cases[] = {
	{ "everything is masked at power-on", power_on },
	{ "the mask reads back as Linux probes it", probed_mask },
	{ "an edge gives its vector once", edge_vector },
	{ "an edge that is withdrawn before INTA leaves nothing", edge_withdrawn },
	{ "pulses stay and coalesce", pulse_stays },
	{ "a masked edge is latched", masked_latch },
	{ "a higher request nests, a lower one waits", nesting },
	{ "a specific EOI ends what it names", specific_eoi },
	{ "the slave's requests come through IR2", cascade },
	{ "two requests of the slave and one of the master come in order", cascade_both },
	{ "a request of the slave needs both masks open", cascade_masks },
	{ "special fully nested mode lets the slave ask again", fully_nested_slave },
	{ "automatic EOI leaves nothing in service", automatic_eoi },
	{ "automatic EOI rotates", rotate_auto },
	{ "EOI rotates, and priority can be set", rotate_on_eoi },
	{ "special mask mode lets lower requests through", special_mask },
	{ "the poll command acknowledges", poll_command },
	{ "a level-triggered request lasts as long as the level", level_triggered },
	{ "ELCR looks at the line as it is", elcr_looks_at_the_line },
	{ "an acknowledgement of nothing is spurious", spurious },
	{ "ICW1 starts afresh", initialisation },
	{ "a single chip needs no ICW3 and no ICW4", single_without_icw4 },
	{ "every combination of requests and services has the right winner", exhaustive_priorities },
	{ 0 }
};
