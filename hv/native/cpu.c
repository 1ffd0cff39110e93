/* SPDX-License-Identifier: BSD-2-Clause */
/* The native body of the CPU door. */
#include "cpu.h"
#include "asm.h"
#include "entry.h"
#include "input.h"
#include "native.h"
#include "tables.h"
#include "text.h"
#include "vcpu.h"
#include "vmcs.h"

_Static_assert(offsetof(struct vcpu, gpr) == VCPU_GPR, "entry.S");
_Static_assert(offsetof(struct vcpu, host_rsp) == VCPU_HOST_RSP, "entry.S");
_Static_assert(offsetof(struct vcpu, tsc_entry) == VCPU_TSC_ENTRY, "entry.S");
_Static_assert(offsetof(struct vcpu, launched) == VCPU_LAUNCHED, "entry.S");

struct region {
	u32 revision;
	u8 data[PAGE_BYTES - 4];
};

#define SCRATCH VM_MAX	/* one more VMCS, for calibration and unblocking */

static struct region vmcs_regions[VM_MAX + 1] __attribute__((aligned(4096)));
static u8 xsave_areas[VM_MAX][PAGE_BYTES] __attribute__((aligned(4096)));
static struct vcpu scratch;
static u64 entry_ticks;		/* from the first RDTSC to the guest's first instruction */
static vm_id current = SCRATCH;

u64 cpu_vmread(vm_id vm, u32 field)
{
	(void)vm;
	return asm_vmread(field);
}

void cpu_vmwrite(vm_id vm, u32 field, u64 value)
{
	(void)vm;
	asm_vmwrite(field, value);
}

void cpu_vmclear(vm_id vm)
{
	vmcs_regions[vm].revision = (u32)asm_rdmsr(IA32_VMX_BASIC) & 0x7fffffffu;
	ASSERT(asm_vmclear(native_physical(&vmcs_regions[vm])), vm);
	if (vm < VM_MAX)
		vcpus[vm].launched = 0;
}

void cpu_vmptrld(vm_id vm)
{
	ASSERT(asm_vmptrld(native_physical(&vmcs_regions[vm])), vm);
	current = vm;
}

void native_host_state(const struct vcpu *vcpu)
{
	asm_vmwrite(HOST_CR0, asm_read_cr0());
	asm_vmwrite(HOST_CR3, asm_read_cr3());
	asm_vmwrite(HOST_CR4, asm_read_cr4());
	asm_vmwrite(HOST_ES_SELECTOR, 0x10);
	asm_vmwrite(HOST_CS_SELECTOR, 0x08);
	asm_vmwrite(HOST_SS_SELECTOR, 0x10);
	asm_vmwrite(HOST_DS_SELECTOR, 0x10);
	asm_vmwrite(HOST_FS_SELECTOR, 0);
	asm_vmwrite(HOST_GS_SELECTOR, 0);
	asm_vmwrite(HOST_TR_SELECTOR, asm_str());
	asm_vmwrite(HOST_FS_BASE, 0);
	asm_vmwrite(HOST_GS_BASE, 0);
	asm_vmwrite(HOST_TR_BASE, native_tss());
	asm_vmwrite(HOST_GDTR_BASE, asm_gdt_base());
	asm_vmwrite(HOST_IDTR_BASE, asm_idt_base());
	asm_vmwrite(HOST_SYSENTER_CS, 0);
	asm_vmwrite(HOST_SYSENTER_ESP, 0);
	asm_vmwrite(HOST_SYSENTER_EIP, 0);
	asm_vmwrite(HOST_IA32_PAT, asm_rdmsr(IA32_PAT));
	asm_vmwrite(HOST_IA32_EFER, asm_rdmsr(IA32_EFER));
	asm_vmwrite(HOST_RSP, native_physical(vcpu));
	asm_vmwrite(HOST_RIP, (u64)(uintptr_t)native_exit);
}

void cpu_host_state(vm_id vm)
{
	native_host_state(&vcpus[vm]);
}

s64 cpu_enter(vm_id vm, u64 tsc)
{
	return native_enter(&vcpus[vm], tsc - entry_ticks);
}

