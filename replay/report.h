/* SPDX-License-Identifier: BSD-2-Clause */
/* --report: everything the hypervisor reported, as JSON for scripts. */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include "layout.h"
#include "hv/link.h"

/* Notes one report; `seconds` of host time since the start. */
void report_add(const struct link_report *report, double seconds);

/* Writes the file. Returns 0 or STATUS_FAILED after a message. */
int report_write(const char *path, const struct layout *layout, int status, double seconds);

#endif
