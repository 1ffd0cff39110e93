/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Common Trace Format 1.8: a metadata file in TSDL, and one stream of one packet for each VM. Every exit reason is an
 * event class with the same fields; the clock is the VM's virtual time.
 */
#include "export.h"

#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CTF_MAGIC 0xc1fc1fc1u
#define PACKET_BYTES 40u	/* magic, stream, begin, end, content size, packet size */
#define EVENT_BYTES 62u

static const char preamble[] =
	"/* CTF 1.8 */\n"
	"typealias integer { size = 8; align = 8; signed = false; } := u8;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := u32;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := u64;\n"
	"typealias integer { size = 32; align = 8; signed = false; base = 16; } := x32;\n"
	"typealias integer { size = 64; align = 8; signed = false; base = 16; } := x64;\n"
	"trace {\n\tmajor = 1;\n\tminor = 8;\n\tbyte_order = le;\n"
	"\tpacket.header := struct { u32 magic; u32 stream_id; };\n};\n"
	"clock {\n\tname = virtual;\n\tdescription = \"virtual time of the VM\";\n\tfreq = 1000000000;\n\toffset = 0;\n};\n"
	"typealias integer { size = 64; align = 8; signed = false; map = clock.virtual.value; } := time;\n";

static const char stream_text[] =
	"stream {\n\tid = %u;\n"
	"\tpacket.context := struct { time timestamp_begin; time timestamp_end; u64 content_size; u64 packet_size; };\n"
	"\tevent.header := struct { u8 id; time timestamp; };\n};\n";

static const char event_text[] =
	"event {\n\tname = \"%s: %s\";\n\tid = %u;\n\tstream_id = %u;\n"
	"\tfields := struct { u64 position; x64 rip; u32 ticks; x64 qualification; x64 address; x64 value; x32 detail; u8 cpl; u32 "
	"length; };\n};\n";

static bool metadata(const char *directory, const struct trace *trace)
{
	char *path = say_format("%s/metadata", directory);
	FILE *file = fopen(path, "we");
	struct trace_record record;
	bool good = file != NULL;

	free(path);
	if (!good)
		return false;
	fputs(preamble, file);
	for (u32 v = 0; v < trace->recording->plan.vm_count; v++) {
		fprintf(file, stream_text, v);
		record.vm = (u8)v;
		for (u32 reason = 0; reason < EXIT_REASONS; reason++)
			if (exit_name(reason) != NULL)
				fprintf(file, event_text, trace_vm(trace, &record), exit_name(reason), reason, v);
	}
	good = ferror(file) == 0;
	return fclose(file) == 0 && good;
}

static u8 *put(u8 *at, u32 width, u64 value)
{
	for (u32 i = 0; i < width; i++)
		at[i] = (u8)(value >> 8 * i);
	return at + width;
}

static void event(FILE *file, const struct trace_record *record)
{
	u8 bytes[EVENT_BYTES];
	u8 *at = bytes;

	at = put(at, 1, record->reason & 0xff);
	at = put(at, 8, record->time);
	at = put(at, 8, record->position);
	at = put(at, 8, record->rip);
	at = put(at, 4, record->ticks);
	at = put(at, 8, record->qualification);
	at = put(at, 8, record->address);
	at = put(at, 8, record->value);
	at = put(at, 4, record->detail);
	at = put(at, 1, (record->flags & TRACE_USER) != 0 ? 3 : 0);
	put(at, 4, record->length);
	fwrite(bytes, 1, sizeof(bytes), file);
}

/* The packet's header is written last, when its size is known. */
static void header(FILE *file, u32 stream, u64 begin, u64 end, u64 count)
{
	u64 bits = (PACKET_BYTES + count * EVENT_BYTES) * 8;
	u8 bytes[PACKET_BYTES];
	u8 *at = bytes;

	at = put(at, 4, CTF_MAGIC);
	at = put(at, 4, stream);
	at = put(at, 8, begin);
	at = put(at, 8, end);
	at = put(at, 8, bits);
	put(at, 8, bits);
	rewind(file);
	fwrite(bytes, 1, sizeof(bytes), file);
}

int export_ctf(struct trace *trace, const struct trace_filter *filter, const char *directory)
{
	struct { FILE *file; u64 begin, end, count; } streams[VM_MAX] = { 0 };
	struct trace_record record;
	bool good = mkdir(directory, 0777) == 0 && metadata(directory, trace);

	while (good && trace_next(trace, &record)) {
		u32 v = record.vm % VM_MAX;

		if (!trace_wanted(filter, trace, &record))
			continue;
		if (streams[v].file == NULL) {
			char *path = say_format("%s/vm%u", directory, v);

			streams[v].file = fopen(path, "we");
			free(path);
			good = streams[v].file != NULL && fseek(streams[v].file, PACKET_BYTES, SEEK_SET) == 0;
			streams[v].begin = record.time;
		}
		if (good)
			event(streams[v].file, &record);
		streams[v].end = record.time;
		streams[v].count++;
	}
	for (u32 v = 0; v < VM_MAX; v++) {
		if (streams[v].file == NULL)
			continue;
		header(streams[v].file, v, streams[v].begin, streams[v].end, streams[v].count);
		good = ferror(streams[v].file) == 0 && good;
		good = fclose(streams[v].file) == 0 && good;
	}
	return good ? 0 : say_fail(STATUS_FAILED, "%s: the trace cannot be written: %s", directory, strerror(errno));
}
