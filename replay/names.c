/* SPDX-License-Identifier: BSD-2-Clause */
/* --symbols and --symbols-at, and the names they give to places. */
#include "names.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>

#define FILES 16u
#define KEY_AT 0x300

static struct { const char *path; u64 offset; } files[FILES];
static u32 count;
static struct symbols *symbols;

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "Names of places:", 8 },
	{ "symbols", 's', "FILE", 0, "an ELF file with symbols or DWARF, or kallsyms text; may be repeated", 0 },
	{ "symbols-at", KEY_AT, "ADDRESS", 0, "what to add to the addresses of the --symbols before it", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	char *end;

	switch (key) {
	case 's':
		if (count == FILES)
			argp_error(state, "more than %u --symbols", FILES);
		files[count++].path = arg;
		return 0;
	case KEY_AT:
		if (count == 0)
			argp_error(state, "--symbols-at comes after its --symbols");
		files[count - 1].offset = strtoull(arg, &end, 0);
		if (end == arg || *end != '\0')
			argp_error(state, "--symbols-at: '%s' is no address", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp names = { .options = option_table, .parser = parse };
const struct argp_child names_argp[2] = { { &names, 0, NULL, 0 }, { NULL, 0, NULL, 0 } };

int names_open(void)
{
	int status = 0;

	for (u32 i = 0; i < count && status == 0; i++)
		status = symbols_add(&symbols, files[i].path, files[i].offset);
	count = 0;
	return status;
}

void names_parts(u64 address, char *symbol, size_t symbol_bytes, char *line, size_t line_bytes)
{
	u64 distance;

	symbol[0] = line[0] = '\0';
	if (symbols == NULL)
		return;
	if (symbols_name(symbols, address, &distance) != NULL)
		symbols_format(symbols, address, symbol, symbol_bytes);
	if (!symbols_line(symbols, address, line, line_bytes))
		line[0] = '\0';
}

void names_text(u64 address, char *text, size_t bytes)
{
	char symbol[128], line[160];

	names_parts(address, symbol, sizeof(symbol), line, sizeof(line));
	snprintf(text, bytes, "%s%s%s%s", symbol[0] != '\0' ? " " : "", symbol, line[0] != '\0' ? " " : "", line);
}
