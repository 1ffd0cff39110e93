/* SPDX-License-Identifier: BSD-2-Clause */
/* The input door of the exit harness: the recording body in one run, the replaying one in the next. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "types.h"

enum input_mode { INPUT_LIVE, INPUT_RECORD, INPUT_REPLAY };

/* Which body the door has from now on. `idle` is called whenever the core asks for the time, `about`
 * before a body looks at a VM. */
void input_select(enum input_mode mode, void (*idle)(void), void (*arrived)(vm_id vm, u8 byte),
		  void (*about)(vm_id vm));

#endif
