/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests of a VM's whole state. Two VMs with the same images and the same digest have the same future. */
#include "state.h"
#include "cpu.h"
#include "dev/board.h"
#include "ept.h"
#include "gmem.h"
#include "mem.h"
#include "states.h"
#include "swap.h"
#include "vcpu.h"
#include "vmcs.h"

#define XSAVE_BYTES 832u	/* legacy region, header, AVX (SDM 1 13.4) */
#define WORD 8u

static u64 table_hpa[VM_MAX];	/* of the first hash of the VM's pages */
static u64 memory[VM_MAX];	/* XOR of the hashes of all pages that were ever written */
static u64 frames[VM_MAX];		/* pages of the VM */
static u64 changed[VM_MAX][0x20000 / 64];	/* bit of a page: written since the last checkpoint or state */

const char *state_begin(const struct plan *plan, const struct session *session)
{
	u64 at = session->table_hpa;

	for (vm_id vm = 0; vm < plan->vm_count; vm++) {
		if ((plan->vm[vm].flags & PLAN_MAP_4K) == 0)
			return "digests need guest RAM in 4 KiB pages";
		if (plan->vm[vm].ram_bytes > 0x20000 * PAGE_BYTES)
			return "digests reach 512 MiB of guest RAM only";
		table_hpa[vm] = at;
		frames[vm] = plan->vm[vm].ram_bytes / PAGE_BYTES;
		at += frames[vm] * WORD;
		memory[vm] = 0;
	}
	if (at - session->table_hpa > session->table_bytes)
		return "the table of page hashes is too small";
	mem_zero(session->table_hpa, session->table_bytes);
	return NULL;
}

/* Renews the hash of one page. A hash of 0 says: never written. */
static void rehash(vm_id vm, u64 gfn)
{
	u64 slot = table_hpa[vm] + gfn * WORD;
	u64 hash = (mem_page_hash(vm_ram[vm].hpa + gfn * PAGE_BYTES) + gfn) * 0x9e3779b97f4a7c15ull;

	hash ^= hash >> 29;
	if (hash == 0)
		hash = 1;
	memory[vm] ^= mem_read(slot, WORD) ^ hash;
	mem_write(slot, WORD, hash);
	changed[vm][gfn / 64] |= 1ull << (gfn % 64);
}

/* The dirty pages of one table of 4 KiB pages, eight entries at a look. */
static void scan(vm_id vm, u32 t)
{
	u64 *entry = vm_ept[vm].entry[t];
	u64 first = vm_ept[vm].tag[t] * 512;

	for (u32 i = 0; i < 512; i += 8) {
		if (!ept_entry_dirty(entry[i] | entry[i + 1] | entry[i + 2] | entry[i + 3] | entry[i + 4] | entry[i + 5] |
				     entry[i + 6] | entry[i + 7]))
			continue;
		for (u32 k = i; k < i + 8; k++) {
			if (!ept_entry_dirty(entry[k]))
				continue;
			entry[k] = ept_entry_with_dirty(entry[k], false);
			rehash(vm, first + k);
		}
	}
}

static void digest_memory(vm_id vm, struct digest *digest)
{
	for (u32 t = 0; t < vm_ept[vm].count; t++)
		if (vm_ept[vm].level[t] == EPT_4K)
			scan(vm, t);
	cpu_invept(ept_pointer(vm));	/* the processor keeps D in its translations too (SDM 3C 28.3.5) */
	digest->part[DIGEST_MEMORY_LOW] = (u32)memory[vm];
	digest->part[DIGEST_MEMORY_HIGH] = (u32)(memory[vm] >> 32);
}

u64 state_memory(vm_id vm)
{
	return memory[vm];
}

u32 state_changed(vm_id vm, u32 *gfn, u32 max)
{
	u32 count = 0;

	for (u32 i = 0; i < (frames[vm] + 63) / 64; i++) {
		for (u32 k = 0; changed[vm][i] != 0 && k < 64; k++)
			if ((changed[vm][i] >> k & 1) != 0 && count < max)
				gfn[count++] = i * 64 + k;
		changed[vm][i] = 0;
	}
	return count;
}

static struct states_page page_of(vm_id vm, u64 gfn)
{
	return (struct states_page){ (u32)gfn, (u32)mem_read(table_hpa[vm] + gfn * WORD, WORD) };
}

u32 state_written(vm_id vm, u64 *from, struct states_page *page, u32 max)
{
	u32 count = 0;

	for (; *from < frames[vm] && count < max; ++*from) {
		page[count] = page_of(vm, *from);
		count += mem_read(table_hpa[vm] + *from * WORD, WORD) != 0;
	}
	return count;
}

u32 state_pages(vm_id vm, u64 *from, struct states_page *page, u32 max)
{
	u64 word = *from / 64;
	u32 count = 0;

	while (word < (frames[vm] + 63) / 64 && count < max) {
		u64 bits = changed[vm][word];

		for (; bits != 0 && count < max; bits &= bits - 1)
			page[count++] = page_of(vm, word * 64 + (u64)__builtin_ctzll(bits));
		changed[vm][word] = bits;
		word += bits == 0;
	}
	*from = word * 64;
	return count;
}

void state_loaded(vm_id vm, u64 gfn)
{
	rehash(vm, gfn);
}

static u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

static u32 hash_object(const void *object, u32 bytes)
{
	const u8 *byte = object;
	u64 hash = bytes;

	for (u32 i = 0; i < bytes; i += WORD) {
		u64 word = 0;

		for (u32 k = 0; k < WORD; k++)
			word |= (u64)byte[i + k] << (8 * k);
		hash = mix(hash, word);
	}
	return (u32)hash;
}

