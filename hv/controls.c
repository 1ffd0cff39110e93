/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX control words, as pure functions of the capability MSRs. */
#include "controls.h"
#include "x86.h"

#define PIN_NEEDED (PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER)
#define CPU_NEEDED \
	(CPU_TSC_OFFSETTING | CPU_HLT_EXITING | CPU_MWAIT_EXITING | CPU_RDPMC_EXITING | CPU_CR8_LOAD_EXITING | \
	 CPU_CR8_STORE_EXITING | CPU_MOV_DR_EXITING | CPU_USE_IO_BITMAPS | CPU_USE_MSR_BITMAPS | \
	 CPU_MONITOR_EXITING | CPU_SECONDARY_CONTROLS)
#define CPU2_NEEDED \
	(CPU2_ENABLE_EPT | CPU2_ENABLE_RDTSCP | CPU2_ENABLE_VPID | CPU2_WBINVD_EXITING | CPU2_UNRESTRICTED_GUEST | \
	 CPU2_RDRAND_EXITING | CPU2_RDSEED_EXITING)
#define EXIT_NEEDED \
	(EXIT_CTL_SAVE_DEBUG_CONTROLS | EXIT_CTL_HOST_ADDRESS_SPACE_SIZE | EXIT_CTL_ACK_INTERRUPT | EXIT_CTL_SAVE_PAT | \
	 EXIT_CTL_LOAD_PAT | EXIT_CTL_SAVE_EFER | EXIT_CTL_LOAD_EFER)
#define ENTRY_NEEDED (ENTRY_CTL_LOAD_DEBUG_CONTROLS | ENTRY_CTL_LOAD_PAT | ENTRY_CTL_LOAD_EFER)
#define EPT_NEEDED \
	(EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_INVEPT | EPT_CAP_AD | EPT_CAP_INVEPT_SINGLE)

enum error controls_adjust(u64 capability, u32 wanted, u32 *out)
{
	u32 must = (u32)capability;
	u32 may = (u32)(capability >> 32);

	*out = wanted | must;
	return (*out & ~may) == 0 ? OK : ERR_INVALID;
}

static u32 extra_exits(u32 intercepts)
{
	u32 extra = 0;

	if ((intercepts & PLAN_INTERCEPT_RDTSC) != 0)
		extra |= CPU_RDTSC_EXITING;
	if ((intercepts & PLAN_INTERCEPT_CR3) != 0)
		extra |= CPU_CR3_LOAD_EXITING | CPU_CR3_STORE_EXITING;
	if ((intercepts & PLAN_INTERCEPT_INVLPG) != 0)
		extra |= CPU_INVLPG_EXITING;
	if ((intercepts & PLAN_INTERCEPT_PAUSE) != 0)
		extra |= CPU_PAUSE_EXITING;
	return extra;
}

const char *controls_for(const struct capabilities *caps, const struct plan_vm *plan, struct controls *out)
{
	u32 entry = ENTRY_NEEDED | (plan->start == PLAN_START_LONG ? ENTRY_CTL_IA32E_MODE_GUEST : 0);

	if (controls_adjust(caps->pin, PIN_NEEDED, &out->pin) != OK)
		return "virtual NMIs or the VMX-preemption timer";
	if (controls_adjust(caps->cpu, CPU_NEEDED | extra_exits(plan->intercepts), &out->cpu) != OK)
		return "a processor-based VM-execution control";
	if ((caps->cpu2 >> 32 & CPU2_ENABLE_EPT) == 0)
		return "EPT";
	if ((caps->cpu2 >> 32 & CPU2_UNRESTRICTED_GUEST) == 0)
		return "unrestricted guest";
	if (controls_adjust(caps->cpu2, CPU2_NEEDED, &out->cpu2) != OK)
		return "VPID, RDTSCP, WBINVD, RDRAND or RDSEED exiting";
	if (controls_adjust(caps->exit, EXIT_NEEDED, &out->exit) != OK)
		return "a VM-exit control";
	if (controls_adjust(caps->entry, entry, &out->entry) != OK)
		return "a VM-entry control";
	return NULL;
}

const char *controls_missing_ept(const struct capabilities *caps)
{
	return (caps->ept_vpid & EPT_NEEDED) == EPT_NEEDED ? NULL : "EPT with write-back, 2 MiB pages, A/D bits and INVEPT";
}
