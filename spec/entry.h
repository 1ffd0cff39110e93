/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of VM entry, each with a name (SDM 3C chapter 26).
 *
 *	controls -> VMfail 7     host state -> VMfail 8     guest state -> exit 33     MSR loading -> exit 34
 *	(26.2.1)                 (26.2.2-4)                 (26.3.1)                   (26.4)
 */
#ifndef SPEC_ENTRY_H
#define SPEC_ENTRY_H

#include "spec/vmcs.h"

/* What a failed check leads to; for guest state also the exit qualification (26.8). */
enum spec_outcome { OUT_ENTERS, OUT_CONTROL, OUT_HOST, OUT_GUEST, OUT_PDPTE, OUT_NMI, OUT_LINK, OUT_MSR };

enum spec_check {
#define CHECK(name, ...) CHECK_##name,
#include "spec/entry.def"
#undef CHECK
	SPEC_CHECKS
};

#define SPEC_CHECK_WORDS ((SPEC_CHECKS + 63) / 64)
#define SPEC_CHECK_FIELDS 12

/* The capability MSRs (SDM 3D appendix A; the TRUE ones where they exist) and what CPUID tells. */
struct spec_caps {
	u64 basic, pin, cpu, cpu2, exit, entry, misc, cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1, ept_vpid, vmfunc;
	u64 efer, debugctl, perf_global, rtit;	/* the bits that may be set */
	u32 physical_bits, linear_bits;
	bool cet, rtm, sgx;
	bool nmi_sti;		/* refuses to inject an NMI while blocking by STI (26.3.1.5: "a processor may") */
};

/* What Bochs 2.7's tigerlake reports. */
extern const struct spec_caps spec_caps_bochs;

/* A generous processor: every control may be 0 or 1, all features. For dumps whose machine is not known. */
extern const struct spec_caps spec_caps_any;

/* What VM entry depends on outside the VMCS. */
struct spec_world {
	bool known;		/* the next four members are meaningful */
	bool long_mode;		/* the processor is in IA-32e mode (IA32_EFER.LMA) */
	bool smm;		/* in system-management mode */
	u64 vmcs, vmxon;	/* the current-VMCS pointer, the VMXON pointer */
	bool (*read)(const void *context, u64 address, u64 *quad);	/* 8 bytes of memory; null or false: not known */
	const void *context;
};

struct spec_check_info {
	const char *name, *section, *text;
	enum spec_outcome outcome;
	u32 segments;		/* 0, or a bit for each register (enum segment) that the check is made of */
	u8 field_count;
	u16 field[SPEC_CHECK_FIELDS];	/* for a segment check: that of ES; add the register's number */
};

struct spec_result {
	u64 failed[SPEC_CHECK_WORDS];
	u64 undecided[SPEC_CHECK_WORDS];	/* needs something that is not known */
	u8 segments[SPEC_CHECKS];	/* of a failed segment check: which registers fail */
	u32 msr;		/* of a failed MSR check: the entry's number, from 1 */
};

/* The nearest legal value of one field, all else unchanged. */
struct spec_fix {
	u32 field;
	u64 value;
};

extern const struct spec_check_info spec_checks[SPEC_CHECKS];

/* Evaluates every check. Returns true if none fails. */
bool spec_entry_check(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world,
		      struct spec_result *result);

/* Evaluates one check, for one register of a segment check: 1 holds, 0 fails, -1 undecided. `touched`, if not null, gets a
 * bit for each field that was read. */
int spec_entry_one(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world, u32 check,
		   u32 segment, u64 *touched);

/* A legal value near the one that fails; false if there is none to name. */
bool spec_entry_fix(const struct spec_vmcs *vmcs, const struct spec_caps *caps, const struct spec_world *world, u32 check,
		    u32 segment, struct spec_fix *fix);

/* The set of outcomes that the processor may show: bit 1 << enum spec_outcome. Controls and host state are checked in any
 * order, then guest state in any order, then MSRs (26.2, 26.3). */
u32 spec_entry_outcomes(const struct spec_result *result);

#endif
