/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The finer levels of `reprise trace`: Bochs's own trace of instructions and of memory accesses, while a guest runs. It is
 * off while the hypervisor runs, so what VM entry itself writes (the frame of an injected event) and what the device models
 * write is not in it.
 *
 *   instructions  each instruction, or iteration of a REP
 *   blocks        stretches without a jump: where each begins and how many instructions it has
 *   memory        each access of an instruction
 */
#include "trace_fine.h"

#include "debug_verb.h"
#include "monitor.h"
#include "say.h"
#include "travel_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 20000ull		/* ticks between two looks at what was traced */
#define MODULE_SHIFT 31		/* drcov has 32-bit offsets: a module is 2 GiB of addresses */
#define MODULES 64

struct block {
	u64 start;
	u32 bytes;
	u32 count;		/* instructions */
	u64 position;
};

struct fine {
	struct travel *travel;
	const struct debug_options *options;
	FILE *out;
	bool blocks, memory, drcov, json;
	struct block block;
	u64 rip, position;	/* of the instruction that was traced last */
	struct block *seen;	/* drcov: each block once, by address */
	size_t seen_count, seen_room;
};

bool trace_fine_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--level", 7) == 0 && strcmp(argv[i], "--level=exits") != 0)
			return true;
	return false;
}

static int by_address(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Sorts, and keeps one of each. */
static void seen_unite(struct fine *fine)
{
	size_t kept = 0;

	qsort(fine->seen, fine->seen_count, sizeof(*fine->seen), by_address);
	for (size_t i = 0; i < fine->seen_count; i++)
		if (kept == 0 || by_address(&fine->seen[kept - 1], &fine->seen[i]) != 0)
			fine->seen[kept++] = fine->seen[i];
	fine->seen_count = kept;
}

static void seen_add(struct fine *fine)
{
	if (fine->seen_count == fine->seen_room) {
		seen_unite(fine);
		if (fine->seen_count > fine->seen_room / 2 || fine->seen_room == 0) {
			size_t room = fine->seen_room == 0 ? 65536 : 2 * fine->seen_room;
			struct block *more = realloc(fine->seen, room * sizeof(*more));

			if (more == NULL)
				exit(say_fail(STATUS_FAILED, "out of memory"));
			fine->seen = more;
			fine->seen_room = room;
		}
	}
	fine->seen[fine->seen_count++] = fine->block;
}

static void symbol_of(const struct fine *fine, u64 address, char *text, size_t bytes)
{
	u64 distance;

	if (symbols_name(fine->travel->symbols, address, &distance) != NULL)
		symbols_format(fine->travel->symbols, address, text, bytes);
	else
		text[0] = '\0';
}

static void quoted(FILE *out, const char *name, const char *text, size_t bytes)
{
	if (bytes == 0)
		return;
	fprintf(out, ",\"%s\":\"", name);
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', out);
		if ((unsigned char)text[i] >= ' ')
			fputc(text[i], out);
	}
	fputc('"', out);
}

static void block_end(struct fine *fine)
{
	struct block *block = &fine->block;
	char symbol[256];

	if (block->count == 0)
		return;
	symbol_of(fine, block->start, symbol, sizeof(symbol));
	if (fine->drcov) {
		seen_add(fine);
	} else if (fine->json) {
		fprintf(fine->out, "{\"position\":%" PRIu64 ",\"rip\":\"0x%" PRIx64 "\",\"bytes\":%u,\"instructions\":%u",
			block->position, block->start, block->bytes, block->count);
		quoted(fine->out, "symbol", symbol, strlen(symbol));
		fprintf(fine->out, "}\n");
	} else {
		fprintf(fine->out, "%14" PRIu64 " %016" PRIx64 " %4u %s\n", block->position, block->start, block->count, symbol);
	}
	block->count = 0;
}

/* One instruction is about to run. `text` is its disassembly. */
static void instruction(struct fine *fine, u64 position, u64 rip, u32 length, const char *text, size_t bytes)
{
	char symbol[256];

	fine->rip = rip;
	fine->position = position;
	if (fine->memory)
		return;
	if (fine->blocks) {
		struct block *block = &fine->block;

		if (block->count > 0 && rip != block->start + block->bytes)
			block_end(fine);
		if (block->count == 0)
			*block = (struct block){ rip, 0, 0, position };
		block->bytes += length;
		block->count++;
		return;
	}
	symbol_of(fine, rip, symbol, sizeof(symbol));
	if (fine->json) {
		fprintf(fine->out, "{\"position\":%" PRIu64 ",\"rip\":\"0x%" PRIx64 "\"", position, rip);
		quoted(fine->out, "symbol", symbol, strlen(symbol));
		quoted(fine->out, "instruction", text, bytes);
		fprintf(fine->out, "}\n");
	} else {
		fprintf(fine->out, "%14" PRIu64 " %016" PRIx64 " %-32s %.*s\n", position, rip, symbol, (int)bytes, text);
	}
}