void cpu_invept(u64 eptp)
{
	asm_invept_single(eptp);
}

void cpu_invvpid(vm_id vm)
{
	asm_invvpid_single(vm + 1);
}

u64 cpu_msr_read(u32 msr)
{
	return asm_rdmsr(msr);
}

void cpu_msr_write(u32 msr, u64 value)
{
	asm_wrmsr(msr, value);
}

u64 cpu_cr2_read(void)
{
	return asm_read_cr2();
}

void cpu_cr2_write(u64 value)
{
	asm_write_cr2(value);
}

u64 cpu_dr_read(u32 n)
{
	switch (n) {
	case 0: return asm_read_db0();
	case 1: return asm_read_db1();
	case 2: return asm_read_db2();
	case 3: return asm_read_db3();
	default: return asm_read_db6();
	}
}

void cpu_dr_write(u32 n, u64 value)
{
	switch (n) {
	case 0: asm_write_db0(value); break;
	case 1: asm_write_db1(value); break;
	case 2: asm_write_db2(value); break;
	case 3: asm_write_db3(value); break;
	default: asm_write_db6(value); break;
	}
}

void cpu_xcr0_write(u64 value)
{
	asm_xsetbv(value);
}

void cpu_xsave(vm_id vm)
{
	__asm__ volatile("xsave64 %0" : "+m"(xsave_areas[vm]) : "a"(~0u), "d"(~0u) : "memory");
}

void cpu_xrstor(vm_id vm)
{
	/* a fresh area has XSTATE_BV = 0: every component gets its initial state, but MXCSR is loaded from the area */
	u8 *mxcsr = &xsave_areas[vm][24];

	if ((mxcsr[0] | mxcsr[1]) == 0 && xsave_areas[vm][512] == 0)
		mxcsr[0] = 0x80, mxcsr[1] = 0x1f;
	__asm__ volatile("xrstor64 %0" : : "m"(xsave_areas[vm]), "a"(~0u), "d"(~0u) : "memory");
}

u8 *cpu_xsave_area(vm_id vm)
{
	return xsave_areas[vm];
}

u64 cpu_ticks(void)
{
	return asm_rdtsc();
}

u64 cpu_physical(const u64 *object)
{
	return (u64)(uintptr_t)object;
}

void cpu_panic(const char *file, u32 line, const char *what, u64 value)
{
	struct link_report report = { .type = LINK_FATAL, .value = line };
	struct text text;

	text_begin(&text);
	text_string(&text, "hypervisor failure at ");
	text_string(&text, file);
	text_string(&text, ":");
	text_decimal(&text, line);
	text_string(&text, ": ");
	text_string(&text, what);
	text_string(&text, ", value ");
	text_hex(&text, value);
	output_message(text_end(&text));
	output_report(&report);
	native_off();
}

