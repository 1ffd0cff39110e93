/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest and its processor do, as a sequence of steps: bytes, numbers and text. One definition, steps.def, makes all
 * three. It is the input of the exit harness (fuzz/), and what `reprise corpus` makes of a recording. */
#ifndef SPEC_STEP_H
#define SPEC_STEP_H

#include <stdio.h>
#include "types.h"

enum step_code {
#define STEP(name, code, operands, text) STEP_##name = code,
#include "spec/steps.def"
#undef STEP
	STEP_CODES
};

#define STEP_OPERANDS 6u
#define STEP_BYTES 32u	/* no step is longer */
#define STEPS_MAX 512u	/* an input's steps; what comes after is ignored */

struct step {
	u8 code;	/* enum step_code */
	u64 operand[STEP_OPERANDS];
};

/* What a kind of step looks like. */
struct step_kind {
	const char *name;	/* lower case */
	const char *text;
	u32 operands;
	struct {
		char name[16];
		u32 bytes;	/* 1, 2, 4 or 8 */
	} operand[STEP_OPERANDS];
	u32 bytes;		/* of all operands */
};

const struct step_kind *step_kind(u32 code);

/* Writes a step's bytes; returns how many. `first`: without the code byte. */
size_t step_encode(const struct step *step, bool first, u8 out[STEP_BYTES]);

/* All steps of an input, at most `max`. */
u32 steps_decode(const u8 *data, size_t size, struct step *out, u32 max);

/* One line of text: "io flags=0x4 port=0x60 ticks=1 rax=0". */
void step_print(FILE *out, const struct step *step);

/* The reverse. False: not a step; `why` says so. Empty lines and comments (#) are for the caller to skip. */
bool step_parse(const char *line, struct step *out, char why[80]);

#endif
