/* SPDX-License-Identifier: BSD-2-Clause */
/* Running guests in Bochs: what the verbs run, record and replay share. */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include "guest.h"
#include "hv/link.h"
#include "layout.h"
#include "temp.h"

/* What a verb adds to a run. Any of them may be NULL. Each that returns an int returns 0 or a status after a message. */
struct run_hooks {
	const char *hv;		/* the hypervisor's file: one body of the input door each */
	/* Makes the layout; NULL: layout_make. */
	int (*layout)(const struct run_spec *run, u64 hv_bytes, struct layout *layout);
	/* The layout is made and nothing runs yet: sets run->journal and run->output for Bochs. */
	int (*prepare)(struct run_spec *run, struct layout *layout, const struct temp *temp);
	/* The guest wrote to its console. */
	void (*console)(u32 vm, const char *text, u32 bytes);
	/* A report came; true: that is all there is to do about it. */
	bool (*report)(const struct link_report *report);
	/* Bochs has ended, the temporary directory is still there. Returns the status to end with. */
	int (*finish)(int status);
};

/* Runs `run`; returns the exit status. Takes *run over. */
int run_guests(const struct run_spec *run, const struct run_hooks *hooks);

/* reprise run: argv[0] is "reprise run". Returns the exit status. */
int run_main(int argc, char **argv);

#endif
