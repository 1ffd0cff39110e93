/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces in the formats of other tools. */
#ifndef REPLAY_EXPORT_H
#define REPLAY_EXPORT_H

#include "trace.h"

/* Each writes the exits that the filter lets through; returns 0 or STATUS_FAILED after a message. */

/* Trace events in JSON (Perfetto, chrome://tracing): VMs as processes, exits as slices, injections, counters. */
int export_perfetto(struct trace *trace, const struct trace_filter *filter, FILE *out);

/* Folded stacks of handling ticks: VM;reason;port or MSR (flamegraph.pl, speedscope). */
int export_folded(struct trace *trace, const struct trace_filter *filter, FILE *out);

/* A CTF 1.8 trace in the new folder `directory`, one stream for each VM (babeltrace2). */
int export_ctf(struct trace *trace, const struct trace_filter *filter, const char *directory);

#endif
