/* SPDX-License-Identifier: BSD-2-Clause */
/* The workload file: one or more VMs and how to run them (libconfuse; the format is described in reprise(1)). */
#ifndef REPLAY_WORKLOAD_H
#define REPLAY_WORKLOAD_H

#include "guest.h"

/* Reads `path` into *run, whose other fields are kept. Returns 0, or STATUS_REFUSED after one message that begins with
 * FILE:LINE where a line is at fault. */
int workload_read(const char *path, struct run_spec *run);

#endif
