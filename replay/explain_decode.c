/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of bits in the VMCS fields that people read bit by bit. */
#include "explain.h"
#include "spec/vmx.h"

#include <stdio.h>
#include <string.h>

struct bit {
	u32 at;
	const char *name;
};

static const struct bit cr0[] = { { 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" }, { 5, "NE" }, { 16, "WP" }, { 18, "AM" }, { 29, "NW" }, { 30, "CD" }, { 31, "PG" }, { 0, NULL } };
static const struct bit cr4[] = { { 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" }, { 5, "PAE" }, { 6, "MCE" }, { 7, "PGE" }, { 8, "PCE" }, { 9, "OSFXSR" },
	{ 10, "OSXMMEXCPT" }, { 11, "UMIP" }, { 12, "LA57" }, { 13, "VMXE" }, { 14, "SMXE" }, { 16, "FSGSBASE" }, { 17, "PCIDE" }, { 18, "OSXSAVE" }, { 20, "SMEP" }, { 21, "SMAP" },
	{ 22, "PKE" }, { 23, "CET" }, { 24, "PKS" }, { 0, NULL } };
static const struct bit efer[] = { { 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" }, { 0, NULL } };
static const struct bit rflags[] = { { 0, "CF" }, { 2, "PF" }, { 4, "AF" }, { 6, "ZF" }, { 7, "SF" }, { 8, "TF" }, { 9, "IF" }, { 10, "DF" }, { 11, "OF" }, { 14, "NT" }, { 16, "RF" }, { 17, "VM" },
	{ 18, "AC" }, { 19, "VIF" }, { 20, "VIP" }, { 21, "ID" }, { 0, NULL } };
static const struct bit pin[] = { { 0, "external-interrupt exiting" }, { 3, "NMI exiting" }, { 5, "virtual NMIs" }, { 6, "activate VMX-preemption timer" }, { 7, "process posted interrupts" }, { 0, NULL } };
static const struct bit cpu[] = { { 2, "interrupt-window exiting" }, { 3, "use TSC offsetting" }, { 7, "HLT exiting" }, { 9, "INVLPG exiting" }, { 10, "MWAIT exiting" }, { 11, "RDPMC exiting" },
	{ 12, "RDTSC exiting" }, { 15, "CR3-load exiting" }, { 16, "CR3-store exiting" }, { 17, "activate tertiary controls" }, { 19, "CR8-load exiting" }, { 20, "CR8-store exiting" },
	{ 21, "use TPR shadow" }, { 22, "NMI-window exiting" }, { 23, "MOV-DR exiting" }, { 24, "unconditional I/O exiting" }, { 25, "use I/O bitmaps" }, { 27, "monitor trap flag" },
	{ 28, "use MSR bitmaps" }, { 29, "MONITOR exiting" }, { 30, "PAUSE exiting" }, { 31, "activate secondary controls" }, { 0, NULL } };
static const struct bit cpu2[] = { { 0, "virtualize APIC accesses" }, { 1, "enable EPT" }, { 2, "descriptor-table exiting" }, { 3, "enable RDTSCP" }, { 4, "virtualize x2APIC mode" }, { 5, "enable VPID" },
	{ 6, "WBINVD exiting" }, { 7, "unrestricted guest" }, { 8, "APIC-register virtualization" }, { 9, "virtual-interrupt delivery" }, { 10, "PAUSE-loop exiting" }, { 11, "RDRAND exiting" },
	{ 12, "enable INVPCID" }, { 13, "enable VM functions" }, { 14, "VMCS shadowing" }, { 15, "enable ENCLS exiting" }, { 16, "RDSEED exiting" }, { 17, "enable PML" }, { 18, "EPT-violation #VE" },
	{ 19, "conceal VMX from PT" }, { 20, "enable XSAVES/XRSTORS" }, { 22, "mode-based execute control for EPT" }, { 23, "sub-page write permissions for EPT" },
	{ 24, "Intel PT uses guest physical addresses" }, { 25, "use TSC scaling" }, { 26, "enable user wait and pause" }, { 0, NULL } };
static const struct bit exits[] = { { 2, "save debug controls" }, { 9, "host address-space size" }, { 12, "load IA32_PERF_GLOBAL_CTRL" }, { 15, "acknowledge interrupt on exit" }, { 18, "save IA32_PAT" },
	{ 19, "load IA32_PAT" }, { 20, "save IA32_EFER" }, { 21, "load IA32_EFER" }, { 22, "save VMX-preemption timer value" }, { 23, "clear IA32_BNDCFGS" }, { 24, "conceal VMX from PT" },
	{ 25, "clear IA32_RTIT_CTL" }, { 28, "load CET state" }, { 29, "load PKRS" }, { 0, NULL } };
static const struct bit entries[] = { { 2, "load debug controls" }, { 9, "IA-32e mode guest" }, { 10, "entry to SMM" }, { 11, "deactivate dual-monitor treatment" }, { 13, "load IA32_PERF_GLOBAL_CTRL" },
	{ 14, "load IA32_PAT" }, { 15, "load IA32_EFER" }, { 16, "load IA32_BNDCFGS" }, { 17, "conceal VMX from PT" }, { 18, "load IA32_RTIT_CTL" }, { 20, "load CET state" }, { 22, "load PKRS" }, { 0, NULL } };
static const struct bit rights[] = { { 4, "S" }, { 7, "P" }, { 12, "AVL" }, { 13, "L" }, { 14, "D/B" }, { 15, "G" }, { 16, "unusable" }, { 0, NULL } };
static const struct bit blocking[] = { { 0, "by STI" }, { 1, "by MOV SS" }, { 2, "by SMI" }, { 3, "by NMI" }, { 4, "enclave" }, { 0, NULL } };
static const struct bit debug[] = { { 0, "B0" }, { 1, "B1" }, { 2, "B2" }, { 3, "B3" }, { 12, "enabled breakpoint" }, { 14, "BS" }, { 16, "RTM" }, { 0, NULL } };

static const struct { u32 field; const struct bit *bits; } tables[] = {
	{ F_GUEST_CR0, cr0 }, { F_HOST_CR0, cr0 }, { F_GUEST_CR4, cr4 }, { F_HOST_CR4, cr4 }, { F_GUEST_IA32_EFER, efer }, { F_HOST_IA32_EFER, efer }, { F_GUEST_RFLAGS, rflags },
	{ F_PIN_BASED_CONTROLS, pin }, { F_PROCESSOR_BASED_CONTROLS, cpu }, { F_SECONDARY_CONTROLS, cpu2 }, { F_VM_EXIT_CONTROLS, exits }, { F_VM_ENTRY_CONTROLS, entries },
	{ F_GUEST_INTERRUPTIBILITY_STATE, blocking }, { F_GUEST_PENDING_DEBUG_EXCEPTIONS, debug },
};

static char text[900];

static void append(const char *before, const char *name)
{
	size_t used = strlen(text);

	snprintf(text + used, sizeof(text) - used, "%s%s", before, name);
}

static void append_bits(const struct bit *bits, u64 value)
{
	const char *between = "";

	for (; bits->name != NULL; bits++)
		if ((value >> bits->at & 1) != 0) {
			append(between, bits->name);
			between = strchr(bits->name, ' ') != NULL ? ", " : " ";
		}
}

static void event(u64 value)
{
	static const char *const types[] = { "external interrupt", "reserved type 1", "NMI", "hardware exception", "software interrupt",
					     "privileged software exception", "software exception", "other event" };

	if ((value & EVENT_VALID) == 0) {
		append("", "nothing is injected");
		return;
	}
	snprintf(text, sizeof(text), "%s, vector %u%s", types[EVENT_TYPE(value)], (u32)EVENT_VECTOR(value), (value & EVENT_ERROR_CODE) != 0 ? ", error code" : "");
}

const char *explain_decode(u32 field, u64 value)
{
	static const char *const activities[] = { "active", "HLT", "shutdown", "wait-for-SIPI" };

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i].field == field)
			append_bits(tables[i].bits, value);
	if (field >= F_GUEST_ES_ACCESS_RIGHTS && field <= F_GUEST_TR_ACCESS_RIGHTS) {
		snprintf(text, sizeof(text), "type %u, DPL %u, ", (u32)(value & 15), (u32)(value >> 5 & 3));
		append_bits(rights, value);
	} else if (field == F_VM_ENTRY_INTERRUPTION_INFO) {
		event(value);
	} else if (field == F_GUEST_ACTIVITY_STATE && value < 4) {
		append("", activities[value]);
	} else if (field == F_EPT_POINTER) {
		snprintf(text, sizeof(text), "memory type %u, walk length %u%s", (u32)(value & 7), (u32)(value >> 3 & 7) + 1, (value & 0x40) != 0 ? ", accessed and dirty flags" : "");
	}
	return text;
}
