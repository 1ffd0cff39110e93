/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMCS dumps as people paste them: KVM's in dmesg, Xen's in xl dmesg. Log prefixes are taken off and the lines joined, so that
 * a wrapped line does no harm; then every `key=value` is looked up, by its section and by the last word that ended in a colon.
 */
#include "explain.h"
#include "spec/vmcs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum section { ANY, GUEST, HOST, CONTROL };

struct key {
	enum section section;
	const char *context;	/* the last word with a colon; null: any */
	const char *key;
	u32 field;
};

static const struct key keys[] = {
	{ GUEST, "CR0", "actual", F_GUEST_CR0 }, { GUEST, "CR0", "shadow", F_CR0_READ_SHADOW }, { GUEST, "CR0", "gh_mask", F_CR0_GUEST_HOST_MASK },
	{ GUEST, "CR4", "actual", F_GUEST_CR4 }, { GUEST, "CR4", "shadow", F_CR4_READ_SHADOW }, { GUEST, "CR4", "gh_mask", F_CR4_GUEST_HOST_MASK },
	{ GUEST, NULL, "CR3", F_GUEST_CR3 }, { GUEST, NULL, "PDPTR0", F_GUEST_PDPTE0 }, { GUEST, NULL, "PDPTR1", F_GUEST_PDPTE1 },
	{ GUEST, NULL, "PDPTR2", F_GUEST_PDPTE2 }, { GUEST, NULL, "PDPTR3", F_GUEST_PDPTE3 }, { GUEST, NULL, "PDPTE0", F_GUEST_PDPTE0 },
	{ GUEST, NULL, "PDPTE1", F_GUEST_PDPTE1 }, { GUEST, NULL, "PDPTE2", F_GUEST_PDPTE2 }, { GUEST, NULL, "PDPTE3", F_GUEST_PDPTE3 },
	{ GUEST, "Sysenter", "RSP", F_GUEST_SYSENTER_ESP }, { GUEST, NULL, "RSP", F_GUEST_RSP }, { GUEST, NULL, "RIP", F_GUEST_RIP },
	{ GUEST, NULL, "RFLAGS", F_GUEST_RFLAGS }, { GUEST, NULL, "DR7", F_GUEST_DR7 },
	{ GUEST, NULL, "EFER", F_GUEST_IA32_EFER }, { GUEST, NULL, "EFER(VMCS)", F_GUEST_IA32_EFER }, { GUEST, NULL, "PAT", F_GUEST_IA32_PAT },
	{ GUEST, NULL, "DebugCtl", F_GUEST_IA32_DEBUGCTL }, { GUEST, NULL, "DebugExceptions", F_GUEST_PENDING_DEBUG_EXCEPTIONS },
	{ GUEST, NULL, "PerfGlobCtl", F_GUEST_IA32_PERF_GLOBAL_CTRL }, { GUEST, NULL, "BndCfgS", F_GUEST_BNDCFGS },
	{ GUEST, NULL, "S_CET", F_GUEST_S_CET }, { GUEST, NULL, "SSP", F_GUEST_SSP }, { GUEST, NULL, "SSP TABLE", F_GUEST_INTERRUPT_SSP_TABLE },
	{ GUEST, NULL, "PreemptionTimer", F_VMX_PREEMPTION_TIMER_VALUE }, { GUEST, NULL, "SM Base", F_GUEST_SMBASE },
	{ GUEST, NULL, "Interruptibility", F_GUEST_INTERRUPTIBILITY_STATE }, { GUEST, NULL, "ActivityState", F_GUEST_ACTIVITY_STATE },
	{ GUEST, NULL, "InterruptStatus", F_GUEST_INTERRUPT_STATUS },
	{ HOST, "Sysenter", "RSP", F_HOST_SYSENTER_ESP }, { HOST, NULL, "RSP", F_HOST_RSP }, { HOST, NULL, "RIP", F_HOST_RIP },
	{ HOST, NULL, "CS", F_HOST_CS_SELECTOR }, { HOST, NULL, "SS", F_HOST_SS_SELECTOR }, { HOST, NULL, "DS", F_HOST_DS_SELECTOR },
	{ HOST, NULL, "ES", F_HOST_ES_SELECTOR }, { HOST, NULL, "FS", F_HOST_FS_SELECTOR }, { HOST, NULL, "GS", F_HOST_GS_SELECTOR },
	{ HOST, NULL, "TR", F_HOST_TR_SELECTOR }, { HOST, NULL, "FSBase", F_HOST_FS_BASE }, { HOST, NULL, "GSBase", F_HOST_GS_BASE },
	{ HOST, NULL, "TRBase", F_HOST_TR_BASE }, { HOST, NULL, "GDTBase", F_HOST_GDTR_BASE }, { HOST, NULL, "IDTBase", F_HOST_IDTR_BASE },
	{ HOST, NULL, "CR0", F_HOST_CR0 }, { HOST, NULL, "CR3", F_HOST_CR3 }, { HOST, NULL, "CR4", F_HOST_CR4 },
	{ HOST, NULL, "EFER", F_HOST_IA32_EFER }, { HOST, NULL, "PAT", F_HOST_IA32_PAT }, { HOST, NULL, "PerfGlobCtl", F_HOST_IA32_PERF_GLOBAL_CTRL },
	{ HOST, NULL, "S_CET", F_HOST_S_CET }, { HOST, NULL, "SSP", F_HOST_SSP }, { HOST, NULL, "SSP TABLE", F_HOST_INTERRUPT_SSP_TABLE },
	{ CONTROL, NULL, "PinBased", F_PIN_BASED_CONTROLS }, { CONTROL, NULL, "CPUBased", F_PROCESSOR_BASED_CONTROLS },
	{ CONTROL, NULL, "SecondaryExec", F_SECONDARY_CONTROLS }, { CONTROL, NULL, "EntryControls", F_VM_ENTRY_CONTROLS },
	{ CONTROL, NULL, "ExitControls", F_VM_EXIT_CONTROLS }, { CONTROL, NULL, "ExceptionBitmap", F_EXCEPTION_BITMAP },
	{ CONTROL, NULL, "PFECmask", F_PAGE_FAULT_ERROR_CODE_MASK }, { CONTROL, NULL, "PFECmatch", F_PAGE_FAULT_ERROR_CODE_MATCH },
	{ CONTROL, "VMEntry", "intr_info", F_VM_ENTRY_INTERRUPTION_INFO }, { CONTROL, "VMEntry", "errcode", F_VM_ENTRY_EXCEPTION_ERROR_CODE },
	{ CONTROL, "VMEntry", "ilen", F_VM_ENTRY_INSTRUCTION_LENGTH }, { CONTROL, "VMExit", "intr_info", F_VM_EXIT_INTERRUPTION_INFO },
	{ CONTROL, "VMExit", "errcode", F_VM_EXIT_INTERRUPTION_ERROR_CODE }, { CONTROL, "VMExit", "ilen", F_VM_EXIT_INSTRUCTION_LENGTH },
	{ CONTROL, NULL, "reason", F_VM_EXIT_REASON }, { CONTROL, NULL, "qualification", F_EXIT_QUALIFICATION },
	{ CONTROL, "IDTVectoring", "info", F_IDT_VECTORING_INFO }, { CONTROL, "IDTVectoring", "errcode", F_IDT_VECTORING_ERROR_CODE },
	{ CONTROL, NULL, "TSC Offset", F_TSC_OFFSET }, { CONTROL, NULL, "TSC Multiplier", F_TSC_MULTIPLIER },
	{ CONTROL, NULL, "TPR Threshold", F_TPR_THRESHOLD }, { CONTROL, NULL, "PostedIntrVec", F_POSTED_INTERRUPT_VECTOR },
	{ CONTROL, NULL, "APIC-access addr", F_APIC_ACCESS_ADDRESS }, { CONTROL, NULL, "virt-APIC addr", F_VIRTUAL_APIC_ADDRESS },
	{ CONTROL, NULL, "EPT pointer", F_EPT_POINTER }, { CONTROL, NULL, "EPTP index", F_EPTP_INDEX },
	{ CONTROL, NULL, "Virtual processor ID", F_VPID }, { CONTROL, NULL, "VMfunc controls", F_VM_FUNCTION_CONTROLS },
};

