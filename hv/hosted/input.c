/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted body of the input door: scripted console bytes in, buffers out. */
#include "input.h"
#include <string.h>
#include "machine.h"

char machine_console[VM_MAX][MACHINE_CONSOLE];
struct link_report machine_reports[MACHINE_REPORTS];
u32 machine_report_count;
char machine_message[1024];

static const char *typed[VM_MAX];
static u64 host_clock;

void machine_type(vm_id vm, const char *text)
{
	typed[vm] = text;
}

u32 input_console(vm_id vm)
{
	if (typed[vm] == NULL || *typed[vm] == '\0')
		return INPUT_NONE;
	return (u8)*typed[vm]++;
}

u64 input_clock(void)
{
	return host_clock += 1000000;
}

void output_console(vm_id vm, u8 byte)
{
	size_t length = strlen(machine_console[vm]);

	if (length < MACHINE_CONSOLE - 1)
		machine_console[vm][length] = (char)byte;
}

void output_message(const char *text)
{
	strncpy(machine_message, text, sizeof(machine_message) - 1);
}

void output_report(const struct link_report *report)
{
	if (machine_report_count < MACHINE_REPORTS)
		machine_reports[machine_report_count++] = *report;
}

void output_drain(void)
{
}
