/* SPDX-License-Identifier: BSD-2-Clause */
/* The command `reprise`: finds the verb. */
#include "explain.h"
#include "debug.h"
#include "options.h"
#include "checkpoint.h"
#include "corpus.h"
#include "diff.h"
#include "inspect.h"
#include "page.h"
#include "record.h"
#include "replay.h"
#include "run.h"
#include "say.h"
#include "stat.h"
#include "trace.h"

#include <stdio.h>
#include <string.h>

static const struct { const char *name, *what; int (*main)(int argc, char **argv); } verbs[] = {
	{ "run", "run guests under the hypervisor, in stock Bochs", run_main },
	{ "record", "run them, and record what comes in", record_main },
	{ "replay", "run a recording again, to the instruction", replay_main },
	{ "checkpoint", "write checkpoints beside a recording", checkpoint_main },
	{ "trace", "print every VM exit of a recording", trace_main },
	{ "stat", "count the exits of a recording", stat_main },
	{ "report", "write a recording as one page", page_main },
	{ "corpus", "turn a recording into seeds for fuzzing", corpus_main },
	{ "diff", "show where two recordings part", diff_main },
	{ "info", "say what a recording is", info_main },
	{ "verify", "check a recording without running it", verify_main },
	{ "explain", "tell which checks of VM entry a VMCS fails", explain_main },
	{ "debug", "go through a run with gdb, forwards and backwards", debug_main },
	{ "query", "ask a run one thing: who wrote this, when, what happened before", query_main },
	{ "core", "write an ELF core of a guest at a place in its run", core_main },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fprintf(out, "Usage: reprise VERB [OPTION...]\n\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].what);
	fprintf(out, "\n'reprise VERB --help' describes a verb; reprise(1) has it all.\n");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	char name[32];

	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-?") == 0 || strcmp(verb, "help") == 0) {
		help(stdout);
		return 0;
	}
	if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) {
		puts(REPRISE_VERSION "\n"
		     "The sources are under the BSD 2-clause licence. This program links libbfd and libopcodes: as a whole it is\n"
		     "under the GNU General Public License, version 3 or later.");
		return 0;
	}
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(verb, verbs[i].name) == 0) {
			snprintf(name, sizeof(name), "reprise %s", verbs[i].name);
			argv[1] = name;
			return verbs[i].main(argc - 1, argv + 1);
		}
	}
	if (verb[0] == '\0') {
		help(stderr);
		return STATUS_USAGE;
	}
	return say_fail(STATUS_USAGE, "'%s' is no verb; see 'reprise --help'", verb);
}
