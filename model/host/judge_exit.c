/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what a VM exit told with what it must tell. */
#include "model/host/judge_exit.h"

static const char *compare(const struct exit_case *c, const struct exit_result *r, u32 info)
{
	if (r->reason != c->reason)
		return "exit reason";
	if (c->length != 0 && r->length != c->length)
		return "instruction length";
	if (((r->qualification ^ c->qualification) & c->qualification_mask) != 0)
		return "exit qualification";
	if (((r->info ^ info) & c->info_mask) != 0)
		return "instruction information";
	/* fault-like: RIP is that of the instruction; entry failures and events leave it as well. After MOV CR8 it is behind. */
	if ((c->reason & 0xffff) != 43 && (c->reason & 0xffff) != 1 && (c->reason & 0xffff) != 52 && r->rip != EXIT_CODE)
		return "guest RIP";
	return NULL;
}

const char *judge_exit(const struct exit_case *c, const struct exit_result *r, struct exit_tally *t)
{
	const char *differs = compare(c, r, c->info);

	t->cases++;
	if (differs != NULL && c->waiver != NULL && compare(c, r, c->waived_info) == NULL) {
		t->waived++;
		differs = NULL;
	}
	if (differs != NULL)
		t->disagree++;
	else if ((c->reason & 0xffff) < EXIT_REASONS)
		t->reasons[c->reason & 0xffff]++;
	return differs;
}
