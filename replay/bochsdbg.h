/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the driver of Bochs's debugger share. */
#ifndef REPLAY_BOCHSDBG_H
#define REPLAY_BOCHSDBG_H

#include "target.h"

/* The number after the first `word` in `text`; false if there is none. */
bool bochsdbg_number(const char *text, const char *word, int base, u64 *value);

#endif
