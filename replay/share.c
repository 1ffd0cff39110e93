/* SPDX-License-Identifier: BSD-2-Clause */
/* Stdout, shared by several VMs. */
#include "share.h"

#include "queue.h"
#include "say.h"

#include <string.h>
#include <unistd.h>

#define LINE_BYTES 512u

static struct {
	const char *name;		/* NULL: not on stdout */
	char line[LINE_BYTES];		/* what is not complete, if several share stdout */
	u32 line_bytes;
} vms[VM_MAX];

static struct queue queue;
static u32 count;
static u32 open_vm = VM_MAX;		/* the VM whose unfinished line stands on stdout */
static bool broken;

void share_add(u32 vm, const char *name)
{
	vms[vm].name = name;
	count++;
}

static void line_flush(u32 vm)
{
	if (vms[vm].line_bytes == 0)
		return;
	if (open_vm != vm) {
		if (open_vm != VM_MAX)
			queue_add(&queue, "\n", 1);
		queue_add(&queue, vms[vm].name, strlen(vms[vm].name));
		queue_add(&queue, "| ", 2);
	}
	queue_add(&queue, vms[vm].line, vms[vm].line_bytes);
	open_vm = vms[vm].line[vms[vm].line_bytes - 1] == '\n' ? VM_MAX : vm;
	vms[vm].line_bytes = 0;
}

void share_put(u32 vm, const char *text, u32 bytes)
{
	if (broken)
		return;
	if (count == 1) {
		queue_add(&queue, text, bytes);
		return;
	}
	for (u32 i = 0; i < bytes; i++) {
		vms[vm].line[vms[vm].line_bytes++] = text[i];
		if (text[i] == '\n' || vms[vm].line_bytes == LINE_BYTES)
			line_flush(vm);
	}
}

void share_idle(void)
{
	for (u32 v = 0; v < VM_MAX; v++)
		if (open_vm == VM_MAX || open_vm == v)
			line_flush(v);
}

void share_finish(void)
{
	for (u32 v = 0; v < VM_MAX; v++)
		line_flush(v);
}

size_t share_waiting(void)
{
	return queue_bytes(&queue);
}

bool share_write(void)
{
	char last = '\n';

	if (!queue_write(&queue, STDOUT_FILENO, &last)) {
		broken = true;
		queue_trim(&queue, 0);
	}
	say_column(last == '\n');
	return !broken;
}
