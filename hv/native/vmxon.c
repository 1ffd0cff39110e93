/* SPDX-License-Identifier: BSD-2-Clause */
/* Into VMX operation: what the processor must have, by name (SDM 3C 23.6-23.8, 31.5). */
#include "asm.h"
#include "cpu.h"
#include "native.h"
#include "vmcs.h"
#include "x86.h"

#define FEATURE_CONTROL_LOCKED 1ull
#define FEATURE_CONTROL_VMX 4ull

static u8 vmxon_page[PAGE_BYTES] __attribute__((aligned(4096)));

/* CPUID bits: VMX, XSAVE, RDTSCP for the swap list, AVX in the offered XCR0. */
static const char *missing_cpuid(void)
{
	u32 r[4];

	asm_cpuid(0, 0, r);
	if (r[0] < 0xd)
		return "VT-x (CPUID has no leaf 0DH)";
	asm_cpuid(1, 0, r);
	if ((r[2] & (1u << 5)) == 0)
		return "VT-x (CPUID.1:ECX.VMX is 0)";
	if ((r[2] & (1u << 26)) == 0)
		return "XSAVE";
	asm_cpuid(7, 0, r);
	if ((r[1] & (1u << 29)) == 0)
		return "the SHA extensions";
	asm_cpuid(0xd, 0, r);
	if ((r[0] & CPU_XCR0) != CPU_XCR0)
		return "AVX state in XCR0";
	return NULL;
}

const char *native_vmxon(struct capabilities *caps)
{
	const char *lacks = missing_cpuid();
	u64 control;

	if (lacks != NULL)
		return lacks;
	control = asm_rdmsr(IA32_FEATURE_CONTROL);
	if ((control & FEATURE_CONTROL_LOCKED) == 0)
		asm_wrmsr(IA32_FEATURE_CONTROL, control | FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX);
	else if ((control & FEATURE_CONTROL_VMX) == 0)
		return "VT-x: the firmware has locked it off (IA32_FEATURE_CONTROL)";
	caps->basic = asm_rdmsr(IA32_VMX_BASIC);
	if ((caps->basic >> 55 & 1) == 0)
		return "the TRUE capability MSRs of VMX";
	caps->pin = asm_rdmsr(IA32_VMX_TRUE_PINBASED_CTLS);
	caps->cpu = asm_rdmsr(IA32_VMX_TRUE_PROCBASED_CTLS);
	if ((caps->cpu >> 32 & CPU_SECONDARY_CONTROLS) == 0)
		return "EPT (no secondary processor-based controls)";
	caps->cpu2 = asm_rdmsr(IA32_VMX_PROCBASED_CTLS2);
	if ((caps->cpu2 >> 32 & CPU2_ENABLE_EPT) == 0)
		return "EPT";
	if ((caps->cpu2 >> 32 & CPU2_UNRESTRICTED_GUEST) == 0)
		return "unrestricted guest";
	caps->exit = asm_rdmsr(IA32_VMX_TRUE_EXIT_CTLS);
	caps->entry = asm_rdmsr(IA32_VMX_TRUE_ENTRY_CTLS);
	caps->ept_vpid = asm_rdmsr(IA32_VMX_EPT_VPID_CAP);
	lacks = controls_missing_ept(caps);
	if (lacks != NULL)
		return lacks;
	asm_write_cr0((asm_read_cr0() | asm_rdmsr(IA32_VMX_CR0_FIXED0)) & asm_rdmsr(IA32_VMX_CR0_FIXED1));
	asm_write_cr4((asm_read_cr4() | CR4_OSXSAVE | asm_rdmsr(IA32_VMX_CR4_FIXED0)) & asm_rdmsr(IA32_VMX_CR4_FIXED1));
	*(u32 *)vmxon_page = (u32)caps->basic & 0x7fffffffu;
	if (!asm_vmxon(native_physical(vmxon_page)))
		return "a working VMXON";
	return NULL;
}
