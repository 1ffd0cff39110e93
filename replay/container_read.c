/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading recordings: every member against its digest, the manifest, the plan, the images, the journals. */
#include "container.h"
#include "recording.h"

#include "journal_file.h"
#include "say.h"
#include "states.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (8ull << 30)
#define MEMBER_MAX (2ull << 30)
#define MEMBERS_MAX 256u

struct member {
	char name[NAME_MAX_BYTES];
	struct bytes data;
};

struct members {
	struct member member[MEMBERS_MAX];
	u32 count;
};

static struct member *find(struct members *members, const char *name)
{
	for (u32 i = 0; i < members->count; i++)
		if (strcmp(members->member[i].name, name) == 0)
			return &members->member[i];
	return NULL;
}

static int take_member(const char *path, struct archive *archive, struct archive_entry *entry, struct members *members)
{
	struct member *member = &members->member[members->count];
	const char *name = archive_entry_pathname(entry);
	la_int64_t size = archive_entry_size(entry);

	if (name == NULL || strlen(name) >= NAME_MAX_BYTES || archive_entry_filetype(entry) != AE_IFREG || size < 0 ||
	    (u64)size > MEMBER_MAX || members->count == MEMBERS_MAX || find(members, name) != NULL)
		return say_fail(STATUS_REFUSED, "%s: it has a member that no recording has ('%.64s')", path,
				name != NULL ? name : "");
	strcpy(member->name, name);
	member->data.data = malloc((size_t)size + 1);
	if (member->data.data == NULL)
		return say_fail(STATUS_REFUSED, "%s: no memory for its member %s of %llu bytes", path, name,
				(unsigned long long)size);
	members->count++;
	while (member->data.count < (u64)size) {
		la_ssize_t got = archive_read_data(archive, member->data.data + member->data.count,
						   (size_t)size - member->data.count);

		if (got <= 0)
			return say_fail(STATUS_REFUSED, "%s: damaged or cut short in its member %s, after byte %llu of it: %s",
					path, name, (unsigned long long)member->data.count,
					archive_error_string(archive) != NULL ? archive_error_string(archive) : "it ends");
		member->data.count += (u64)got;
	}
	member->data.data[size] = '\0';
	return 0;
}

static int read_members(const char *path, const struct bytes *file, struct members *members)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	int status = 0;
	int result;

	archive_read_support_filter_zstd(archive);
	archive_read_support_format_tar(archive);
	if (archive_read_open_memory(archive, file->data, file->count) != ARCHIVE_OK) {
		status = say_fail(STATUS_REFUSED, "%s: no recording: %s", path, archive_error_string(archive));
	} else {
		while (status == 0 && (result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
			status = take_member(path, archive, entry, members);
		if (status == 0 && result != ARCHIVE_EOF)
			status = say_fail(STATUS_REFUSED, "%s: damaged or cut short after its member %s: %s", path,
					  members->count > 0 ? members->member[members->count - 1].name : "(none)",
					  archive_error_string(archive));
	}
	archive_read_free(archive);
	return status;
}

/* Every member but SHA256SUMS itself must be listed there, and match. */
static int check_sums(const char *path, struct members *members)
{
	const struct member *sums = find(members, SUMS);
	u32 lines = 0;
	char digest_text[65], name[NAME_MAX_BYTES];
	const char *at;
	u8 digest[32];

	if (sums == NULL)
		return say_fail(STATUS_REFUSED, "%s: no recording, or cut short: it has no member " SUMS, path);
	for (at = (const char *)sums->data.data; *at != '\0'; at = strchr(at, '\n') + 1) {
		const struct member *member;
		char found[65];

		if (strchr(at, '\n') == NULL || sscanf(at, "%64[0-9a-f]  %95[^\n]", digest_text, name) != 2)
			return say_fail(STATUS_REFUSED, "%s: its " SUMS " is damaged at byte %td", path,
					at - (const char *)sums->data.data);
		member = find(members, name);
		if (member == NULL)
			return say_fail(STATUS_REFUSED, "%s: its member %s is missing", path, name);
		file_sha256(member->data.data, member->data.count, digest);
		container_hex(digest, 32, found);
		if (strcmp(found, digest_text) != 0)
			return say_fail(STATUS_REFUSED, "%s: its member %s is damaged: its SHA-256 is %s, not %s", path,
					name, found, digest_text);
		lines++;
	}
	if (lines + 1 != members->count)
		return say_fail(STATUS_REFUSED, "%s: it has members that its " SUMS " does not name", path);
	return 0;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static u64 number_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, json_type_int))
		return 0;
	return json_object_get_uint64(value);
}

