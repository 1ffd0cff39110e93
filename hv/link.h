/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link: how the hypervisor and the tool talk through COM1 (115200 baud, FIFO off). One byte stream each way, in
 * which FFH is the escape; everything else is console bytes of the VM that was selected last (VM 0 at first).
 *
 *   FF FF                      both ways     the byte FFH itself
 *   FF 'S' id                  both ways     the bytes that follow belong to VM `id`
 *   FF 'M' len16 text          to the tool   one line for people, UTF-8, without a newline
 *   FF 'R' len16 link_report   to the tool   something happened; numbers are little-endian
 *
 * In an ISO (PLAN_LINK_TEXT) nothing is framed: COM1 is VM 0's console and messages are plain lines.
 */
#ifndef HV_LINK_H
#define HV_LINK_H

#include "types.h"

#define LINK_ESCAPE 0xffu
#define LINK_SELECT 0x53u	/* 'S' */
#define LINK_MESSAGE 0x4du	/* 'M' */
#define LINK_REPORT 0x52u	/* 'R' */
#define LINK_MESSAGE_MAX 1024u	/* a longer message is cut by its sender */

enum link_type {
	LINK_STARTED = 1,   /* right before the VM's first instruction; ticks = the host's TSC; extra[0] = ticks spent
			     * measuring its images (SHA-256), extra[1] = bytes measured */
	LINK_MARK = 2,	    /* the guest wrote `value` to port F5H */
	LINK_END = 3,	    /* the VM ended; code = enum link_end, value = the status for LINK_END_EXIT */
	LINK_PROGRESS = 4,  /* boot goes on; code = enum link_stage */
	LINK_ALL_ENDED = 5, /* no VM is left: the tool may stop the platform */
	LINK_FATAL = 6,	    /* the hypervisor failed; a message came before */
	LINK_MISSING = 7,   /* the platform lacks VT-x, EPT ...; a message came before */
	LINK_PLAN_REFUSED = 8,	/* code = enum plan_error; a message came before */
	LINK_DIFFERS = 9,   /* a replay differs from its recording; code = enum link_difference or an index, extra[0] = found,
			     * extra[1] = recorded, digest = the position up to which all agreed; one for each difference */
	LINK_STATE = 10,    /* of a VM that stopped at LINK_END_UNTIL: code = enum digest_register (hv/journal.h) or
			     * LINK_STATE_*, extra[0] = its value */
	LINK_REACHED = 11   /* a replaying VM has come this far */
};

enum link_end {
	LINK_END_EXIT = 1,	/* port F4H was written; value = what was written */
	LINK_END_RESET = 2,	/* i8042 or CF9H: orderly */
	LINK_END_HALT = 3,	/* HLT with IF=0: orderly */
	LINK_END_TRIPLE = 4,	/* triple fault */
	LINK_END_STOPPED = 5,	/* by the hypervisor: unknown exit, EPT violation ...; a message came before */
	LINK_END_REFUSED = 6,	/* an image does not match its SHA-256; a message came before */
	LINK_END_JOURNAL = 7,	/* recording: the journal is full or cannot be written; replaying: it ends here */
	LINK_END_DIFFERS = 8,	/* the replay differs from its recording; LINK_DIFFERS came before */
	LINK_END_UNTIL = 9	/* the replay was asked to stop here */
};

/* What differs, for LINK_DIFFERS: registers of a digest by number, its parts from LINK_DIFFERS_PART on, and these. */
#define LINK_DIFFERS_PART 0x40u
enum link_difference {
	LINK_DIFFERS_EXITS = 0x80,	/* the number of exits */
	LINK_DIFFERS_MISSED = 0x81,	/* the VM was never at the position (and time) of a record; extra[1] = its position */
	LINK_DIFFERS_EARLY = 0x82,	/* the VM was at a digest or at its end where there is no such record */
	LINK_DIFFERS_END = 0x83,		/* it ended in another way: extra = code << 32 | value */
	LINK_DIFFERS_AT = 0x84		/* last: extra[0] = RIP; extra[1] = 1: its state is on the journal disk */
};

#define LINK_STATE_CR0 0x80u
#define LINK_STATE_CR4 0x81u
#define LINK_STATE_CR2 0x82u
#define LINK_STATE_EFER 0x83u
#define LINK_STATE_CS 0x84u
#define LINK_STATE_SS 0x85u

enum link_stage {
	LINK_STAGE_HYPERVISOR = 1,	/* the hypervisor runs */
	LINK_STAGE_LOADING = 2,		/* value = KiB that will be read from the medium */
	LINK_STAGE_MEASURING = 3	/* value = KiB that will be hashed */
};

/* Fixed layout, little-endian, no padding. All numbers are of the VM `vm`, but ticks. */
struct link_report {
	u8 type;		/* enum link_type */
	u8 vm;
	u16 code;
	u32 value;
	u64 position;		/* ticks retired by the guest */
	u64 vtime;		/* virtual time in ticks: position + idle */
	u64 exits;
	u64 ticks;		/* the host's TSC at this moment */
	u64 digest;		/* of the guest's RAM at its end, if the plan asked for it, else 0 */
	u64 extra[2];
};

#define LINK_REPORT_BYTES 64u
_Static_assert(sizeof(struct link_report) == LINK_REPORT_BYTES, "struct link_report has padding");

#endif
