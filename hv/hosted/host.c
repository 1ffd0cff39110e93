/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted body of the host behind the input door: scripted console bytes in, buffers out. */
#include "host.h"
#include "input.h"
#include <stdio.h>
#include "machine.h"

char machine_console[VM_MAX][MACHINE_CONSOLE];
struct link_report machine_reports[MACHINE_REPORTS];
u32 machine_report_count;
char machine_message[1024];

static const char *typed[VM_MAX];
static u32 waiting[VM_MAX];	/* looked at, not taken yet */
static u64 host_clock_now;
static const struct machine_host *host;
static size_t console_length[VM_MAX];

void machine_input_reset(void)
{
	for (vm_id vm = 0; vm < VM_MAX; vm++) {
		typed[vm] = "";
		waiting[vm] = INPUT_NONE;
		machine_console[vm][0] = '\0';
		console_length[vm] = 0;
	}
	host = NULL;
	host_clock_now = 0;
}

void machine_set_host(const struct machine_host *the_host)
{
	host = the_host;
}

void machine_type(vm_id vm, const char *text)
{
	typed[vm] = text;
	waiting[vm] = INPUT_NONE;
}

bool host_console_waits(vm_id vm)
{
	if (waiting[vm] != INPUT_NONE)
		return true;
	if (host != NULL)
		waiting[vm] = host->console(vm);
	else if (typed[vm] != NULL && *typed[vm] != '\0')
		waiting[vm] = (u8)*typed[vm]++;
	return waiting[vm] != INPUT_NONE;
}

u32 host_console(vm_id vm)
{
	u32 byte = host_console_waits(vm) ? waiting[vm] : INPUT_NONE;

	waiting[vm] = INPUT_NONE;
	return byte;
}

u64 host_clock(void)
{
	if (host != NULL)
		return host->clock();
	return host_clock_now += 1000000;
}

bool host_disk_read(enum host_disk disk, u64 sector, u64 count, u64 hpa)
{
	return host != NULL && host->disk != NULL && host->disk(disk, false, sector, count, hpa);
}

bool host_disk_write(enum host_disk disk, u64 sector, u64 count, u64 hpa)
{
	return host != NULL && host->disk != NULL && host->disk(disk, true, sector, count, hpa);
}

void output_console(vm_id vm, u8 byte)
{
	size_t *length = &console_length[vm];

	if (*length < MACHINE_CONSOLE - 1) {
		machine_console[vm][(*length)++] = (char)byte;
		machine_console[vm][*length] = '\0';
	}
}

void output_message(const char *text)
{
	(void)snprintf(machine_message, sizeof(machine_message), "%s", text);
}

void output_report(const struct link_report *report)
{
	if (machine_report_count < MACHINE_REPORTS)
		machine_reports[machine_report_count++] = *report;
}

void output_drain(void)
{
}
