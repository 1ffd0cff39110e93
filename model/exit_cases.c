/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit information, by snippets. Operands in memory are [RAX + disp8]. */
#include "model/exit_case.h"
#include "model/case.h"
#include "hv/vmcs.h"
#include "spec/exit.h"
#include "spec/vmx.h"

#define CODE(...) .code = { __VA_ARGS__ }
#define CPU(x) { F_PROCESSOR_BASED_CONTROLS, true, CPU_##x }
#define CPU2(x) { F_SECONDARY_CONTROLS, true, CPU2_##x }
#define SET(name, v) { F_##name, false, v }
#define OR(name, v) { F_##name, true, v }
#define CHANGES(...) .change = { __VA_ARGS__ }
#define QUALIFICATION(x) .qualification = (x), .qualification_mask = ~0ull
#define NO_QUALIFICATION QUALIFICATION(0)
#define MEMORY SPEC_INFO_MEMORY(SPEC_ADDRESS_64, SEG_DS, RAX, SPEC_NO_REGISTER, 0)
#define MEMORY_MASK SPEC_INFO_MEMORY_MASK(RAX, SPEC_NO_REGISTER)
#define CR(n, access, gpr) QUALIFICATION(SPEC_QUALIFICATION_CR(n, access, gpr, false, 0))

/* An instruction of `bytes` bytes that always exits, or does under the control. */
#define PLAIN(name_, reason_, bytes, ...) { .name = name_, .reason = reason_, .length = bytes, NO_QUALIFICATION, __VA_ARGS__ }