static int read_manifest(struct recording *recording, struct json_object *root, const char *build)
{
	struct json_object *vms = NULL, *finished = NULL;

	if (number_of(root, "format") != RECORDING_FORMAT && number_of(root, "format") != RECORDING_FORMAT_FORK)
		return say_fail(STATUS_REFUSED, "%s: a recording of format %llu; this reprise reads format %d", recording->path,
				(unsigned long long)number_of(root, "format"), RECORDING_FORMAT_FORK);
	if (strcmp(text_of(root, "counter"), COUNTER) != 0)
		return say_fail(STATUS_REFUSED, "%s: recorded with the counter '%s'; this platform counts with %s",
				recording->path, text_of(root, "counter"), COUNTER);
	if (build != NULL && strcmp(text_of(root, "build"), build) != 0)
		return say_fail(STATUS_REFUSED, "%s: recorded by build %.16s of the hypervisor (%s); this is build %.16s",
				recording->path, text_of(root, "build"), text_of(root, "tool"), build);
	snprintf(recording->build, sizeof(recording->build), "%s", text_of(root, "build"));
	recording->id = strtoull(text_of(root, "recording"), NULL, 16);
	recording->created = number_of(root, "created");
	recording->digest_ticks = number_of(root, "digest_ticks");
	recording->host_clock = strcmp(text_of(root, "clock"), "host") == 0;
	json_object_object_get_ex(root, "finished", &finished);
	recording->finished = finished != NULL && json_object_get_boolean(finished);
	json_object_object_get_ex(root, "vms", &vms);
	for (u32 v = 0; v < VM_MAX && vms != NULL && json_object_is_type(vms, json_type_array) &&
			v < json_object_array_length(vms); v++) {
		recording->guest[v] = say_format("%s", text_of(json_object_array_get_idx(vms, v), "guest"));
		recording->length[v] = number_of(json_object_array_get_idx(vms, v), "position");
	}
	if (recording->digest_ticks < 1 || recording->digest_ticks > SESSION_DIGEST_MAX)
		return say_fail(STATUS_REFUSED, "%s: its " MANIFEST " asks for impossible digests", recording->path);
	return 0;
}

static int take_manifest(struct recording *recording, struct members *members, const char *build)
{
	const struct member *member = find(members, MANIFEST);
	struct json_object *root;
	int status;

	if (member == NULL)
		return say_fail(STATUS_REFUSED, "%s: no recording: it has no member " MANIFEST, recording->path);
	root = json_tokener_parse((const char *)member->data.data);
	if (root == NULL)
		return say_fail(STATUS_REFUSED, "%s: its " MANIFEST " is no JSON", recording->path);
	status = read_manifest(recording, root, build);
	json_object_put(root);
	return status;
}

static int take_plan(struct recording *recording, struct members *members)
{
	const struct plan_host host = { .hv_end = 0, .host_end = 1ull << 32 };
	struct member *member = find(members, PLAN);
	enum plan_error error;
	vm_id vm;

	if (member == NULL)
		return say_fail(STATUS_REFUSED, "%s: it has no member " PLAN, recording->path);
	error = plan_decode(member->data.data, member->data.count < PLAN_BYTES ? (u32)member->data.count : PLAN_BYTES,
			    &recording->plan);
	if (error == PLAN_OK)
		error = plan_validate(&recording->plan, &host, &vm);
	if (error != PLAN_OK)
		return say_fail(STATUS_REFUSED, "%s: its plan is refused: %s", recording->path, plan_error_text(error));
	memcpy(recording->plan_bytes, member->data.data, PLAN_BYTES);
	return 0;
}

static int take_images(struct recording *recording, struct members *members)
{
	char text[65], name[NAME_MAX_BYTES];
	u8 digest[32];

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		for (u32 i = 0; i < recording->plan.vm[v].image_count; i++) {
			const struct plan_image *image = &recording->plan.vm[v].image[i];
			struct bytes *out = &recording->image[v][i];
			const struct member *member;

			container_hex(image->sha256, 32, text);
			snprintf(name, sizeof(name), "images/%s", text);
			member = find(members, name);
			if (member == NULL)
				return say_fail(STATUS_REFUSED, "%s: the image %s of %s is missing", recording->path, name,
						recording->plan.vm[v].name);
			file_sha256(member->data.data, member->data.count, digest);
			if (member->data.count != image->bytes || memcmp(digest, image->sha256, 32) != 0)
				return say_fail(STATUS_REFUSED, "%s: the image %s of %s does not match its name",
						recording->path, name, recording->plan.vm[v].name);
			out->data = say_alloc(member->data.count);
			out->count = member->data.count;
			memcpy(out->data, member->data.data, out->count);
		}
	}
	return 0;
}

/* Of a fork. */
static void take_edits(struct recording *recording, struct members *members)
{
	const struct member *member = find(members, EDITS);

	if (member == NULL)
		return;
	recording->edits.data = say_alloc(member->data.count + 1);
	recording->edits.count = member->data.count;
	memcpy(recording->edits.data, member->data.data, member->data.count + 1);
}

