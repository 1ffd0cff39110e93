/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted machine: a VMCS in an array for each VM, scripted VM exits and inputs, and what the core did to it all. */
#ifndef HV_HOSTED_MACHINE_H
#define HV_HOSTED_MACHINE_H

#include "host.h"
#include "link.h"
#include "types.h"

#define MACHINE_CONSOLE 4096u
#define MACHINE_REPORTS 64u

/* What one cpu_enter does: the guest runs `ticks`, its VMCS fields change, and it exits. Called by cpu_enter; returns
 * the ticks, or CPU_ENTRY_FAILED. A test installs its own. */
typedef s64 machine_guest(vm_id vm, u64 tsc);

/* Everything as after power-on; `guest` plays the guests. */
void machine_reset(machine_guest *guest);

/* Where a field lies in the array: width, kind and number, 2 + 2 + 5 bits (SDM 3C table 24-21). */
#define MACHINE_FIELDS 512u
static inline u32 machine_index(u32 field)
{
	return (field >> 13 & 3u) << 7 | (field >> 10 & 3u) << 5 | (field >> 1 & 31u);
}

/* All fields of a VM's VMCS, MACHINE_FIELDS of them. */
u64 *machine_fields(vm_id vm);

/* VMCS fields without the checks of the door: read-only fields can be set, as the processor does at a VM exit. */
u64 machine_field(vm_id vm, u32 field);
void machine_set_field(vm_id vm, u32 field, u64 value);

/* Bytes that input_console will hand out to the VM. */
void machine_type(vm_id vm, const char *text);

/* A host that is asked instead: for console bytes (INPUT_NONE: none) and nanoseconds; null as after machine_reset: what
 * machine_type gave, and a millisecond a call. */
struct machine_host {
	u32 (*console)(vm_id vm);
	u64 (*clock)(void);
	bool (*disk)(enum host_disk disk, bool write, u64 sector, u64 count, u64 hpa);	/* null: there are none */
};
void machine_set_host(const struct machine_host *host);

/* The input door as after power-on; part of machine_reset. */
void machine_input_reset(void);

/* What the core wrote. */
extern char machine_console[8][MACHINE_CONSOLE];
extern struct link_report machine_reports[MACHINE_REPORTS];
extern u32 machine_report_count;
extern char machine_message[1024];	/* the last one */
extern u32 machine_invept_count;
extern u64 machine_msr[8], machine_cr2, machine_dr[8], machine_xcr0;

#endif
