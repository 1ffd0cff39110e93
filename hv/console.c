/* SPDX-License-Identifier: BSD-2-Clause */
/* Console bytes from the link. */
#include "console.h"

struct console console;

/*@ requires ok:     console_ok;
    assigns  console.queue[console.vm];
    exits    never:  \false;
    ensures  ok:     console_ok;
    ensures  full:   \old(console.queue[console.vm].count) >= CONSOLE_BYTES ==>
                     console.queue[console.vm].count == \old(console.queue[console.vm].count);
    ensures  joined: \old(console.queue[console.vm].count) < CONSOLE_BYTES ==>
                     console.queue[console.vm].count == \old(console.queue[console.vm].count) + 1 &&
                     console_at(console.vm, \old(console.queue[console.vm].count)) == byte;
*/
static void deliver(u8 byte)
{
	u32 count = console.queue[console.vm].count;

	if (count >= CONSOLE_BYTES)
		return;
	console.queue[console.vm].bytes[(console.queue[console.vm].head + count) % CONSOLE_BYTES] = byte;
	console.queue[console.vm].count = count + 1;
}

void console_feed(u8 byte, bool framed)
{
	if (console.selecting) {
		console.vm = byte < VM_MAX ? byte : 0;
		console.selecting = false;
	} else if (console.escaped) {
		console.escaped = false;
		console.selecting = byte == LINK_SELECT;
		if (byte == LINK_ESCAPE)
			deliver(byte);
	} else if (byte == LINK_ESCAPE && framed) {
		console.escaped = true;
	} else {
		deliver(byte);
	}
}

u8 console_take(vm_id vm)
{
	u32 head = console.queue[vm].head;

	console.queue[vm].head = (head + 1) % CONSOLE_BYTES;
	console.queue[vm].count--;
	return console.queue[vm].bytes[head];
}

bool console_has_room(void)
{
	return console.queue[console.vm].count < CONSOLE_BYTES;
}

bool console_is_idle(void)
{
	return !console.escaped && !console.selecting && console.queue[console.vm].count == 0;
}
