/* SPDX-License-Identifier: BSD-2-Clause */
/* What monitor.c (places in the run) and monitor_machine.c (the machine at one place) share. */
#ifndef REPLAY_MONITOR_INTERNAL_H
#define REPLAY_MONITOR_INTERNAL_H

#include "monitor.h"

#define MONITOR_WORDS 6

struct call {
	struct monitor *monitor;
	struct travel *travel;
	u32 count;
	char *word[MONITOR_WORDS];
	FILE *out;
	struct json_object *json;	/* NULL: text only */
};

/* Each does nothing if `json` is NULL. */
void monitor_number(struct json_object *json, const char *name, u64 value);
void monitor_text(struct json_object *json, const char *name, const char *text);
void monitor_hex(struct json_object *json, const char *name, u64 value);

const char *monitor_vm(const struct travel *travel, u32 vm);

/* "vm0 at position 123, 0xffffffff81000000 name+0x12 file.c:3" */
void monitor_place(struct call *call, const struct travel_place *place, struct json_object *json);

/* An address or a symbol, and +N. */
bool monitor_address(struct call *call, const char *word, u64 *address);

/* True if there are so many words behind the command; else says how it is used. */
bool monitor_need(struct call *call, u32 words, const char *usage);

/* Says why nothing more can be done. False: go on. */
bool monitor_failed(struct call *call, enum travel_result result);

bool monitor_digest(struct call *call);
bool monitor_journeys(struct call *call);
bool monitor_writes(struct call *call);
bool monitor_debugged(struct call *call);

/* "HLT" */
const char *monitor_exit_name(u64 reason);
bool monitor_costs(struct call *call);
bool monitor_exits(struct call *call);
bool monitor_vmcs(struct call *call);
bool monitor_ept(struct call *call);
bool monitor_walk(struct call *call);
bool monitor_irq(struct call *call);
bool monitor_console(struct call *call);
bool monitor_explain(struct call *call);

#endif