static const char *const registers[] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR" };

/* Behind what loggers put before a line: <3>, (XEN), [  12.34], dates and host names up to "kernel:", "kvm_intel:". */
static char *skip_prefix(char *line)
{
	char *p = line;

	for (bool again = true; again;) {
		char *kernel;

		again = false;
		while (isspace((unsigned char)*p) || *p == '>' || *p == '|')
			p++;
		if (*p == '<' && isdigit((unsigned char)p[1]) && strchr(p, '>') != NULL) {
			p = strchr(p, '>') + 1;
			again = true;
		} else if (strncmp(p, "(XEN)", 5) == 0) {
			p += 5;
			again = true;
		} else if (*p == '[' && strchr(p, ']') != NULL) {
			p = strchr(p, ']') + 1;
			again = true;
		} else if ((kernel = strstr(p, " kernel:")) != NULL) {
			p = kernel + 8;
			again = true;
		} else if (strncmp(p, "kvm_intel:", 10) == 0 || strncmp(p, "kernel:", 7) == 0 || strncmp(p, "kvm:", 4) == 0) {
			p = strchr(p, ':') + 1;
			again = true;
		}
	}
	return p;
}

/* One line of text: prefixes off, blanks single, none around '='. In place. */
static void flatten(char *text)
{
	char *out = text;

	for (char *line = text; line != NULL && *line != '\0';) {
		char *end = strchr(line, '\n');
		char *next = end != NULL ? end + 1 : NULL;

		if (end != NULL)
			*end = '\0';
		for (char *p = skip_prefix(line); *p != '\0'; p++) {
			bool blank = isspace((unsigned char)*p);

			if (blank && (out == text || out[-1] == ' ' || out[-1] == '='))
				continue;
			if (*p == '=' && out > text && out[-1] == ' ')
				out--;
			*out++ = blank ? ' ' : *p;
		}
		if (end != NULL && out > text && out[-1] != ' ' && out[-1] != '=')
			*out++ = ' ';	/* in the place of the line's end */
		line = next;
	}
	*out = '\0';
}

