/* SPDX-License-Identifier: BSD-2-Clause */
/* VMX control bits that the hypervisor does not use and the spec knows (SDM 3C 24.6-24.8). */
#ifndef SPEC_VMX_H
#define SPEC_VMX_H

#include "hv/x86.h"

#define PIN_POSTED_INTERRUPTS (1u << 7)
#define CPU_USE_TPR_SHADOW (1u << 21)
#define CPU_MONITOR_TRAP_FLAG (1u << 27)
#define CPU2_VIRTUALIZE_APIC_ACCESSES (1u << 0)
#define CPU2_VIRTUALIZE_X2APIC_MODE (1u << 4)
#define CPU2_APIC_REGISTER_VIRTUALIZATION (1u << 8)
#define CPU2_VIRTUAL_INTERRUPT_DELIVERY (1u << 9)
#define CPU2_PAUSE_LOOP_EXITING (1u << 10)
#define CPU2_ENABLE_VM_FUNCTIONS (1u << 13)
#define CPU2_VMCS_SHADOWING (1u << 14)
#define CPU2_EPT_VIOLATION_VE (1u << 18)
#define CPU2_MODE_BASED_EXECUTE (1u << 22)
#define CPU2_SUB_PAGE_PERMISSIONS (1u << 23)
#define CPU2_PT_GUEST_PHYSICAL (1u << 24)
#define CPU2_TSC_SCALING (1u << 25)
#define EXIT_CTL_LOAD_PERF_GLOBAL_CTRL (1u << 12)
#define EXIT_CTL_SAVE_PREEMPTION_TIMER (1u << 22)
#define EXIT_CTL_CLEAR_RTIT_CTL (1u << 25)
#define EXIT_CTL_LOAD_CET (1u << 28)
#define EXIT_CTL_LOAD_PKRS (1u << 29)
#define ENTRY_CTL_ENTRY_TO_SMM (1u << 10)
#define ENTRY_CTL_DEACTIVATE_DUAL_MONITOR (1u << 11)
#define ENTRY_CTL_LOAD_PERF_GLOBAL_CTRL (1u << 13)
#define ENTRY_CTL_LOAD_BNDCFGS (1u << 16)
#define ENTRY_CTL_LOAD_RTIT_CTL (1u << 18)
#define ENTRY_CTL_LOAD_CET (1u << 20)
#define ENTRY_CTL_LOAD_PKRS (1u << 22)
#define VMFUNC_EPTP_SWITCHING 1ull
#define CR4_CET (1ull << 23)
#define EVENT_OTHER 7u
#define EVENT_RESERVED 1u
#define BLOCKING_BY_SMI (1u << 2)
#define ENCLAVE_INTERRUPTION (1u << 4)
#define PENDING_DEBUG_ENABLED (1ull << 12)
#define PENDING_DEBUG_RTM (1ull << 16)
#define DEBUGCTL_BTF (1ull << 1)
#define SEGMENT_UNUSABLE (1u << 16)
#define VMX_BASIC_ADDRESSES_32 (1ull << 48)
#define VMX_BASIC_ANY_ERROR_CODE (1ull << 56)
#define VMX_MISC_LENGTH_ZERO (1ull << 30)
enum activity { ACTIVITY_ACTIVE, ACTIVITY_HLT, ACTIVITY_SHUTDOWN, ACTIVITY_WAIT_FOR_SIPI };

#endif
