/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/i8042.c: the reset line. */
#include "dev/i8042.h"
#include "test.h"

static struct i8042 keyboard;

static void pulses(void)
{
	i8042_reset(&keyboard);
	for (u32 command = 0; command < 256; command++)
		CU_ASSERT_EQUAL(i8042_command(&keyboard, (u8)command), command >= 0xf0 && command % 2 == 0);
}

static void output_port(void)
{
	i8042_reset(&keyboard);
	CU_ASSERT_FALSE(i8042_data(&keyboard, 0xfe));
	CU_ASSERT_FALSE(i8042_command(&keyboard, 0xd1));
	CU_ASSERT_FALSE(i8042_data(&keyboard, 0xdf));
	CU_ASSERT_FALSE(i8042_data(&keyboard, 0xfe));	/* the command takes one byte */
	CU_ASSERT_FALSE(i8042_command(&keyboard, 0xd1));
	CU_ASSERT_TRUE(i8042_data(&keyboard, 0xfe));
	CU_ASSERT_FALSE(i8042_command(&keyboard, 0xd1));
	CU_ASSERT_FALSE(i8042_command(&keyboard, 0x20));
	CU_ASSERT_FALSE(i8042_data(&keyboard, 0xfe));
}

static void no_controller(void)
{
	CU_ASSERT_EQUAL(I8042_STATUS, 0xfd);	/* output buffer full for ever, input buffer empty */
	CU_ASSERT_EQUAL(I8042_STATUS & 3, 1);
}

const struct test_case test_i8042_cases[] = {
	{ "commands that pulse bit 0 reset", pulses },
	{ "the output port's bit 0 resets", output_port },
	{ "status says full for ever and ready for a command", no_controller },
	{ 0 }
};
