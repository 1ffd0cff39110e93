/* SPDX-License-Identifier: BSD-2-Clause */
/* The translation cases: one instruction of a guest, stopped by the VMX-preemption timer. */
#include "model/runner/runner.h"
#include "model/ept_case.h"
#include "hv/native/asm.h"
#include "hv/native/ata.h"
#include "hv/vmcs.h"
#include "spec/vmx.h"
#include "spec/walk.h"

#define EPT_FLAGS 0x300ull
#define GUEST_FLAGS 0x60ull

static u64 peek(u64 address, u32 bytes)
{
	return bytes == 4 ? *(volatile u32 *)(uintptr_t)address : *(volatile u64 *)(uintptr_t)address;
}

static void poke(u64 address, u32 bytes, u64 value)
{
	if (bytes == 4)
		*(volatile u32 *)(uintptr_t)address = (u32)value;
	else
		*(volatile u64 *)(uintptr_t)address = value;
}

static void fixed_state(void)
{
	base_load(BASE_LONG);
	asm_vmwrite(EXCEPTION_BITMAP, 0xffffffff);
	asm_vmwrite(GUEST_IDTR_LIMIT, 0xffff);
	for (u64 a = AT_POOL; a < AT_POOL + POOL_PAGES * PAGE_BYTES; a += 8)
		poke(a, 8, POOL_FILL);
	for (u64 a = AT_EPT_PAGES; a < AT_EPT_PAGES + 0x200000; a += 8)
		poke(a, 8, 0);
}

static void load(const struct ept_packed *c)
{
	bool wide = c->mode == GUEST_4_LEVEL;
	u64 entry_controls = header.base[BASE_LONG][F_VM_ENTRY_CONTROLS];
	u64 user = c->cpl == 3 ? 0x60 : 0;

	asm_vmwrite(VM_ENTRY_CONTROLS, wide ? entry_controls : entry_controls & ~(u64)ENTRY_CTL_IA32E_MODE_GUEST);
	asm_vmwrite(GUEST_CR0, c->cr0);
	asm_vmwrite(GUEST_CR3, c->cr3);
	asm_vmwrite(GUEST_CR4, c->cr4);
	asm_vmwrite(GUEST_IA32_EFER, c->efer);
	asm_vmwrite(GUEST_RFLAGS, c->rflags);
	asm_vmwrite(GUEST_RIP, c->rip);
	asm_vmwrite(GUEST_CS_SELECTOR, 8 | c->cpl);
	asm_vmwrite(GUEST_CS_ACCESS_RIGHTS, (wide ? 0xa09b : 0xc09b) | user);
	asm_vmwrite(GUEST_SS_SELECTOR, 0x10 | c->cpl);
	asm_vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093 | user);
	asm_vmwrite(EPT_POINTER, c->eptp);
	for (u32 i = 0; i < 4; i++)
		asm_vmwrite(GUEST_PDPTE0 + 2 * i, c->pdpte[i]);
	asm_vmwrite(VMX_PREEMPTION_TIMER_VALUE, 2);
	asm_vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	/* Bochs applies the keys to supervisor pages as well: no memory access while CR4.PKE is set. */
	__asm__ volatile("mov %0, %%cr4; wrpkru; mov %1, %%cr4" : : "r"(asm_read_cr4() | CR4_PKE), "r"(asm_read_cr4()), "a"(c->pkru), "c"(0), "d"(0));
	for (u32 i = 0; i < c->count; i++)
		poke(c->write[i].address, c->write[i].bytes, c->write[i].value);
}

/* Reads the flags back and clears what the case wrote. */
static void unload(const struct ept_packed *c, struct ept_result *result)
{
	result->ept_flags = result->guest_flags = result->damage = 0;
	for (u32 i = 0; i < c->count; i++) {
		bool ept = i < c->ept_count;
		u64 now = peek(c->write[i].address, c->write[i].bytes);
		u64 flags = ept ? EPT_FLAGS : GUEST_FLAGS;

		if (ept)
			result->ept_flags |= (now >> 8 & 3) << (2 * i);
		else
			result->guest_flags |= (now >> 5 & 3) << (2 * (i - c->ept_count));
		if (((now ^ c->write[i].value) & ~flags) != 0)
			result->damage |= 1ull << i;
		poke(c->write[i].address, c->write[i].bytes, ept ? 0 : POOL_FILL);
	}
}

static u8 block[EPT_BLOCK] __attribute__((aligned(4096)));
static u64 left, next_sector;
static const struct ept_packed *at;

/* The next case on the boot disk. */
static const struct ept_packed *next_case(void)
{
	const struct ept_packed *c = at;

	if (left == 0) {
		(void)ata_read(ATA_BOOT, next_sector, EPT_BLOCK / 512, (u64)(uintptr_t)block);
		next_sector += EPT_BLOCK / 512;
		left = *(const u64 *)(const void *)block;
		c = (const struct ept_packed *)(const void *)(block + 8);
	}
	left--;
	at = (const struct ept_packed *)(const void *)&c->write[c->count];
	return c;
}

void suite_ept(void)
{
	static struct enter_frame frame;
	bool launched = false;

	fixed_state();
	next_sector = params.cases_sector;
	for (u64 n = params.first; n < params.first + params.count; n++) {
		struct ept_result *result = result_slot(n);
		const struct ept_packed *c = next_case();

		load(c);
		frame.gpr[RAX] = c->linear;
		frame.gpr[RCX] = POOL_FILL;
		runner_enter(&frame, launched);
		result->tsc = frame.tsc;
		if (frame.failed != 0) {
			result->reason = RESULT_VMFAIL;
			result->error_code = (u32)asm_vmread(VM_INSTRUCTION_ERROR);
		} else {
			result->reason = (u32)asm_vmread(VM_EXIT_REASON);
			launched |= (result->reason & EXIT_REASON_ENTRY_FAILURE) == 0;
			result->error_code = result->reason == 0 ? (u32)asm_vmread(VM_EXIT_INTERRUPTION_ERROR_CODE) |
				(u32)(asm_vmread(VM_EXIT_INTERRUPTION_INFO) & 0xff) << 24 : 0;
			result->qualification = asm_vmread(EXIT_QUALIFICATION);
			result->gpa = asm_vmread(GUEST_PHYSICAL_ADDRESS);
			result->linear = asm_vmread(GUEST_LINEAR_ADDRESS);
		}
		unload(c, result);
		result_done(n);
	}
}
