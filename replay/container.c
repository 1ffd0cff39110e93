/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing recordings: a tar archive compressed with zstd (libarchive), described in replay/FORMAT.md. */
#include "container.h"
#include "recording.h"

#include "options.h"
#include "say.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>



struct writer {
	struct archive *archive;
	struct archive_entry *entry;
	u64 time;
	char *sums;		/* text of SHA256SUMS so far */
	bool failed;
};

static void put(struct writer *writer, const char *name, const void *data, u64 bytes)
{
	u8 digest[32];
	char text[65];
	char *sums;

	if (writer->failed)
		return;
	archive_entry_clear(writer->entry);
	archive_entry_set_pathname(writer->entry, name);
	archive_entry_set_size(writer->entry, (la_int64_t)bytes);
	archive_entry_set_filetype(writer->entry, AE_IFREG);
	archive_entry_set_perm(writer->entry, 0644);
	archive_entry_set_mtime(writer->entry, (time_t)writer->time, 0);
	if (archive_write_header(writer->archive, writer->entry) != ARCHIVE_OK ||
	    archive_write_data(writer->archive, data, bytes) != (la_ssize_t)bytes)
		writer->failed = true;
	file_sha256(data, bytes, digest);
	container_hex(digest, 32, text);
	sums = say_format("%s%s  %s\n", writer->sums, text, name);
	free(writer->sums);
	writer->sums = sums;
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static struct json_object *manifest_make(const struct recording *recording)
{
	struct json_object *root = json_object_new_object();
	struct json_object *vms = json_object_new_array();
	char id[17];

	for (int i = 0; i < 16; i++)
		id[i] = "0123456789abcdef"[recording->id >> (60 - 4 * i) & 15];
	id[16] = '\0';
	add_number(root, "format", recording->edits.count > 0 ? RECORDING_FORMAT_FORK : RECORDING_FORMAT);
	add_text(root, "tool", REPRISE_VERSION);
	add_text(root, "build", recording->build);
	add_text(root, "counter", COUNTER);
	add_text(root, "recording", id);
	add_number(root, "created", recording->created);
	add_text(root, "clock", recording->host_clock ? "host" : "virtual");
	add_number(root, "digest_ticks", recording->digest_ticks);
	add_number(root, "quantum_ticks", recording->plan.quantum_ticks);
	json_object_object_add(root, "finished", json_object_new_boolean(recording->finished));
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		const struct recording_vm *vm = &recording->vm[v];
		struct json_object *object = json_object_new_object();

		add_text(object, "name", (const char *)recording->plan.vm[v].name);
		add_text(object, "guest", recording->guest[v] != NULL ? recording->guest[v] : "");
		add_number(object, "ram_bytes", recording->plan.vm[v].ram_bytes);
		if (recording->finished) {
			add_number(object, "position", vm->position);
			add_number(object, "exits", vm->exits);
			add_number(object, "inputs", vm->inputs);
			add_number(object, "digests", vm->digests);
		}
		json_object_array_add(vms, object);
	}
	json_object_object_add(root, "vms", vms);
	return root;
}

static void put_images(struct writer *writer, const struct recording *recording)
{
	char text[65], name[NAME_MAX_BYTES];

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		for (u32 i = 0; i < recording->plan.vm[v].image_count; i++) {
			bool again = false;

			for (u32 w = 0; w <= v; w++)	/* two VMs of one kernel share its images */
				for (u32 k = 0; k < (w < v ? recording->plan.vm[w].image_count : i); k++)
					again = again || memcmp(recording->plan.vm[w].image[k].sha256,
								recording->plan.vm[v].image[i].sha256, 32) == 0;
			if (again)
				continue;
			container_hex(recording->plan.vm[v].image[i].sha256, 32, text);
			snprintf(name, sizeof(name), "images/%s", text);
			put(writer, name, recording->image[v][i].data, recording->image[v][i].count);
		}
	}
}

static void put_all(struct writer *writer, const struct recording *recording)
{
	struct json_object *manifest = manifest_make(recording);
	const char *text = json_object_to_json_string_ext(manifest, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	char name[NAME_MAX_BYTES];

	put(writer, MANIFEST, text, strlen(text));
	json_object_put(manifest);
	put(writer, PLAN, recording->plan_bytes, PLAN_BYTES);
	for (u32 v = 0; v < recording->plan.vm_count && recording->finished; v++) {
		snprintf(name, sizeof(name), "journal/%u", v);
		put(writer, name, recording->vm[v].journal.data, recording->vm[v].journal.count);
		snprintf(name, sizeof(name), "console/%u", v);
		put(writer, name, recording->vm[v].console.data, recording->vm[v].console.count);
		snprintf(name, sizeof(name), "states/%u", v);
		put(writer, name, recording->vm[v].states.data, recording->vm[v].states.count);
	}
	if (recording->edits.count > 0)
		put(writer, EDITS, recording->edits.data, recording->edits.count);
	put_images(writer, recording);
	text = say_format("%s", writer->sums);
	put(writer, SUMS, text, strlen(text));
	free((char *)text);
}

int recording_write(const struct recording *recording)
{
	char *temporary = say_format("%s.tmp", recording->path);
	struct writer writer = { .archive = archive_write_new(), .entry = archive_entry_new(), .time = recording->created };
	const char *why = NULL;

	writer.sums = say_format("%s", "");
	archive_write_set_format_pax_restricted(writer.archive);
	archive_write_add_filter_zstd(writer.archive);
	archive_write_set_filter_option(writer.archive, "zstd", "compression-level", "1");
	if (archive_write_open_filename(writer.archive, temporary) != ARCHIVE_OK)
		writer.failed = true;
	put_all(&writer, recording);
	if (!writer.failed && archive_write_close(writer.archive) != ARCHIVE_OK)
		writer.failed = true;
	if (writer.failed)
		why = archive_error_string(writer.archive);
	else if (rename(temporary, recording->path) != 0)
		why = strerror(errno);
	if (why != NULL || writer.failed) {
		say("%s: the recording cannot be written: %s", recording->path, why != NULL ? why : "libarchive failed");
		unlink(temporary);
	}
	archive_write_free(writer.archive);
	archive_entry_free(writer.entry);
	free(writer.sums);
	free(temporary);
	return why != NULL || writer.failed ? STATUS_FAILED : 0;
}

