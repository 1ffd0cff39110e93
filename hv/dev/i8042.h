/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard controller, as far as a machine without a keyboard needs one: the CPU's reset line. Status (64H) reads FDH,
 * data (60H) FFH: a driver that flushes the output buffer never gets it empty, says "no controller found" and goes on,
 * and a driver that waits for an empty input buffer (bit 1) before it sends the reset command never waits.
 */
#ifndef HV_DEV_I8042_H
#define HV_DEV_I8042_H

#include "types.h"

#define I8042_STATUS 0xfdu
#define I8042_DATA 0xffu

struct i8042 {
	u8 command;		/* the command that waits for its data byte, 0 if none */
	u8 reserved[7];
};

/* Power-on. */
/*@ requires valid: \valid(k);
    assigns  *k;
    exits    never: \false;
    ensures  idle: k->command == 0;
*/
void i8042_reset(struct i8042 *k);

/* Writes a command to 64H. True: it pulls the CPU's reset line (F0H..FFH pulse output bits 3..0 that are 0 in the
 * command; bit 0 is reset, so FEH is the usual one). */
/*@ requires valid: \valid(k);
    assigns  k->command;
    exits    never: \false;
    ensures  data:  k->command == (command == 0xd1 ? 0xd1 : 0);
    ensures  reset: \result <==> (command >= 0xf0 && command % 2 == 0);
*/
bool i8042_command(struct i8042 *k, u8 command);

/* Writes data to 60H. True: it is the new output port (after command D1H) and pulls reset (bit 0 low). */
/*@ requires valid: \valid(k);
    assigns  k->command;
    exits    never: \false;
    ensures  reset: \result <==> (\old(k->command) == 0xd1 && data % 2 == 0);
    ensures  idle:  k->command == 0;
*/
bool i8042_data(struct i8042 *k, u8 data);

#endif
