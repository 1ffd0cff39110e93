/* SPDX-License-Identifier: BSD-2-Clause */
/* Architectural bits and numbers by their SDM names: control registers, RFLAGS, vectors, MSRs, VMX controls. */
#ifndef HV_X86_H
#define HV_X86_H

/* General registers, numbered as in exit qualifications (SDM 3C table 27-3). */
enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, GPRS };

/* Segment registers in the order of the VMCS fields. */
enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEGMENTS };

/* Control registers (SDM 3A 2.5) */
#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_AM (1ull << 18)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)
#define CR0_IS_PROTECTED(cr0) ((cr0) % 2u != 0)	/* PE */
#define CR0_DEFINED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

#define CR4_VME (1ull << 0)
#define CR4_PVI (1ull << 1)
#define CR4_TSD (1ull << 2)
#define CR4_DE (1ull << 3)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_PCE (1ull << 8)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP (1ull << 11)
#define CR4_LA57 (1ull << 12)
#define CR4_VMXE (1ull << 13)
#define CR4_SMXE (1ull << 14)
#define CR4_FSGSBASE (1ull << 16)
#define CR4_PCIDE (1ull << 17)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define CR4_PKE (1ull << 22)

#define RFLAGS_FIXED (1ull << 1)
#define RFLAGS_CF (1ull << 0)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_NT (1ull << 14)
#define RFLAGS_RF (1ull << 16)
#define RFLAGS_VM (1ull << 17)
#define RFLAGS_AC (1ull << 18)
#define RFLAGS_ARITHMETIC 0x8d5ull	/* CF PF AF ZF SF OF */

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)

#define XCR0_X87 (1ull << 0)
#define XCR0_SSE (1ull << 1)
#define XCR0_AVX (1ull << 2)

#define DR6_FIXED 0xffff0ff0ull
#define DR6_BD (1ull << 13)
#define DR6_WRITABLE 0x1e00full	/* B0-B3 BD BS BT RTM is read as 1 */
#define DR7_FIXED (1ull << 10)
#define DR7_GD (1ull << 13)
#define PENDING_DEBUG_BS (1ull << 14)

/* Exception vectors (SDM 3A table 6-1) */
enum vector {
	VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6,
	VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_TS = 10, VECTOR_NP = 11, VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14,
	VECTOR_MF = 16, VECTOR_AC = 17, VECTOR_MC = 18, VECTOR_XM = 19, VECTOR_VE = 20, VECTOR_CP = 21
};

/* MSRs (SDM 4) */
#define IA32_TIME_STAMP_COUNTER 0x10u
#define IA32_PLATFORM_ID 0x17u
#define IA32_APIC_BASE 0x1bu
#define IA32_FEATURE_CONTROL 0x3au
#define IA32_BIOS_SIGN_ID 0x8bu
#define IA32_SYSENTER_CS 0x174u
#define IA32_SYSENTER_ESP 0x175u
#define IA32_SYSENTER_EIP 0x176u
#define IA32_MISC_ENABLE 0x1a0u
#define IA32_DEBUGCTL 0x1d9u
#define IA32_PAT 0x277u
#define IA32_VMX_BASIC 0x480u
#define IA32_VMX_MISC 0x485u
#define IA32_VMX_CR0_FIXED0 0x486u
#define IA32_VMX_CR0_FIXED1 0x487u
#define IA32_VMX_CR4_FIXED0 0x488u
#define IA32_VMX_CR4_FIXED1 0x489u
#define IA32_VMX_PROCBASED_CTLS2 0x48bu
#define IA32_VMX_EPT_VPID_CAP 0x48cu
#define IA32_VMX_TRUE_PINBASED_CTLS 0x48du
#define IA32_VMX_TRUE_PROCBASED_CTLS 0x48eu
#define IA32_VMX_TRUE_EXIT_CTLS 0x48fu
#define IA32_VMX_TRUE_ENTRY_CTLS 0x490u
#define IA32_XSS 0xda0u
#define IA32_EFER 0xc0000080u
#define IA32_STAR 0xc0000081u
#define IA32_LSTAR 0xc0000082u
#define IA32_CSTAR 0xc0000083u
#define IA32_FMASK 0xc0000084u
#define IA32_FS_BASE 0xc0000100u
#define IA32_GS_BASE 0xc0000101u
#define IA32_KERNEL_GS_BASE 0xc0000102u
#define IA32_TSC_AUX 0xc0000103u

/* What the PAT holds after reset (SDM 3A 11.12.4). */
#define PAT_RESET 0x0007040600070406ull

/* Pin-based VM-execution controls (SDM 3C 24.6.1) */
#define PIN_EXTERNAL_INTERRUPT_EXITING (1u << 0)
#define PIN_NMI_EXITING (1u << 3)
#define PIN_VIRTUAL_NMIS (1u << 5)
#define PIN_PREEMPTION_TIMER (1u << 6)

