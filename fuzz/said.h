/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tool's readers say (replay/say.h), kept instead of printed: a message is part of what a reader promises. */
#ifndef FUZZ_SAID_H
#define FUZZ_SAID_H

#include "types.h"

#define SAID_BYTES 1024u

extern u32 said_count;			/* messages since said_reset */
extern char said_first[SAID_BYTES];	/* the first of them, cut if it is longer */

void said_reset(void);

#endif