static void access_line(struct fine *fine, bool write, u64 linear, u64 address, u32 bytes, const char *value)
{
	struct travel *travel = fine->travel;
	u64 gpa = address - travel->layout.plan.vm[travel->place.vm].ram_hpa;
	char symbol[256], digits[160];
	size_t count = 0;

	for (; *value != '\0' && *value != '\n' && *value != ';' && count < sizeof(digits) - 1; value++)
		if (*value == 'x')
			count -= count > 0;	/* the 0 of "0x" */
		else if (*value > ' ')
			digits[count++] = *value;
	digits[count] = '\0';
	symbol_of(fine, fine->rip, symbol, sizeof(symbol));
	if (fine->json) {
		fprintf(fine->out,
			"{\"position\":%" PRIu64 ",\"rip\":\"0x%" PRIx64 "\",\"access\":\"%s\",\"linear\":\"0x%" PRIx64
			"\",\"gpa\":\"0x%" PRIx64 "\",\"bytes\":%u,\"value\":\"0x%s\"",
			fine->position, fine->rip, write ? "write" : "read", linear, gpa, bytes, digits);
		quoted(fine->out, "symbol", symbol, strlen(symbol));
		fprintf(fine->out, "}\n");
	} else {
		fprintf(fine->out, "%14" PRIu64 " %016" PRIx64 " %-5s %016" PRIx64 " %2u %s %s\n", fine->position, fine->rip,
			write ? "write" : "read", linear, bytes, digits, symbol);
	}
}

/* "(0).[TICK] [0xPHYSICAL] 0010:RIP (unk. ctxt): TEXT ; BYTES" or "[CPU0 WR]: LIN 0x... PHY 0x... (len=N, WB): VALUE" */
static void line(struct fine *fine, char *text)
{
	const struct travel_place *from = &fine->travel->place;
	unsigned long long tick, address, rip, linear;
	unsigned int bytes;
	char kind;
	int at = 0;

	if (sscanf(text, "(0).[%llu] [0x%llx] %*x:%llx", &tick, &address, &rip) == 3) {
		char *start = strstr(text, "): ");
		char *code = strrchr(text, ';');

		if (start == NULL || code == NULL || code < start)
			return;
		start += 3;
		bytes = (u32)strspn(code + 2, "0123456789abcdef") / 2;
		while (code > start && code[-1] == ' ')
			code--;
		instruction(fine, from->position + (tick - from->tick), rip, bytes, start, (size_t)(code - start));
	} else if (fine->memory && sscanf(text, "[CPU0 %c%*c]: LIN 0x%llx PHY 0x%llx (len=%u, %*[^)]): %n", &kind, &linear,
					  &address, &bytes, &at) == 4 && at > 0) {
		access_line(fine, kind == 'W', linear, address, bytes, text + at);
	}
}

static void drcov_write(struct fine *fine)
{
	u64 module[MODULES];
	u32 modules = 0;

	seen_unite(fine);
	for (size_t i = 0; i < fine->seen_count; i++) {
		u64 base = fine->seen[i].start >> MODULE_SHIFT << MODULE_SHIFT;

		if ((modules == 0 || module[modules - 1] != base) && modules < MODULES)
			module[modules++] = base;
	}
	fprintf(fine->out, "DRCOV VERSION: 2\nDRCOV FLAVOR: reprise\nModule Table: version 2, count %u\n"
			   "Columns: id, base, end, entry, checksum, timestamp, path\n", modules);
	for (u32 i = 0; i < modules; i++)
		fprintf(fine->out, " %u, 0x%016" PRIx64 ", 0x%016" PRIx64 ", 0x0, 0x0, 0x0, guest-0x%" PRIx64 "\n", i, module[i],
			(u64)(module[i] + (1ull << MODULE_SHIFT)), module[i]);
	fprintf(fine->out, "BB Table: %zu bbs\n", fine->seen_count);
	for (size_t i = 0; i < fine->seen_count; i++) {
		const struct block *block = &fine->seen[i];
		u32 start = (u32)(block->start & ((1ull << MODULE_SHIFT) - 1));
		u16 size = block->bytes < 0xffff ? (u16)block->bytes : 0xffff, id = 0;

		while (id + 1u < modules && module[id] != block->start - start)
			id++;
		fwrite(&start, sizeof(start), 1, fine->out);
		fwrite(&size, sizeof(size), 1, fine->out);
		fwrite(&id, sizeof(id), 1, fine->out);
	}
}

