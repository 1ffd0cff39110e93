/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runner inside Bochs and the host share: parameters, results, and the layout of the runner's memory.
 *
 *	boot disk   sector 0: boot header, struct model_params at MODEL_PARAMS      data disk  struct model_header, then the
 *	            the runner's image                                                        results from MODEL_RESULTS on
 */
#ifndef MODEL_CASE_H
#define MODEL_CASE_H

#include "spec/entry.h"

#define MODEL_PARAMS 64
#define MODEL_MAGIC 0x4c45444f4d525052ull
#define MODEL_RESULTS 0x10000ull	/* byte offset of the first result */
#define MODEL_BATCH 8192u
#define MODEL_RECORD_MAX 64u

enum model_suite { SUITE_ENTRY, SUITE_EPT, SUITE_EXIT, SUITE_COUNTER, SUITE_INSTRUCTION };

struct model_params {
	u64 magic, seed, first, count;
	u32 cases_sector;	/* not 0: the cases themselves are on the boot disk, one a sector */
	u32 reserved;
	u64 kill;		/* not 0: this VM-entry case enters wait-for-SIPI, where Bochs hangs for ever (to see that the run goes on) */
	u32 suite, careful;	/* careful: after every case its results are on the disk */
};

/* Kinds of valid VMCS that cases start from. */
enum model_base {
	BASE_LONG, BASE_LONG_NO_EPT, BASE_COMPATIBILITY, BASE_PAE, BASE_PAE_NO_EPT, BASE_32_NO_EPT, BASE_PROTECTED, BASE_REAL,
	BASE_V86, BASE_MINIMAL, BASES
};

struct model_header {
	u64 magic, done;	/* done: cases whose results are on the disk when the runner ends */
	struct spec_caps caps;
	u64 base[BASES][SPEC_FIELDS];
	u64 vmcs[BASES];
	u64 vmxon;
};

struct model_result {
	u64 tsc;		/* right before the VM entry; 0: the case has not run */
	u32 reason;		/* exit reason, or RESULT_VMFAIL */
	u32 error;		/* VM-instruction error */
	u64 qualification;
	u64 extra;
};

#define RESULT_VMFAIL 0xffffffffu
#define RESULT_EXCEPTION 0xfffffffeu	/* the runner itself took an exception: `error` is the vector */

/* Memory above the runner: fixed places, all below 128 MiB. */
#define AT_SANDBOX 0x4000000ull		/* 2 MiB: all that a guest can reach */
#define AT_GUEST_TABLES (AT_SANDBOX + 0x100000)	/* of guests with EPT; the same with and without */
#define AT_TABLES 0x4400000ull		/* page tables and EPT: see model/runner/tables.c */
#define AT_PDPT 0x4500000ull		/* one page of 128 page-directory-pointer tables for PAE without EPT */
#define AT_PAGES 0x4510000ull		/* pages that control fields point at */
#define PAGE_BITMAPS (AT_PAGES + 0x0000)	/* I/O A, I/O B, MSR, VMREAD, VMWRITE: five pages */
#define PAGE_VIRTUAL_APIC (AT_PAGES + 0x5000)	/* VTPR = MODEL_VTPR */
#define PAGE_APIC_ACCESS (AT_PAGES + 0x6000)
#define PAGE_PML (AT_PAGES + 0x7000)
#define PAGE_VE (AT_PAGES + 0x8000)
#define PAGE_EPTP_LIST (AT_PAGES + 0x9000)
#define PAGE_SPP (AT_PAGES + 0xa000)
#define PAGE_EXIT_STORE (AT_PAGES + 0xb000)
#define PAGE_EXIT_LOAD (AT_PAGES + 0xc000)
#define PAGE_ENTRY_LOAD (AT_PAGES + 0xd000)
#define PAGE_LINKS (AT_PAGES + 0x10000)		/* MODEL_LINKS pages, each beginning with model_link_revision() */
#define MODEL_LINKS 8u
#define MODEL_VTPR 0x50u
#define MODEL_EPTP (AT_TABLES | 0x1e)		/* write-back, four levels; accessed and dirty flags off */

#define MODEL_CHANGES 12u
#define MODEL_MSRS 3u

/* One VM-entry case: changes to a base, and what the MSR-load area holds. */
struct model_case {
	u32 base, change_count;
	struct {
		u32 field;	/* enum spec_field */
		u64 value;
	} change[MODEL_CHANGES];
	u32 msr_count;
	struct {
		u64 index, value;
	} msr[MODEL_MSRS];
};

/* A PDPTE in memory: entry 0-3 of table `table` at AT_PDPT. */
u64 model_pdpte(u32 table, u32 entry);
u32 model_link_revision(u32 link, u32 revision);

/* The first cases of every run are directed ones (model/directed.c): texts and checks that chance finds too rarely. */
extern const u32 model_directed_count;
void model_directed(u32 number, const struct model_header *header, struct model_case *out);

/* Makes case `number` of the run with `seed`. The same on both sides. */
void model_generate(u64 seed, u64 number, const struct model_header *header, struct model_case *out);

#endif
