/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exit says, in words (SDM 3C 27.2.1: exit qualifications). */
#include "trace.h"

#include "hv/io.h"
#include "hv/x86.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const registers[] = { "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
					 "R8",	"R9",  "R10", "R11", "R12", "R13", "R14", "R15" };

static u32 basic(const struct trace_record *record)
{
	return record->reason & 0xffffu;
}

const char *trace_reason(const struct trace_record *record)
{
	const char *name = exit_name(record->reason);

	return name != NULL ? name : "unknown exit";
}

bool trace_parse_reason(const char *text, u32 *reason)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end != text && *end == '\0' && number < EXIT_REASONS) {
		*reason = (u32)number;
		return true;
	}
	for (u32 i = 0; i < EXIT_REASONS; i++) {
		if (exit_name(i) != NULL && strcasecmp(exit_name(i), text) == 0) {
			*reason = i;
			return true;
		}
	}
#define VM_EXIT(name, number, fields, words) \
	if (strcasecmp(text, #name) == 0) { \
		*reason = number; \
		return true; \
	}
#include "hv/exits.def"
#undef VM_EXIT
	return false;
}

bool trace_io(const struct trace_record *record, struct trace_io *io)
{
	u64 q = record->qualification;

	if (basic(record) != EXIT_IO_INSTRUCTION)
		return false;
	io->port = (u16)(q >> 16);
	io->width = (u8)((q & 7) + 1);
	io->in = (q & IO_IN) != 0;
	io->string = (q & IO_STRING) != 0;
	io->rep = (q & 0x20) != 0;
	io->value = (u32)(record->value & (io->width >= 4 ? 0xffffffffu : (1u << 8 * io->width) - 1));
	return true;
}

const char *trace_msr_name(u32 msr)
{
	static const struct { u32 number; const char *name; } names[] = {
		{ 0x10, "IA32_TIME_STAMP_COUNTER" }, { 0x17, "IA32_PLATFORM_ID" }, { 0x1b, "IA32_APIC_BASE" },
		{ 0x34, "MSR_SMI_COUNT" }, { 0x3a, "IA32_FEATURE_CONTROL" }, { 0x3b, "IA32_TSC_ADJUST" },
		{ 0x8b, "IA32_BIOS_SIGN_ID" }, { 0xfe, "IA32_MTRRCAP" }, { 0x140, "MISC_FEATURE_ENABLES" },
		{ 0x174, "IA32_SYSENTER_CS" }, { 0x175, "IA32_SYSENTER_ESP" }, { 0x176, "IA32_SYSENTER_EIP" },
		{ 0x179, "IA32_MCG_CAP" }, { 0x1a0, "IA32_MISC_ENABLE" }, { 0x1d9, "IA32_DEBUGCTL" }, { 0x277, "IA32_PAT" },
		{ 0x2ff, "IA32_MTRR_DEF_TYPE" }, { 0xc0000080, "IA32_EFER" }, { 0xc0000081, "IA32_STAR" },
		{ 0xc0000082, "IA32_LSTAR" }, { 0xc0000083, "IA32_CSTAR" }, { 0xc0000084, "IA32_FMASK" },
		{ 0xc0000100, "IA32_FS_BASE" }, { 0xc0000101, "IA32_GS_BASE" }, { 0xc0000102, "IA32_KERNEL_GS_BASE" },
		{ 0xc0000103, "IA32_TSC_AUX" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == msr)
			return names[i].name;
	return NULL;
}

static void io_detail(const struct trace_record *record, char *text, size_t bytes)
{
	struct trace_io io;

	trace_io(record, &io);
	if (io.string)
		snprintf(text, bytes, "%s%s %03XH, %u-byte, linear %llXH", io.rep ? "REP " : "", io.in ? "INS" : "OUTS", io.port,
			 io.width, (unsigned long long)record->address);
	else
		snprintf(text, bytes, "%s %03XH, %u-byte, value %XH", io.in ? "IN" : "OUT", io.port, io.width, io.value);
}

static void cr_detail(const struct trace_record *record, char *text, size_t bytes)
{
	u64 q = record->qualification;
	const char *reg = registers[q >> 8 & 15];

	switch (q >> 4 & 3) {
	case 0:
		snprintf(text, bytes, "MOV CR%llu, %s: %llXH", (unsigned long long)(q & 15), reg,
			 (unsigned long long)record->value);
		break;
	case 1:
		snprintf(text, bytes, "MOV %s, CR%llu", reg, (unsigned long long)(q & 15));
		break;
	case 2:
		snprintf(text, bytes, "CLTS");
		break;
	default:
		snprintf(text, bytes, "LMSW %04llXH", (unsigned long long)(q >> 16 & 0xffff));
		break;
	}
}

void trace_detail(const struct trace_record *record, char *text, size_t bytes)
{
	unsigned long long q = record->qualification, value = record->value;
	const char *name = trace_msr_name(record->detail);

	text[0] = '\0';
	switch (basic(record)) {
	case EXIT_IO_INSTRUCTION:
		io_detail(record, text, bytes);
		break;
	case EXIT_CPUID:
		snprintf(text, bytes, "leaf %XH, EAX %llXH", record->detail, value & 0xffffffff);
		break;
	case EXIT_RDMSR:
	case EXIT_WRMSR:
		snprintf(text, bytes, "MSR %XH%s%s, value %llXH", record->detail, name != NULL ? " " : "",
			 name != NULL ? name : "", value);
		break;
	case EXIT_CR_ACCESS:
		cr_detail(record, text, bytes);
		break;
	case EXIT_MOV_DR:
		if ((q & 0x10) != 0)
			snprintf(text, bytes, "MOV %s, DR%llu", registers[q >> 8 & 15], q & 7);
		else
			snprintf(text, bytes, "MOV DR%llu, %s: %llXH", q & 7, registers[q >> 8 & 15], value);
		break;
	case EXIT_EXCEPTION_NMI:
		snprintf(text, bytes, "vector %u, qualification %llXH", record->detail & 0xff, q);
		break;
	case EXIT_EPT_VIOLATION:
	case EXIT_EPT_MISCONFIGURATION:
		snprintf(text, bytes, "guest-physical %llXH,%s%s%s", (unsigned long long)record->address,
			 (q & 1) != 0 ? " read" : "", (q & 2) != 0 ? " write" : "", (q & 4) != 0 ? " fetch" : "");
		break;
	case EXIT_INVLPG:
		snprintf(text, bytes, "linear %llXH", q);
		break;
	default:
		if ((record->flags & TRACE_EVENT) != 0)
			snprintf(text, bytes, "injects vector %u", record->detail & 0xff);
		break;
	}
}