static int scan(struct recording *recording, u32 v, const u8 *data, u64 bytes, const char *name, bool strict)
{
	enum journal_error error = recording_scan(recording, v, data, bytes, name, true);

	return strict && error != JOURNAL_UNWRITTEN ? STATUS_REFUSED : 0;
}

static void copy_member(const struct member *member, struct bytes *out)
{
	if (member == NULL)
		return;
	out->data = say_alloc(member->data.count + 1);
	out->count = member->data.count;
	memcpy(out->data, member->data.data, member->data.count);
}

static int check_states(const struct recording *recording, u32 v, const char *name)
{
	u64 at;
	const char *why = states_check_all(&recording->vm[v].states, recording->id, v, &at);

	return why == NULL ? 0 : say_fail(STATUS_REFUSED, "%s: %s: the state at byte %llu: %s", recording->path, name,
					  (unsigned long long)at, why);
}

static int take_journals(struct recording *recording, struct members *members, bool strict)
{
	char name[NAME_MAX_BYTES];

	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		struct recording_vm *vm = &recording->vm[v];
		const struct member *member;
		char *full;
		int status;

		snprintf(name, sizeof(name), "journal/%u", v);
		member = find(members, name);
		if (member == NULL)
			return say_fail(STATUS_REFUSED, "%s: its member %s is missing", recording->path, name);
		full = say_format("%s: %s", recording->path, name);
		status = scan(recording, v, member->data.data, member->data.count, full, strict);
		free(full);
		if (status != 0)
			return status;
		snprintf(name, sizeof(name), "console/%u", v);
		copy_member(find(members, name), &vm->console);
		snprintf(name, sizeof(name), "states/%u", v);
		copy_member(find(members, name), &vm->states);
		status = check_states(recording, v, name);
		if (status != 0)
			return status;
	}
	return 0;
}

/* The whole blocks of VM v at the front of its part of the journal file. */
static int take_part(struct recording *recording, int fd, const char *path, const struct session *session, u32 v,
		     bool strict)
{
	struct bytes blocks;
	int status;

	journal_file_read(fd, session, v, &blocks);
	status = scan(recording, v, blocks.data, blocks.count, path, strict);
	free(blocks.data);
	if (session->states_sectors > 0)
		states_read(fd, session, v, &recording->vm[v].states);
	return status;
}

/* Recording was cut off: the journal lies beside the container. */
static int take_journal_file(struct recording *recording, bool strict)
{
	char *path = recording_journal_path(recording->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	u8 sector[SESSION_BYTES];
	struct session session;
	const char *why = NULL;
	int status = 0;

	if (fd < 0 || pread(fd, sector, sizeof(sector), 0) != sizeof(sector))
		why = fd < 0 ? strerror(errno) : "it is shorter than one sector";
	else
		why = session_decode(sector, &session);
	if (why == NULL && (session.recording != recording->id || session.vm_count != recording->plan.vm_count))
		why = "it belongs to another recording";
	if (why != NULL)
		status = say_fail(STATUS_REFUSED, "%s was not finished, and its journal %s cannot be used: %s",
				  recording->path, path, why);
	for (u32 v = 0; v < recording->plan.vm_count && status == 0; v++)
		status = take_part(recording, fd, path, &session, v, strict);
	if (fd >= 0)
		close(fd);
	if (status == 0)
		say("%s was not finished: using its journal up to the last whole block", recording->path);
	free(path);
	return status;
}

int recording_parse(const char *path, const struct bytes *file, const char *build, bool strict, struct recording *recording)
{
	struct members *members = say_alloc(sizeof(*members));
	int status;

	memset(recording, 0, sizeof(*recording));
	recording->path = say_format("%s", path);
	status = read_members(path, file, members);
	if (status == 0)
		status = check_sums(path, members);
	if (status == 0)
		status = take_manifest(recording, members, build);
	if (status == 0)
		status = take_plan(recording, members);
	if (status == 0)
		take_edits(recording, members);
	if (status == 0)
		status = take_images(recording, members);
	if (status == 0 && recording->finished)
		status = take_journals(recording, members, strict);
	for (u32 i = 0; i < members->count; i++)
		free(members->member[i].data.data);
	free(members);
	return status;
}

int recording_read(const char *path, bool strict, struct recording *recording)
{
	const struct file_spec spec = { .path = (char *)path };
	char build[RECORDING_BUILD_BYTES];
	struct bytes file;
	int status;

	memset(recording, 0, sizeof(*recording));
	status = recording_build(build);
	if (status == 0)
		status = file_read(&spec, FILE_MAX, &file);
	if (status != 0)
		return status;
	status = recording_parse(path, &file, build, strict, recording);
	free(file.data);
	if (status == 0 && !recording->finished)
		status = take_journal_file(recording, strict);
	return status;
}