/* The scratch VMCS: a 64-bit guest in the hypervisor's own address space, stopped by the preemption timer. */
static const char *scratch_vmcs(const struct capabilities *caps)
{
	struct controls c;

	if (controls_adjust(caps->pin, PIN_NMI_EXITING | PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER, &c.pin) != OK ||
	    controls_adjust(caps->cpu, CPU_TSC_OFFSETTING, &c.cpu) != OK ||
	    controls_adjust(caps->exit, EXIT_CTL_HOST_ADDRESS_SPACE_SIZE | EXIT_CTL_LOAD_EFER, &c.exit) != OK ||
	    controls_adjust(caps->entry, ENTRY_CTL_IA32E_MODE_GUEST | ENTRY_CTL_LOAD_EFER, &c.entry) != OK)
		return "virtual NMIs, the VMX-preemption timer or TSC offsetting";
	cpu_vmclear(SCRATCH);
	cpu_vmptrld(SCRATCH);
	native_host_state(&scratch);
	asm_vmwrite(PIN_BASED_CONTROLS, c.pin);
	asm_vmwrite(PROCESSOR_BASED_CONTROLS, c.cpu);
	asm_vmwrite(VM_EXIT_CONTROLS, c.exit);
	asm_vmwrite(VM_ENTRY_CONTROLS, c.entry);
	asm_vmwrite(EXCEPTION_BITMAP, 0);
	asm_vmwrite(VMCS_LINK_POINTER, ~0ull);
	for (u32 seg = SEG_ES; seg <= SEG_TR; seg++) {
		u32 step = seg * VMCS_SEGMENT_STEP;

		asm_vmwrite(GUEST_ES_SELECTOR + step, seg == SEG_CS ? 0x08 : seg == SEG_TR ? asm_str() : 0x10);
		asm_vmwrite(GUEST_ES_BASE + step, seg == SEG_TR ? native_tss() : 0);
		asm_vmwrite(GUEST_ES_LIMIT + step, seg == SEG_TR ? 0x67 : 0xffffffff);
		asm_vmwrite(GUEST_ES_ACCESS_RIGHTS + step,
			    seg == SEG_CS ? 0xa09b : seg == SEG_TR ? 0x8b : seg == SEG_LDTR ? 0x10000 : 0xc093);
	}
	asm_vmwrite(GUEST_CR0, asm_read_cr0());
	asm_vmwrite(GUEST_CR3, asm_read_cr3());
	asm_vmwrite(GUEST_CR4, asm_read_cr4());
	asm_vmwrite(GUEST_IA32_EFER, asm_rdmsr(IA32_EFER));
	asm_vmwrite(GUEST_GDTR_BASE, asm_gdt_base());
	asm_vmwrite(GUEST_GDTR_LIMIT, 0xffff);
	asm_vmwrite(GUEST_IDTR_BASE, asm_idt_base());
	asm_vmwrite(GUEST_IDTR_LIMIT, 0xfff);
	asm_vmwrite(GUEST_DR7, 0x400);
	asm_vmwrite(GUEST_RFLAGS, 2);
	return NULL;
}

/* Runs the scratch guest from `rip` with the preemption timer at `timer`; the ticks between the two RDTSC. */
static s64 probe(void (*rip)(void), u64 timer, u64 tsc_base)
{
	s64 ticks;

	asm_vmwrite(GUEST_RIP, (u64)(uintptr_t)rip);
	asm_vmwrite(VMX_PREEMPTION_TIMER_VALUE, timer);
	ticks = native_enter(&scratch, tsc_base);
	ASSERT(ticks != CPU_ENTRY_FAILED, asm_vmread(VM_INSTRUCTION_ERROR));
	ASSERT(asm_vmread(VM_EXIT_REASON) == 52, asm_vmread(VM_EXIT_REASON));
	return ticks;
}

bool native_calibrate(const struct capabilities *caps)
{
	ASSERT(scratch_vmcs(caps) == NULL, caps->cpu);
	native_stub_ticks = probe(native_probe, 1, 0);	/* VMLAUNCH, no guest instruction */
	if (probe(native_probe, 1, 0) != 0)	/* VMRESUME */
		return false;
	if (probe(native_probe, 1001, 0) != 1000)
		return false;
	(void)probe(native_probe, 11, 0);
	entry_ticks = (scratch.gpr[RDX] << 32 | scratch.gpr[RAX]);	/* the guest's RDTSC with offset -tsc_entry */
	return probe(native_probe, 11, 0x1000000 - entry_ticks) == 10 && (scratch.gpr[RDX] << 32 | scratch.gpr[RAX]) == 0x1000000;
}

/* Bochs 2.7: blocking by NMI, once set, stays when another VMCS is entered, until a guest executes IRET. */
void cpu_nmi_unblock(void)
{
	static u64 frame[5];
	vm_id vm = current;

	frame[0] = (u64)(uintptr_t)native_unblocked;
	frame[1] = 0x08;
	frame[2] = 2;
	frame[3] = native_physical(&frame[5]);
	frame[4] = 0x10;
	cpu_vmptrld(SCRATCH);
	asm_vmwrite(GUEST_RSP, native_physical(&frame[0]));
	(void)probe(native_unblock, 2, 0);
	cpu_vmptrld(vm);
}