/* Primary processor-based controls (SDM 3C 24.6.2) */
#define CPU_INTERRUPT_WINDOW_EXITING (1u << 2)
#define CPU_TSC_OFFSETTING (1u << 3)
#define CPU_HLT_EXITING (1u << 7)
#define CPU_INVLPG_EXITING (1u << 9)
#define CPU_MWAIT_EXITING (1u << 10)
#define CPU_RDPMC_EXITING (1u << 11)
#define CPU_RDTSC_EXITING (1u << 12)
#define CPU_CR3_LOAD_EXITING (1u << 15)
#define CPU_CR3_STORE_EXITING (1u << 16)
#define CPU_CR8_LOAD_EXITING (1u << 19)
#define CPU_CR8_STORE_EXITING (1u << 20)
#define CPU_TERTIARY_CONTROLS (1u << 17)
#define CPU_USE_TPR_SHADOW (1u << 21)
#define CPU_NMI_WINDOW_EXITING (1u << 22)
#define CPU_MOV_DR_EXITING (1u << 23)
#define CPU_USE_IO_BITMAPS (1u << 25)
#define CPU_USE_MSR_BITMAPS (1u << 28)
#define CPU_MONITOR_EXITING (1u << 29)
#define CPU_PAUSE_EXITING (1u << 30)
#define CPU_SECONDARY_CONTROLS (1u << 31)

/* Secondary processor-based controls (SDM 3C 24.6.2) */
#define CPU2_ENABLE_EPT (1u << 1)
#define CPU2_DESCRIPTOR_TABLE_EXITING (1u << 2)
#define CPU2_ENABLE_RDTSCP (1u << 3)
#define CPU2_ENABLE_VPID (1u << 5)
#define CPU2_WBINVD_EXITING (1u << 6)
#define CPU2_UNRESTRICTED_GUEST (1u << 7)
#define CPU2_PAUSE_LOOP_EXITING (1u << 10)
#define CPU2_RDRAND_EXITING (1u << 11)
#define CPU2_ENABLE_INVPCID (1u << 12)
#define CPU2_RDSEED_EXITING (1u << 16)
#define CPU2_ENABLE_PML (1u << 17)
#define CPU2_ENABLE_XSAVES (1u << 20)

/* VM-exit controls (SDM 3C 24.7.1) */
#define EXIT_CTL_SAVE_DEBUG_CONTROLS (1u << 2)
#define EXIT_CTL_HOST_ADDRESS_SPACE_SIZE (1u << 9)
#define EXIT_CTL_ACK_INTERRUPT (1u << 15)
#define EXIT_CTL_SAVE_PAT (1u << 18)
#define EXIT_CTL_LOAD_PAT (1u << 19)
#define EXIT_CTL_SAVE_EFER (1u << 20)
#define EXIT_CTL_LOAD_EFER (1u << 21)

/* VM-entry controls (SDM 3C 24.8.1) */
#define ENTRY_CTL_LOAD_DEBUG_CONTROLS (1u << 2)
#define ENTRY_CTL_IA32E_MODE_GUEST (1u << 9)
#define ENTRY_CTL_LOAD_PAT (1u << 14)
#define ENTRY_CTL_LOAD_EFER (1u << 15)

/* IA32_VMX_EPT_VPID_CAP (SDM 3D A.10) */
#define EPT_CAP_EXECUTE_ONLY (1ull << 0)
#define EPT_CAP_WALK_4 (1ull << 6)
#define EPT_CAP_WB (1ull << 14)
#define EPT_CAP_2M (1ull << 16)
#define EPT_CAP_1G (1ull << 17)
#define EPT_CAP_INVEPT (1ull << 20)
#define EPT_CAP_AD (1ull << 21)
#define EPT_CAP_INVEPT_SINGLE (1ull << 25)

/* Guest interruptibility state (SDM 3C table 24-3) */
#define BLOCKING_BY_STI (1u << 0)
#define BLOCKING_BY_MOV_SS (1u << 1)
#define BLOCKING_BY_NMI (1u << 3)

/* Event information: VM-entry interruption, VM-exit interruption, IDT vectoring (SDM 3C 24.8.3, 24.9.2-3) */
#define EVENT_VALID 0x80000000u
#define EVENT_ERROR_CODE 0x800u
#define EVENT_NMI_UNBLOCKING 0x1000u
#define EVENT_VECTOR(info) ((info) % 0x100u)
#define EVENT_TYPE(info) ((info) / 0x100u % 8u)
#define EVENT_IS_VALID(info) ((info) >= EVENT_VALID)
#define EVENT_HAS_ERROR_CODE(info) ((info) / EVENT_ERROR_CODE % 2u != 0)
/* Without bit 12, which is NMI unblocking or undefined in what an exit reports, and reserved in what an entry takes. */
#define EVENT_WITHOUT_12(info) ((info) - (info) / EVENT_NMI_UNBLOCKING % 2u * EVENT_NMI_UNBLOCKING)
enum event_type {
	EVENT_EXTERNAL = 0, EVENT_NMI = 2, EVENT_HARDWARE_EXCEPTION = 3, EVENT_SOFTWARE_INTERRUPT = 4,
	EVENT_PRIVILEGED_SOFTWARE_EXCEPTION = 5, EVENT_SOFTWARE_EXCEPTION = 6
};

/* Bit 31 of the exit reason: the VM entry failed (SDM 3C 26.8). */
#define EXIT_REASON_ENTRY_FAILURE (1u << 31)

#endif
