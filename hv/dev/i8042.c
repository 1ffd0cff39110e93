/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyboard controller's reset line. */
#include "i8042.h"

#define WRITE_OUTPUT_PORT 0xd1u
#define PULSE_OUTPUT_PORT 0xf0u

_Static_assert(sizeof(struct i8042) == 8, "struct i8042 has no implicit padding");

void i8042_reset(struct i8042 *k)
{
	k->command = 0;
	/*@ loop invariant range: 0 <= i <= 7;
	    loop assigns i, k->reserved[0 .. 6];
	    loop variant 7 - i;
	*/
	for (u32 i = 0; i < 7; i++)
		k->reserved[i] = 0;
}

bool i8042_command(struct i8042 *k, u8 command)
{
	k->command = command == WRITE_OUTPUT_PORT ? command : 0;
	return command >= PULSE_OUTPUT_PORT && command % 2u == 0;
}

bool i8042_data(struct i8042 *k, u8 data)
{
	bool output = k->command == WRITE_OUTPUT_PORT;

	k->command = 0;
	return output && data % 2u == 0;
}