static bool number(char **at, u64 *value)
{
	char *p = *at, *end;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	if (!isxdigit((unsigned char)*p))
		return false;
	*value = strtoull(p, &end, 16);
	/* a 64-bit number that a terminal has broken in two */
	if (end - p < 16 && *end == ' ') {
		char *rest;
		u64 low = strtoull(end + 1, &rest, 16);

		if (rest - (end + 1) + (end - p) == 16 && (*rest == ' ' || *rest == '\0' || *rest == ',') && rest != end + 1) {
			*value = *value << (4 * (rest - (end + 1))) | low;
			end = rest;
		}
	}
	*at = end;
	return true;
}

struct scan {
	struct explain_input *out;
	enum section section;
	char context[24];
};

static u32 register_of(const char *context)
{
	for (u32 i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		if (strcmp(context, registers[i]) == 0)
			return i;
	return 8;
}

/* sel=, attr=, limit=, base= of KVM. */
static bool segment_key(struct scan *s, const char *key, size_t length, u64 value)
{
	static const struct { const char *key; u32 field; } parts[] = {
		{ "sel", F_GUEST_ES_SELECTOR }, { "attr", F_GUEST_ES_ACCESS_RIGHTS }, { "limit", F_GUEST_ES_LIMIT }, { "base", F_GUEST_ES_BASE },
	};
	bool gdtr = strcmp(s->context, "GDTR") == 0, idtr = strcmp(s->context, "IDTR") == 0;
	u32 n = register_of(s->context);

	for (u32 i = 0; i < 4; i++) {
		if (strlen(parts[i].key) != length || strncmp(parts[i].key, key, length) != 0)
			continue;
		if (gdtr || idtr)
			explain_field(s->out, i == 2 ? (gdtr ? F_GUEST_GDTR_LIMIT : F_GUEST_IDTR_LIMIT) : (gdtr ? F_GUEST_GDTR_BASE : F_GUEST_IDTR_BASE), value);
		else if (n < 8)
			explain_field(s->out, parts[i].field + n, value);
		return true;
	}
	return false;
}

/* `p` begins a word; looks a key up and notes its value. Returns where to go on. */
static char *assignment(struct scan *s, char *p)
{
	char *equals = strchr(p, '=');
	size_t length = equals != NULL ? (size_t)(equals - p) : 0;
	u64 value;
	char *at;

	if (equals == NULL || length > 24)
		return NULL;
	at = equals + 1;
	if (!number(&at, &value))
		return NULL;
	if (segment_key(s, p, length, value))
		return at;
	for (u32 i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key *k = &keys[i];

		if (k->section != s->section || strlen(k->key) != length || strncmp(k->key, p, length) != 0 ||
		    (k->context != NULL && strcmp(k->context, s->context) != 0))
			continue;
		explain_field(s->out, k->field, value);
		return at;
	}
	return NULL;
}

/* Xen's table: "CS: 0010 0a09b ffffffff 0000000000000000", "GDTR: 0000ffff ffff83...". */
static char *table_row(struct scan *s, char *p)
{
	u32 n = register_of(s->context);
	bool gdtr = strcmp(s->context, "GDTR") == 0;
	u64 v[4];
	u32 count = n < 8 ? 4 : 2;

	if (n == 8 && !gdtr && strcmp(s->context, "IDTR") != 0)
		return NULL;
	for (u32 i = 0; i < count; i++) {
		char *end;

		while (*p == ' ')
			p++;
		if (!isxdigit((unsigned char)*p))
			return NULL;
		v[i] = strtoull(p, &end, 16);
		if (*end != ' ' && *end != '\0')
			return NULL;
		p = end;
	}
	if (n < 8) {
		explain_field(s->out, F_GUEST_ES_SELECTOR + n, v[0]);
		explain_field(s->out, F_GUEST_ES_ACCESS_RIGHTS + n, v[1]);
		explain_field(s->out, F_GUEST_ES_LIMIT + n, v[2]);
		explain_field(s->out, F_GUEST_ES_BASE + n, v[3]);
	} else {
		explain_field(s->out, gdtr ? F_GUEST_GDTR_LIMIT : F_GUEST_IDTR_LIMIT, v[0]);
		explain_field(s->out, gdtr ? F_GUEST_GDTR_BASE : F_GUEST_IDTR_BASE, v[1]);
	}
	return p;
}

/* "Sysenter RSP=... CS:RIP=0010:ffff..." */
static char *sysenter(struct scan *s, char *p)
{
	bool host = s->section == HOST;
	u64 cs, rip;

	p += strlen("CS:RIP=");
	if (!number(&p, &cs) || *p++ != ':' || !number(&p, &rip))
		return NULL;
	explain_field(s->out, host ? F_HOST_SYSENTER_CS : F_GUEST_SYSENTER_CS, cs);
	explain_field(s->out, host ? F_HOST_SYSENTER_EIP : F_GUEST_SYSENTER_EIP, rip);
	s->context[0] = '\0';
	return p;
}

static char *word(struct scan *s, char *p)
{
	char *next = NULL, *end = p + strcspn(p, " ");
	size_t length = (size_t)(end - p);

	if (strncmp(p, "*** Guest", 9) == 0 || strncmp(p, "*** Host", 8) == 0 || strncmp(p, "*** Control", 11) == 0) {
		s->section = p[4] == 'G' ? GUEST : p[4] == 'H' ? HOST : CONTROL;
		s->context[0] = '\0';
		return p + 4;
	}
	if (s->section == ANY)
		return end;
	if (strncmp(p, "CS:RIP=", 7) == 0)
		next = sysenter(s, p);
	else if (strncmp(p, "Sysenter ", 9) == 0)
		strcpy(s->context, "Sysenter");
	else if (length > 1 && length < sizeof(s->context) && end[-1] == ':' && memchr(p, '=', length) == NULL) {
		memcpy(s->context, p, length - 1);
		s->context[length - 1] = '\0';
		next = table_row(s, end);
	} else {
		next = assignment(s, p);
		if (next != NULL && strcmp(s->context, "Sysenter") == 0 && strncmp(p, "RSP=", 4) != 0)
			s->context[0] = '\0';
	}
	return next != NULL ? next : end;
}

void explain_dump(char *text, struct explain_input *out)
{
	struct scan s = { .out = out, .section = ANY };

	flatten(text);
	for (char *p = text; *p != '\0';) {
		if (*p == ' ' || *p == ',' || *p == '(' || *p == '|')
			p++;
		else
			p = word(&s, p);
	}
}
