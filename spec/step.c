/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps as bytes, numbers and text. */
#include "spec/step.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *operands, *text;
} definitions[STEP_CODES] = {
#define STEP(name, code, operands, text) [code] = { #name, operands, text },
#include "spec/steps.def"
#undef STEP
};

static struct step_kind kinds[STEP_CODES];
static char names[STEP_CODES][16];

static u32 width_of(char letter)
{
	switch (letter) {
	case 'b': return 1;
	case 'w': return 2;
	case 'd': return 4;
	default: return 8;
	}
}

static void learn(u32 code)
{
	struct step_kind *kind = &kinds[code];
	const char *s = definitions[code].operands;

	for (size_t i = 0; definitions[code].name[i] != '\0'; i++)
		names[code][i] = (char)tolower((unsigned char)definitions[code].name[i]);
	kind->name = names[code];
	kind->text = definitions[code].text;
	while (*s != '\0') {
		u32 n = kind->operands++;
		size_t length = strcspn(s + 2, " ");

		kind->operand[n].bytes = width_of(*s);
		kind->bytes += kind->operand[n].bytes;
		memcpy(kind->operand[n].name, s + 2, length);
		s += 2 + length;
		s += strspn(s, " ");
	}
}

const struct step_kind *step_kind(u32 code)
{
	if (kinds[0].name == NULL)
		for (u32 i = 0; i < STEP_CODES; i++)
			learn(i);
	return &kinds[code];
}

/* Decodes the step at `at` (the first one of an input is STEP_MACHINE). Its length; 0: the input is at its end or the rest too
 * short. */
static size_t decode_one(const u8 *data, size_t size, size_t at, struct step *out)
{
	size_t code_bytes = at == 0 ? 0 : 1;
	const struct step_kind *kind;

	if (at + code_bytes > size || (at != 0 && at == size))
		return 0;
	out->code = at == 0 ? STEP_MACHINE : (u8)(1u + (data[at] + STEP_CODES - 2u) % (STEP_CODES - 1u));
	kind = step_kind(out->code);
	at += code_bytes;
	if (kind->bytes > size - at)
		return 0;
	for (u32 i = 0; i < kind->operands; i++) {
		out->operand[i] = 0;
		memcpy(&out->operand[i], data + at, kind->operand[i].bytes);
		at += kind->operand[i].bytes;
	}
	return code_bytes + kind->bytes;
}

size_t step_encode(const struct step *step, bool first, u8 out[STEP_BYTES])
{
	const struct step_kind *kind = step_kind(step->code);
	size_t at = 0;

	if (!first)
		out[at++] = step->code;
	for (u32 i = 0; i < kind->operands; i++) {
		memcpy(out + at, &step->operand[i], kind->operand[i].bytes);
		at += kind->operand[i].bytes;
	}
	return at;
}

u32 steps_decode(const u8 *data, size_t size, struct step *out, u32 max)
{
	size_t at = 0, length;
	u32 n = 0;

	while (n < max && (length = decode_one(data, size, at, &out[n])) != 0) {
		at += length;
		n++;
	}
	return n;
}

void step_print(FILE *out, const struct step *step)
{
	const struct step_kind *kind = step_kind(step->code);

	fputs(kind->name, out);
	for (u32 i = 0; i < kind->operands; i++)
		fprintf(out, " %s=0x%llx", kind->operand[i].name, (unsigned long long)step->operand[i]);
}

static bool parse_operand(const struct step_kind *kind, const char *word, struct step *out, char why[80])
{
	const char *equals = strchr(word, '=');
	char *end;

	for (u32 i = 0; equals != NULL && i < kind->operands; i++) {
		size_t length = strlen(kind->operand[i].name);

		if (length != (size_t)(equals - word) || strncmp(word, kind->operand[i].name, length) != 0)
			continue;
		out->operand[i] = strtoull(equals + 1, &end, 0);
		if (*end == '\0' && end != equals + 1)
			return true;
		snprintf(why, 80, "%.40s is not a number", word);
		return false;
	}
	snprintf(why, 80, "%s has no operand %.30s", kind->name, word);
	return false;
}

bool step_parse(const char *line, struct step *out, char why[80])
{
	char copy[256];
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	copy[strcspn(copy, "#\n")] = '\0';
	word = strtok_r(rest, " \t", &rest);
	memset(out, 0, sizeof(*out));
	for (u32 code = 0; word != NULL && code < STEP_CODES; code++) {
		if (strcmp(word, step_kind(code)->name) != 0)
			continue;
		out->code = (u8)code;
		while ((word = strtok_r(rest, " \t", &rest)) != NULL)
			if (!parse_operand(step_kind(code), word, out, why))
				return false;
		return true;
	}
	snprintf(why, 80, "no step is called %.40s", word != NULL ? word : "nothing");
	return false;
}
