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
/* Secondary controls that give no memory away: any other must be off. */
#define CPU2_KNOWN \
	(CPU2_ENABLE_EPT | CPU2_DESCRIPTOR_TABLE_EXITING | CPU2_ENABLE_RDTSCP | CPU2_ENABLE_VPID | CPU2_WBINVD_EXITING | \
	 CPU2_UNRESTRICTED_GUEST | CPU2_PAUSE_LOOP_EXITING | CPU2_RDRAND_EXITING | CPU2_ENABLE_INVPCID | \
	 CPU2_RDSEED_EXITING | CPU2_ENABLE_XSAVES)
#define EPT_NEEDED \
	(EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_INVEPT | EPT_CAP_AD | EPT_CAP_INVEPT_SINGLE)

/* Whether the processor lets all of `bits` be 1. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures may:   \result <==> (bits & (u32)~(u32)(capability / 0x100000000)) == 0;
*/
static bool may_be(u64 capability, u32 bits)
{
	return (bits & ~(u32)(capability / 0x100000000ull)) == 0;
}

enum error controls_adjust(u64 capability, u32 wanted, u32 *out)
{
	*out = wanted | (u32)capability;
	return may_be(capability, *out) ? OK : ERR_INVALID;
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures none:  (\result & CPU_USE_TPR_SHADOW) == 0 && (\result & CPU_TERTIARY_CONTROLS) == 0;
*/
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
	out->pin = PIN_NEEDED | (u32)caps->pin;
	out->cpu = CPU_NEEDED | extra_exits(plan->intercepts) | (u32)caps->cpu;
	out->cpu2 = CPU2_NEEDED | (u32)caps->cpu2;
	out->exit = EXIT_NEEDED | (u32)caps->exit;
	out->entry = ENTRY_NEEDED | (u32)caps->entry | (plan->start == PLAN_START_LONG ? ENTRY_CTL_IA32E_MODE_GUEST : 0u);
	if (!may_be(caps->pin, out->pin))
		return "virtual NMIs or the VMX-preemption timer";
	if (!may_be(caps->cpu, out->cpu))
		return "a processor-based VM-execution control";
	if (!may_be(caps->cpu2, CPU2_ENABLE_EPT))
		return "EPT";
	if (!may_be(caps->cpu2, CPU2_UNRESTRICTED_GUEST))
		return "unrestricted guest";
	if (!may_be(caps->cpu2, out->cpu2))
		return "VPID, RDTSCP, WBINVD, RDRAND or RDSEED exiting";
	if (!may_be(caps->exit, out->exit))
		return "a VM-exit control";
	if (!may_be(caps->entry, out->entry))
		return "a VM-entry control";
	if ((out->cpu & CPU_USE_TPR_SHADOW) != 0 || (out->cpu & CPU_TERTIARY_CONTROLS) != 0 ||
	    (out->cpu2 & ~CPU2_KNOWN) != 0)
		return "a way to switch off a control that this hypervisor does not know";
	return NULL;
}

const char *controls_missing_ept(const struct capabilities *caps)
{
	return (caps->ept_vpid & EPT_NEEDED) == EPT_NEEDED ? NULL : "EPT with write-back, 2 MiB pages, A/D bits and INVEPT";
}
