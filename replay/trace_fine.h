/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise trace --level=blocks|instructions|memory`: what Bochs's debugger sees, with symbols; nothing is added to the run. */
#ifndef REPLAY_TRACE_FINE_H
#define REPLAY_TRACE_FINE_H

#include <stdbool.h>

/* Does the command line ask for a level finer than exits? */
bool trace_fine_wanted(int argc, char **argv);

int trace_fine_main(int argc, char **argv);

#endif
