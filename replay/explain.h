/* SPDX-License-Identifier: BSD-2-Clause */
/* `reprise explain`: which checks of VM entry does this VMCS fail? */
#ifndef REPLAY_EXPLAIN_H
#define REPLAY_EXPLAIN_H

#include "spec/entry.h"

enum explain_format { EXPLAIN_NONE, EXPLAIN_JSON, EXPLAIN_FIELDS, EXPLAIN_HEX, EXPLAIN_KVM, EXPLAIN_XEN };

struct explain_input {
	struct spec_vmcs vmcs;
	struct spec_caps caps;
	enum explain_format format;
	u32 fields;			/* how many are known */
	bool long_mode, world_known;	/* the processor's mode, as far as the input tells */
	u64 region;			/* of a hex dump: bytes */
};

/* Statuses of `reprise explain`. */
#define EXPLAIN_FAILS 1			/* at least one check fails */
#define EXPLAIN_UNDECIDED 2		/* none fails, but some need what the input does not contain */

/* Reads `text`, whatever its format. Returns null, or what is wrong with it. */
const char *explain_parse(const char *text, struct explain_input *out);

/* A dump of KVM (dmesg) or Xen (xl dmesg). */
void explain_dump(char *text, struct explain_input *out);

/* Notes a field's value. */
void explain_field(struct explain_input *out, u32 field, u64 value);

const char *explain_format_name(enum explain_format format);

/* Decodes the value into names of bits, as " PG NE PE"; empty if the field has none. The result is static. */
const char *explain_decode(u32 field, u64 value);

int explain_main(int argc, char **argv);

#endif