const struct exit_case exit_cases[] = {
	{ .name = "UD2 with #UD in the exception bitmap", .reason = 0, CODE(0x0f, 0x0b), CHANGES(SET(EXCEPTION_BITMAP, 1u << VECTOR_UD)), NO_QUALIFICATION },
	{ .name = "INT3 with #BP in the exception bitmap", .reason = 0, CODE(0xcc), CHANGES(SET(EXCEPTION_BITMAP, 1u << VECTOR_BP)), .length = 1, NO_QUALIFICATION },
	{ .name = "INT1 with #DB in the exception bitmap", .reason = 0, CODE(0xf1), CHANGES(SET(EXCEPTION_BITMAP, 1u << VECTOR_DB)), .length = 1, NO_QUALIFICATION },
	{ .name = "an external interrupt at the first boundary", .reason = 1, CODE(0x90, 0xeb, 0xfd), CHANGES(OR(PIN_BASED_CONTROLS, PIN_EXTERNAL_INTERRUPT_EXITING),
	  OR(GUEST_RFLAGS, RFLAGS_IF), SET(VMX_PREEMPTION_TIMER_VALUE, 2000000)), NO_QUALIFICATION },
	{ .name = "a triple fault", .reason = 2, CODE(0x0f, 0x0b), CHANGES(SET(GUEST_IDTR_LIMIT, 0)), NO_QUALIFICATION },
	{ .name = "an interrupt window", .reason = 7, CODE(0x90), CHANGES(CPU(INTERRUPT_WINDOW_EXITING), OR(GUEST_RFLAGS, RFLAGS_IF)), NO_QUALIFICATION },
	{ .name = "an NMI window", .reason = 8, CODE(0x90), CHANGES(CPU(NMI_WINDOW_EXITING)), NO_QUALIFICATION },
	{ .name = "a task switch by far JMP to a TSS", .reason = 9, .base = BASE_PROTECTED, CODE(0xea, 0, 0, 0, 0, 0x18, 0), CHANGES(SET(GUEST_GDTR_BASE, 0x50000)), .length = 7,
	  QUALIFICATION(SPEC_QUALIFICATION_TASK(0x18, 2)) },
	PLAIN("CPUID", 10, 2, CODE(0x0f, 0xa2)),
	PLAIN("HLT", 12, 1, CODE(0xf4), CHANGES(CPU(HLT_EXITING))),
	PLAIN("INVD", 13, 2, CODE(0x0f, 0x08)),
	{ .name = "INVLPG [RAX+10H]: the linear address", .reason = 14, CODE(0x0f, 0x01, 0x78, 0x10), CHANGES(CPU(INVLPG_EXITING)), .length = 4, QUALIFICATION(EXIT_DATA + 0x10) },
	PLAIN("RDPMC", 15, 2, CODE(0x0f, 0x33), CHANGES(CPU(RDPMC_EXITING))),
	PLAIN("RDTSC", 16, 2, CODE(0x0f, 0x31), CHANGES(CPU(RDTSC_EXITING))),
	PLAIN("VMCALL", 18, 3, CODE(0x0f, 0x01, 0xc1)),
	{ .name = "VMCLEAR [RAX+10H]", .reason = 19, CODE(0x66, 0x0f, 0xc7, 0x70, 0x10), .length = 5, QUALIFICATION(0x10), .info = MEMORY, .info_mask = MEMORY_MASK },
	PLAIN("VMLAUNCH", 20, 3, CODE(0x0f, 0x01, 0xc2)),
	{ .name = "VMPTRLD [RAX-8]", .reason = 21, CODE(0x0f, 0xc7, 0x70, 0xf8), .length = 4, QUALIFICATION(~7ull), .info = MEMORY, .info_mask = MEMORY_MASK },
	{ .name = "VMPTRST [RAX+10H]", .reason = 22, CODE(0x0f, 0xc7, 0x78, 0x10), .length = 4, QUALIFICATION(0x10), .info = MEMORY, .info_mask = MEMORY_MASK },
	{ .name = "VMREAD [RAX+10H], RCX", .reason = 23, CODE(0x0f, 0x78, 0x48, 0x10), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_REGISTER2(RCX), .info_mask = MEMORY_MASK | 1u << 10 | 0xf0000000u },
	{ .name = "VMREAD RBX, RCX", .reason = 23, CODE(0x0f, 0x78, 0xcb), .length = 3, NO_QUALIFICATION,
	  .info = SPEC_INFO_REGISTER1(RBX) | SPEC_INFO_REGISTER2(RCX), .info_mask = 0xf0000478u },
	PLAIN("VMRESUME", 24, 3, CODE(0x0f, 0x01, 0xc3)),
	{ .name = "VMWRITE RDX, [RAX+10H]", .reason = 25, CODE(0x0f, 0x79, 0x50, 0x10), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_REGISTER2(RDX), .info_mask = MEMORY_MASK | 1u << 10 | 0xf0000000u },
	{ .name = "VMWRITE R9, RSI", .reason = 25, CODE(0x44, 0x0f, 0x79, 0xce), .length = 4, NO_QUALIFICATION,
	  .info = SPEC_INFO_REGISTER1(RSI) | SPEC_INFO_REGISTER2(R9), .info_mask = 0xf0000478u },
	PLAIN("VMXOFF", 26, 3, CODE(0x0f, 0x01, 0xc4)),
	{ .name = "VMXON [RAX+10H]", .reason = 27, CODE(0xf3, 0x0f, 0xc7, 0x70, 0x10), .length = 5, QUALIFICATION(0x10), .info = MEMORY, .info_mask = MEMORY_MASK },
	{ .name = "MOV CR3, RDX", .reason = 28, CODE(0x0f, 0x22, 0xda), CHANGES(CPU(CR3_LOAD_EXITING)), .length = 3, CR(3, 0, RDX) },
	{ .name = "MOV RBX, CR3", .reason = 28, CODE(0x0f, 0x20, 0xdb), CHANGES(CPU(CR3_STORE_EXITING)), .length = 3, CR(3, 1, RBX) },
	{ .name = "MOV CR0, R10", .reason = 28, CODE(0x41, 0x0f, 0x22, 0xc2), CHANGES(SET(CR0_GUEST_HOST_MASK, ~0ull), SET(CR0_READ_SHADOW, CR0_TS)), .length = 4, CR(0, 0, R10) },
	{ .name = "MOV CR4, RCX", .reason = 28, CODE(0x0f, 0x22, 0xe1), CHANGES(SET(CR4_GUEST_HOST_MASK, ~0ull), SET(CR4_READ_SHADOW, CR4_PGE)), .length = 3, CR(4, 0, RCX) },
	{ .name = "MOV CR8, RAX", .reason = 28, CODE(0x44, 0x0f, 0x22, 0xc0), CHANGES(CPU(CR8_LOAD_EXITING)), .length = 4, CR(8, 0, RAX) },
	{ .name = "MOV R15, CR8", .reason = 28, CODE(0x45, 0x0f, 0x20, 0xc7), CHANGES(CPU(CR8_STORE_EXITING)), .length = 4, CR(8, 1, R15) },
	{ .name = "CLTS", .reason = 28, CODE(0x0f, 0x06), CHANGES(SET(CR0_GUEST_HOST_MASK, CR0_TS), SET(CR0_READ_SHADOW, CR0_TS)), .length = 2, CR(0, 2, 0) },
	{ .name = "LMSW CX", .reason = 28, CODE(0x0f, 0x01, 0xf1), CHANGES(SET(CR0_GUEST_HOST_MASK, 15), SET(CR0_READ_SHADOW, 0)), .rcx = 0x1b, .length = 3,
	  .qualification = SPEC_QUALIFICATION_CR(0, 3, 0, false, 0x1b), .qualification_mask = 0xffff007full },
	{ .name = "MOV DR3, RDX", .reason = 29, CODE(0x0f, 0x23, 0xda), CHANGES(CPU(MOV_DR_EXITING)), .length = 3, QUALIFICATION(SPEC_QUALIFICATION_DR(3, false, RDX)) },
	{ .name = "MOV R11, DR7", .reason = 29, CODE(0x41, 0x0f, 0x21, 0xfb), CHANGES(CPU(MOV_DR_EXITING)), .length = 4, QUALIFICATION(SPEC_QUALIFICATION_DR(7, true, R11)) },
#define IO { F_PROCESSOR_BASED_CONTROLS, true, 1u << 24 }	/* unconditional I/O exiting */
	{ .name = "IN AL, 70H", .reason = 30, CODE(0xe4, 0x70), CHANGES(IO), .length = 2, QUALIFICATION(SPEC_QUALIFICATION_IO(1, true, false, false, true, 0x70)) },
	{ .name = "IN EAX, DX", .reason = 30, CODE(0xed), CHANGES(IO), .rdx = 0xcf8, .length = 1, QUALIFICATION(SPEC_QUALIFICATION_IO(4, true, false, false, false, 0xcf8)) },
	{ .name = "OUT DX, AX", .reason = 30, CODE(0x66, 0xef), CHANGES(IO), .rdx = 0x1234, .length = 2, QUALIFICATION(SPEC_QUALIFICATION_IO(2, false, false, false, false, 0x1234)) },
	{ .name = "OUT 80H, AL", .reason = 30, CODE(0xe6, 0x80), CHANGES(IO), .length = 2, QUALIFICATION(SPEC_QUALIFICATION_IO(1, false, false, false, true, 0x80)) },
	{ .name = "REP INSB", .reason = 30, CODE(0xf3, 0x6c), CHANGES(IO), .rdx = 0x60, .rcx = 3, .length = 2, QUALIFICATION(SPEC_QUALIFICATION_IO(1, true, true, true, false, 0x60)),
	  .info = SPEC_INFO_STRING_IO(SPEC_ADDRESS_64, 0), .info_mask = 7u << 7 },
	{ .name = "OUTSD from FS", .reason = 30, CODE(0x64, 0x6f), CHANGES(IO), .rdx = 0x60, .length = 2, QUALIFICATION(SPEC_QUALIFICATION_IO(4, false, true, false, false, 0x60)),
	  .info = SPEC_INFO_STRING_IO(SPEC_ADDRESS_64, SEG_FS), .info_mask = 7u << 7 | 7u << 15 },
	PLAIN("RDMSR", 31, 2, CODE(0x0f, 0x32), .rcx = IA32_PAT),
	PLAIN("WRMSR", 32, 2, CODE(0x0f, 0x30), .rcx = IA32_PAT),
	{ .name = "an entry with invalid guest state", .reason = 33u | 1u << 31, CODE(0x90), CHANGES(SET(GUEST_RFLAGS, 0)), NO_QUALIFICATION },
	{ .name = "an entry whose second MSR cannot be loaded", .reason = 34u | 1u << 31, CODE(0x90), CHANGES(SET(VM_ENTRY_MSR_LOAD_COUNT, 2), SET(VM_ENTRY_MSR_LOAD_ADDRESS, AT_SANDBOX + 0x30000)), QUALIFICATION(2) },
	PLAIN("MWAIT", 36, 3, CODE(0x0f, 0x01, 0xc9), CHANGES(CPU(MWAIT_EXITING)), .rcx = 0),
	{ .name = "a pending MTF VM exit, injected", .reason = 37, CODE(0x90), CHANGES(SET(VM_ENTRY_INTERRUPTION_INFO, EVENT_VALID | EVENT_OTHER << 8)), NO_QUALIFICATION },
	PLAIN("MONITOR", 39, 3, CODE(0x0f, 0x01, 0xc8), CHANGES(CPU(MONITOR_EXITING)), .rcx = 0),
	PLAIN("PAUSE", 40, 2, CODE(0xf3, 0x90), CHANGES(CPU(PAUSE_EXITING))),
	{ .name = "TPR below threshold after MOV CR8, RAX", .reason = 43, CODE(0x44, 0x0f, 0x22, 0xc0), CHANGES(CPU(USE_TPR_SHADOW), SET(TPR_THRESHOLD, 5)), .rax = 2, NO_QUALIFICATION },
	{ .name = "APIC access: a read at offset 20H", .reason = 44, CODE(0x8b, 0x48, 0x20), CHANGES(CPU2(VIRTUALIZE_APIC_ACCESSES), SET(APIC_ACCESS_ADDRESS, AT_SANDBOX + EXIT_DATA)),
	  .rax = EXIT_DATA, QUALIFICATION(SPEC_QUALIFICATION_APIC(0x20, 0)) },
	{ .name = "APIC access: a write at offset B0H", .reason = 44, CODE(0x89, 0x88, 0xb0, 0, 0, 0), CHANGES(CPU2(VIRTUALIZE_APIC_ACCESSES), SET(APIC_ACCESS_ADDRESS, AT_SANDBOX + EXIT_DATA)),
	  .rax = EXIT_DATA, QUALIFICATION(SPEC_QUALIFICATION_APIC(0xb0, 1)) },
	{ .name = "SGDT [RAX+10H]", .reason = 46, CODE(0x0f, 0x01, 0x40, 0x10), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_IDENTITY(0), .info_mask = MEMORY_MASK | 3u << 28 },
	{ .name = "SIDT [RAX+10H]", .reason = 46, CODE(0x0f, 0x01, 0x48, 0x10), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_IDENTITY(1), .info_mask = MEMORY_MASK | 3u << 28 },
	{ .name = "LGDT [RAX+10H]", .reason = 46, CODE(0x0f, 0x01, 0x50, 0x10), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_IDENTITY(2), .info_mask = MEMORY_MASK | 3u << 28 },
	{ .name = "LIDT [RAX+10H]", .reason = 46, CODE(0x0f, 0x01, 0x58, 0x10), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_IDENTITY(3), .info_mask = MEMORY_MASK | 3u << 28 },
	{ .name = "SLDT EBX", .reason = 47, CODE(0x0f, 0x00, 0xc3), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 3, NO_QUALIFICATION,
	  .info = SPEC_INFO_REGISTER1(RBX) | SPEC_INFO_IDENTITY(0), .info_mask = 0x30000478u },
	{ .name = "STR [RAX+10H]", .reason = 47, CODE(0x0f, 0x00, 0x48, 0x10), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 4, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_IDENTITY(1), .info_mask = MEMORY_MASK | 3u << 28 | 1u << 10 },
	{ .name = "LLDT CX", .reason = 47, CODE(0x0f, 0x00, 0xd1), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 3, NO_QUALIFICATION,
	  .info = SPEC_INFO_REGISTER1(RCX) | SPEC_INFO_IDENTITY(2), .info_mask = 0x30000478u },
	{ .name = "LTR DX", .reason = 47, CODE(0x0f, 0x00, 0xda), CHANGES(CPU2(DESCRIPTOR_TABLE_EXITING)), .length = 3, NO_QUALIFICATION,
	  .info = SPEC_INFO_REGISTER1(RDX) | SPEC_INFO_IDENTITY(3), .info_mask = 0x30000478u },
	{ .name = "an EPT violation: nothing is mapped", .reason = 48, CODE(0x90), CHANGES(SET(EPT_POINTER, (AT_SANDBOX + 0x40000) | 0x1e)), .base = BASE_PROTECTED, QUALIFICATION(4 | 1u << 7 | 1u << 8) },
	{ .name = "an EPT misconfiguration: writable, not readable", .reason = 49, CODE(0x90), CHANGES(SET(EPT_POINTER, (AT_SANDBOX + 0x41000) | 0x1e)), .base = BASE_PROTECTED, NO_QUALIFICATION },
	{ .name = "INVEPT RCX, [RAX+10H]", .reason = 50, CODE(0x66, 0x0f, 0x38, 0x80, 0x48, 0x10), .length = 6, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_REGISTER2(RCX), .info_mask = MEMORY_MASK | 0xf0000000u },
	PLAIN("RDTSCP", 51, 3, CODE(0x0f, 0x01, 0xf9), CHANGES(CPU(RDTSC_EXITING))),
	{ .name = "the VMX-preemption timer", .reason = 52, CODE(0xeb, 0xfe), NO_QUALIFICATION },
	{ .name = "INVVPID RDX, [RAX+10H]", .reason = 53, CODE(0x66, 0x0f, 0x38, 0x81, 0x50, 0x10), .length = 6, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_REGISTER2(RDX), .info_mask = MEMORY_MASK | 0xf0000000u },
	PLAIN("WBINVD", 54, 2, CODE(0x0f, 0x09), CHANGES(CPU2(WBINVD_EXITING))),
	PLAIN("XSETBV", 55, 3, CODE(0x0f, 0x01, 0xd1), CHANGES(OR(GUEST_CR4, CR4_OSXSAVE)), .rcx = 0),
	{ .name = "RDRAND RDI", .reason = 57, CODE(0x48, 0x0f, 0xc7, 0xf7), CHANGES(CPU2(RDRAND_EXITING)), .length = 4, NO_QUALIFICATION, .info = SPEC_INFO_RANDOM(RDI, 2), .info_mask = 0x1878 },
	{ .name = "RDRAND CX", .reason = 57, CODE(0x66, 0x0f, 0xc7, 0xf1), CHANGES(CPU2(RDRAND_EXITING)), .length = 4, NO_QUALIFICATION, .info = SPEC_INFO_RANDOM(RCX, 0), .info_mask = 0x1878, .waiver = "a 16-bit operand is reported as one of 32 bits (table 27-12)", .waived_info = SPEC_INFO_RANDOM(RCX, 1) },
	{ .name = "INVPCID RSI, [RAX+10H]", .reason = 58, CODE(0x66, 0x0f, 0x38, 0x82, 0x70, 0x10), CHANGES(CPU2(ENABLE_INVPCID), CPU(INVLPG_EXITING)), .length = 6, QUALIFICATION(0x10),
	  .info = MEMORY | SPEC_INFO_REGISTER2(RSI), .info_mask = MEMORY_MASK | 0xf0000000u },
	PLAIN("VMFUNC 5", 59, 3, CODE(0x0f, 0x01, 0xd4), CHANGES(CPU2(ENABLE_VM_FUNCTIONS)), .rax = 5),
	{ .name = "RDSEED R8D", .reason = 61, CODE(0x41, 0x0f, 0xc7, 0xf8), CHANGES(CPU2(RDSEED_EXITING)), .length = 4, NO_QUALIFICATION, .info = SPEC_INFO_RANDOM(R8, 1), .info_mask = 0x1878 },
	{ .name = "a full page-modification log", .reason = 62, CODE(0x89, 0x08), CHANGES(CPU2(ENABLE_PML), SET(PML_INDEX, 0xffff), SET(EPT_POINTER, (AT_SANDBOX + 0x42000) | 0x5e)), NO_QUALIFICATION },
	{ .name = "XSAVES [RAX]", .reason = 63, CODE(0x0f, 0xc7, 0x28), CHANGES(CPU2(ENABLE_XSAVES), OR(GUEST_CR4, CR4_OSXSAVE), SET(XSS_EXITING_BITMAP, ~0ull)), .rax = EXIT_DATA | 0x800, .rdx = 0,
	  .length = 3, NO_QUALIFICATION, .info = MEMORY, .info_mask = MEMORY_MASK },
	{ .name = "XRSTORS [RAX]", .reason = 64, CODE(0x0f, 0xc7, 0x18), CHANGES(CPU2(ENABLE_XSAVES), OR(GUEST_CR4, CR4_OSXSAVE), SET(XSS_EXITING_BITMAP, ~0ull)), .rax = EXIT_DATA | 0x800, .rdx = 0,
	  .length = 3, NO_QUALIFICATION, .info = MEMORY, .info_mask = MEMORY_MASK },
};

const u32 exit_case_count = sizeof(exit_cases) / sizeof(exit_cases[0]);