_Static_assert(sizeof(struct pit) % WORD == 0 && sizeof(struct rtc) % WORD == 0 && sizeof(struct uart) % WORD == 0 &&
	       sizeof(struct pic) % WORD == 0, "hash_object takes words");

static void digest_devices(vm_id vm, struct digest *digest)
{
	const struct board *board = &boards[vm];
	u8 others[sizeof(struct pci) + sizeof(struct i8042) + WORD] = { 0 };

	for (u32 i = 0; i < sizeof(struct pci); i++)
		others[i] = ((const u8 *)&board->pci)[i];
	for (u32 i = 0; i < sizeof(struct i8042); i++)
		others[sizeof(struct pci) + i] = ((const u8 *)&board->i8042)[i];
	digest->part[DIGEST_PIT] = hash_object(&board->pit, sizeof(board->pit));
	digest->part[DIGEST_RTC] = hash_object(&board->rtc, sizeof(board->rtc));
	digest->part[DIGEST_UART] = hash_object(&board->uart, sizeof(board->uart));
	digest->part[DIGEST_PIC] = hash_object(&board->pic, sizeof(board->pic));
	digest->part[DIGEST_OTHERS] = hash_object(others, sizeof(others) / WORD * WORD);
}

static void digest_segments(vm_id vm, struct digest *digest)
{
	u64 hash = 0;

	for (u32 seg = SEG_ES; seg <= SEG_TR; seg++) {
		u32 step = seg * VMCS_SEGMENT_STEP;

		hash = mix(hash, cpu_vmread(vm, GUEST_ES_SELECTOR + step));
		hash = mix(hash, cpu_vmread(vm, GUEST_ES_BASE + step));
		hash = mix(hash, cpu_vmread(vm, GUEST_ES_LIMIT + step));
		hash = mix(hash, cpu_vmread(vm, GUEST_ES_ACCESS_RIGHTS + step));
	}
	digest->part[DIGEST_SEGMENTS] = (u32)hash;
}

static const u16 control_fields[] = {
	GUEST_CR0, GUEST_CR4, CR0_READ_SHADOW, CR4_READ_SHADOW, GUEST_IA32_EFER, GUEST_IA32_PAT, GUEST_IA32_DEBUGCTL,
	GUEST_DR7, GUEST_GDTR_BASE, GUEST_GDTR_LIMIT, GUEST_IDTR_BASE, GUEST_IDTR_LIMIT, GUEST_SYSENTER_CS,
	GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP, GUEST_PDPTE0, GUEST_PDPTE1, GUEST_PDPTE2, GUEST_PDPTE3,
	GUEST_INTERRUPTIBILITY_STATE, GUEST_ACTIVITY_STATE, GUEST_PENDING_DEBUG_EXCEPTIONS,
};

static void digest_control(vm_id vm, struct digest *digest)
{
	const struct vcpu *v = &vcpus[vm];
	u64 hash = 0;

	for (u32 i = 0; i < sizeof(control_fields) / sizeof(control_fields[0]); i++)
		hash = mix(hash, cpu_vmread(vm, control_fields[i]));
	hash = mix(hash, v->event_info | (u64)v->event_error << 32);
	hash = mix(hash, v->event_length | (u64)v->nmi_pending << 32);
	digest->part[DIGEST_CONTROL] = (u32)hash;
}

static void digest_swapped(vm_id vm, struct digest *digest)
{
	const struct vcpu *v = &vcpus[vm];
	u64 hash = mix(v->cr2, v->xcr0);

	for (u32 i = 0; i < 4; i++)
		hash = mix(hash, v->dr[i]);
	hash = mix(mix(hash, v->dr6), v->cr8);
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		hash = mix(hash, v->msr[i]);
	digest->part[DIGEST_SWAPPED] = (u32)hash;
	hash = 0;
	for (u32 i = 0; i < 4; i++)
		hash = mix(hash, v->entropy[i]);
	digest->part[DIGEST_ENTROPY] = (u32)hash;
}

void state_digest(vm_id vm, struct digest *digest)
{
	const struct vcpu *v = &vcpus[vm];

	swap_out(vm);
	for (u32 i = 0; i < GPRS; i++)
		digest->reg[i] = v->gpr[i];
	digest->reg[RSP] = cpu_vmread(vm, GUEST_RSP);
	digest->reg[DIGEST_RIP] = cpu_vmread(vm, GUEST_RIP);
	digest->reg[DIGEST_RFLAGS] = cpu_vmread(vm, GUEST_RFLAGS);
	digest->reg[DIGEST_CR3] = cpu_vmread(vm, GUEST_CR3);
	digest->exits = v->exits;
	digest_control(vm, digest);
	digest_segments(vm, digest);
	digest_swapped(vm, digest);
	digest_devices(vm, digest);
	digest->part[DIGEST_XSAVE] = hash_object(cpu_xsave_area(vm), XSAVE_BYTES);
	digest_memory(vm, digest);
	swap_in(vm);
}

u64 state_fold(const struct digest *digest)
{
	u64 hash = digest->exits;

	for (u32 i = 0; i < DIGEST_REGISTERS; i++)
		hash = mix(hash, digest->reg[i]);
	for (u32 i = 0; i < DIGEST_PARTS; i++)
		hash = mix(hash, digest->part[i]);
	return hash;
}