static enum travel_result trace_all(struct fine *fine)
{
	struct travel *travel = fine->travel;
	enum travel_result result = TRAVEL_STOPPED;
	u64 to = fine->options->to;

	while (result == TRAVEL_STOPPED && (to == 0 || travel->place.position < to)) {
		u64 left = to == 0 || to - travel->place.position > CHUNK ? CHUNK : to - travel->place.position;
		char *rest, *text;
		u32 stop;

		target_exits(&travel->now, 1, 0);
		if (target_ask(&travel->now, "trace on") == NULL ||
		    (fine->memory && target_ask(&travel->now, "trace-mem on") == NULL))
			return TRAVEL_FAILED;
		stop = target_run(&travel->now, travel->now.tick + left);
		if ((stop & TARGET_DEAD) != 0)
			return TRAVEL_FAILED;
		rest = travel->now.text;
		while ((text = strsep(&rest, "\n")) != NULL)
			line(fine, text);
		if (target_ask(&travel->now, "trace off") == NULL ||
		    (fine->memory && target_ask(&travel->now, "trace-mem off") == NULL))
			return TRAVEL_FAILED;
		target_clear(&travel->now);
		if (travel->ended)
			return TRAVEL_END;
		if ((stop & TARGET_EXIT) != 0)
			result = travel_enter(travel, travel->end_tick);
		else
			result = travel_look(travel);
		if (result == TRAVEL_STOPPED && travel->place.vm == VM_MAX)
			result = TRAVEL_END;
		if (ferror(fine->out))
			return TRAVEL_INTERRUPTED;
	}
	return result;
}

/* What was traced goes on to its end: the replaying hypervisor holds its state there against the recorded one. */
static int check_end(struct travel *travel)
{
	const struct link_report *end = &travel->end;	/* act has cleared it */
	enum travel_result result = TRAVEL_STOPPED;
	u32 hit;

	while (end->type != LINK_END && !travel->diverged && result < TRAVEL_BEGIN)
		result = travel_continue(travel, NULL, 0, &hit);
	if (travel->diverged || end->type != LINK_END || end->code == LINK_END_DIFFERS)
		return say_fail(STATUS_DIFFERS, "the traced replay does not end as the recording does");
	if (end->code == LINK_END_JOURNAL)
		return say_fail(STATUS_DIFFERS, "the recording does not say how it ended");
	say("the traced replay ends as recorded: position %llu, %llu exits, state %016llx", (unsigned long long)end->position,
	    (unsigned long long)end->exits, (unsigned long long)end->extra[0]);
	return 0;
}

static int act(struct travel *travel, const struct debug_options *options)
{
	struct fine fine = { .travel = travel, .options = options, .out = stdout, .json = options->json };
	enum travel_result result;
	int status = 0;

	memset(&travel->end, 0, sizeof(travel->end));
	fine.blocks = strcmp(options->level, "blocks") == 0;
	fine.memory = strcmp(options->level, "memory") == 0;
	fine.drcov = options->format != NULL && strcmp(options->format, "drcov") == 0;
	fine.json = fine.json || (options->format != NULL && strcmp(options->format, "json") == 0);
	if (options->output != NULL && (fine.out = fopen(options->output, "we")) == NULL)
		return say_fail(STATUS_FAILED, "%s: %s", options->output, strerror(errno));
	result = trace_all(&fine);
	block_end(&fine);
	if (fine.drcov)
		drcov_write(&fine);
	if (result == TRAVEL_FAILED)
		status = say_fail(STATUS_FAILED, "Bochs ended while it was traced");
	if (fflush(fine.out) != 0 || ferror(fine.out))
		status = say_fail(STATUS_FAILED, "the trace could not be written");
	if (status == 0 && options->check)
		status = check_end(travel);
	if (fine.out != stdout)
		fclose(fine.out);
	free(fine.seen);
	return status;
}

static const char *wrong(const struct debug_options *options)
{
	static const char *const levels[] = { "blocks", "instructions", "memory" }, *const formats[] = { "text", "json", "drcov" };
	bool level = false, format = options->format == NULL;

	for (u32 i = 0; i < 3; i++) {
		level = level || strcmp(options->level, levels[i]) == 0;
		format = format || strcmp(options->format, formats[i]) == 0;
	}
	if (!level)
		return "--level is exits, blocks, instructions or memory";
	if (!format)
		return "with this --level, --format is text, json or drcov";
	if (options->format != NULL && strcmp(options->format, "drcov") == 0 && strcmp(options->level, "blocks") != 0)
		return "--format=drcov goes with --level=blocks";
	return options->words > 0 ? "there is a word too many" : NULL;
}

int trace_fine_main(int argc, char **argv)
{
	return debug_verb(argc, argv, "Trace what a guest does, closer than by its exits: blocks, instructions or memory accesses.",
			  wrong, act);
}
