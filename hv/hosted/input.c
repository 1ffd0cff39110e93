/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted body of the input door: scripted console bytes in, buffers out. */
#include "input.h"
#include <stdio.h>
#include "machine.h"

char machine_console[VM_MAX][MACHINE_CONSOLE];
struct link_report machine_reports[MACHINE_REPORTS];
u32 machine_report_count;
char machine_message[1024];

static const char *typed[VM_MAX];
static u64 host_clock;
static const struct machine_host *host;
static size_t console_length[VM_MAX];

void machine_input_reset(void)
{
	for (vm_id vm = 0; vm < VM_MAX; vm++) {
		typed[vm] = "";
		machine_console[vm][0] = '\0';
		console_length[vm] = 0;
	}
	host = NULL;
	host_clock = 0;
}

void machine_set_host(const struct machine_host *the_host)
{
	host = the_host;
}

void machine_type(vm_id vm, const char *text)
{
	typed[vm] = text;
}

u32 input_console(vm_id vm)
{
	if (host != NULL)
		return host->console(vm);
	if (typed[vm] == NULL || *typed[vm] == '\0')
		return INPUT_NONE;
	return (u8)*typed[vm]++;
}

u64 input_clock(void)
{
	if (host != NULL)
		return host->clock();
	return host_clock += 1000000;
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
