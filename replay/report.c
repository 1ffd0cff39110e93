/* SPDX-License-Identifier: BSD-2-Clause */
/* --report: everything the hypervisor reported, as JSON for scripts. */
#include "report.h"

#include "options.h"
#include "say.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static struct json_object *records;

static const char *type_name(u32 type)
{
	static const char *const names[] = { "unknown",	  "started", "mark",	"end",	       "progress",
					     "all_ended", "fatal",   "missing", "plan_refused",
					     "differs",	  "state",   "reached" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : names[0];
}

static const char *end_name(u32 code)
{
	static const char *const names[] = { "unknown", "exit", "reset", "halt", "triple_fault", "stopped", "refused",
					     "journal", "differs", "until" };

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : names[0];
}

static void add_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

void report_add(const struct link_report *report, double seconds)
{
	struct json_object *record = json_object_new_object();
	char digest[17], state[17];

	if (records == NULL)
		records = json_object_new_array();
	add_text(record, "type", type_name(report->type));
	add_number(record, "vm", report->vm);
	add_number(record, "code", report->code);
	add_number(record, "value", report->value);
	add_number(record, "position", report->position);
	add_number(record, "vtime", report->vtime);
	add_number(record, "exits", report->exits);
	add_number(record, "ticks", report->ticks);
	if (report->type == LINK_STARTED) {
		add_number(record, "measure_ticks", report->extra[0]);
		add_number(record, "measure_bytes", report->extra[1]);
	}
	if (report->type == LINK_END) {
		for (int i = 0; i < 16; i++)
			digest[i] = "0123456789abcdef"[report->digest >> (60 - 4 * i) & 15];
		digest[16] = '\0';
		add_text(record, "end", end_name(report->code));
		snprintf(state, sizeof(state), "%016llx", (unsigned long long)report->extra[0]);
		add_text(record, "state", state);
		add_text(record, "digest", digest);
	}
	json_object_object_add(record, "host_seconds", json_object_new_double(seconds));
	json_object_array_add(records, record);
}

int report_write(const char *path, const struct layout *layout, int status, double seconds)
{
	struct json_object *root = json_object_new_object();
	struct json_object *vms = json_object_new_array();
	int failed;

	for (u32 v = 0; v < layout->plan.vm_count; v++) {
		const struct plan_vm *vm = &layout->plan.vm[v];
		struct json_object *object = json_object_new_object();
		u64 bytes = 0;

		for (u32 i = 0; i < vm->image_count; i++)
			bytes += vm->image[i].bytes;
		add_text(object, "name", (const char *)vm->name);
		add_number(object, "ram_bytes", vm->ram_bytes);
		add_number(object, "images", vm->image_count);
		add_number(object, "image_bytes", bytes);
		json_object_array_add(vms, object);
	}
	add_text(root, "tool", REPRISE_VERSION);
	json_object_object_add(root, "status", json_object_new_int(status));
	json_object_object_add(root, "host_seconds", json_object_new_double(seconds));
	json_object_object_add(root, "vms", vms);
	json_object_object_add(root, "records", records ? records : json_object_new_array());
	records = NULL;
	failed = json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	json_object_put(root);
	if (failed != 0)
		return say_fail(STATUS_FAILED, "%s: the report cannot be written: %s", path, strerror(errno));
	return 0;
}
