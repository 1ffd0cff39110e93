/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tool sends through the link (hv/link.h), byte by byte, sorted into a queue for each VM. */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include "link.h"
#include "types.h"

#define CONSOLE_BYTES 256u

struct console_queue {
	u32 head;		/* index of the oldest byte */
	u32 count;
	u8 bytes[CONSOLE_BYTES];	/* a ring */
};

struct console {
	vm_id vm;		/* whose bytes come now */
	bool escaped;		/* the last byte was an escape */
	bool selecting;		/* the next one is a VM */
	struct console_queue queue[VM_MAX];
};

extern struct console console;

/*@ predicate console_queue_ok{L}(integer v) =
      console.queue[v].head < CONSOLE_BYTES && console.queue[v].count <= CONSOLE_BYTES;
    predicate console_ok{L} =
      console.vm < VM_MAX && (\forall integer v; 0 <= v < VM_MAX ==> console_queue_ok(v));

    // The byte number i that waits for VM v, 0 the oldest.
    logic integer console_at{L}(integer v, integer i) = console.queue[v].bytes[(console.queue[v].head + i) % 256];
*/

/* A byte of the link; not `framed`: it is a console byte whatever it is. A byte that does not fit is lost. */
/*@ requires ok:     console_ok;
    assigns  console;
    exits    never:  \false;
    ensures  ok:     console_ok;
    ensures  others: \forall integer v; 0 <= v < VM_MAX && v != console.vm && v != \old(console.vm) ==>
                     console.queue[v].count == \old(console.queue[v].count);
    ensures  plain:  !\old(console.escaped) && !\old(console.selecting) && !(framed && byte == LINK_ESCAPE) &&
                     \old(console.queue[console.vm].count) < CONSOLE_BYTES ==>
                     console.queue[console.vm].count == \old(console.queue[console.vm].count) + 1 &&
                     console_at(console.vm, \old(console.queue[console.vm].count)) == byte;
    ensures  escape: !\old(console.escaped) && !\old(console.selecting) && framed && byte == LINK_ESCAPE ==> console.escaped;
    ensures  select: \old(console.selecting) ==> console.vm == (byte < VM_MAX ? byte : 0) && !console.selecting;
    ensures  vm:     !\old(console.selecting) ==> console.vm == \old(console.vm);
*/
void console_feed(u8 byte, bool framed);

/* The oldest byte that waits for the VM; there is one. */
/*@ requires vm:     vm < VM_MAX;
    requires ok:     console_ok;
    requires some:   console.queue[vm].count > 0;
    assigns  console.queue[vm].head, console.queue[vm].count;
    exits    never:  \false;
    ensures  ok:     console_ok;
    ensures  oldest: \result == \old(console_at(vm, 0));
    ensures  count:  console.queue[vm].count == \old(console.queue[vm].count) - 1;
    ensures  next:   console.queue[vm].head == (\old(console.queue[vm].head) + 1) % CONSOLE_BYTES;
*/
u8 console_take(vm_id vm);

/* Whether the link may be asked for more: the queue of the VM that is selected has room. */
/*@ requires ok:     console_ok;
    assigns  \nothing;
    exits    never:  \false;
    ensures  room:   \result <==> console.queue[console.vm].count < CONSOLE_BYTES;
*/
bool console_has_room(void);

/* Nothing waits for the VM that is selected, and the link is not in the middle of an escape sequence. */
/*@ requires ok:     console_ok;
    assigns  \nothing;
    exits    never:  \false;
    ensures  idle:   \result <==> !console.escaped && !console.selecting && console.queue[console.vm].count == 0;
*/
bool console_is_idle(void);

#endif
