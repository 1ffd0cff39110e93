/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF core of a guest: its RAM once, and a program header for each stretch of linear addresses that its page tables
 * map to it (p_paddr is guest-physical). With paging off linear is physical.
 */
#include "core.h"

#include "gdb_registers.h"
#include "say.h"

#include "hv/x86.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#define CHUNK (1u << 20)
#define ADDRESS 0x000ffffffffff000ull

struct maps {
	Elf64_Phdr *phdr;
	u32 count, room;
	u64 ram_bytes;
};

static void add(struct maps *maps, u64 linear, u64 gpa, u64 bytes, u32 flags)
{
	Elf64_Phdr *last = maps->count == 0 ? NULL : &maps->phdr[maps->count - 1];

	if (gpa >= maps->ram_bytes || bytes > maps->ram_bytes - gpa || maps->count >= PN_XNUM - 2)
		return;
	if (last != NULL && last->p_vaddr + last->p_memsz == linear && last->p_paddr + last->p_memsz == gpa &&
	    last->p_flags == flags) {
		last->p_memsz += bytes;
		last->p_filesz += bytes;
		return;
	}
	if (maps->count == maps->room) {
		u32 room = maps->room == 0 ? 256 : 2 * maps->room;
		Elf64_Phdr *more = say_alloc(room * sizeof(*more));

		if (maps->count > 0)
			memcpy(more, maps->phdr, maps->count * sizeof(*more));
		free(maps->phdr);
		maps->phdr = more;
		maps->room = room;
	}
	maps->phdr[maps->count++] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = flags, .p_vaddr = linear, .p_paddr = gpa,
						  .p_filesz = bytes, .p_memsz = bytes, .p_align = 4096 };
}

/* The present entries of a table and of those under it. */
static void table(struct maps *maps, const u8 *ram, u64 at, u32 entry_bytes, const u32 *shift, u32 levels, u64 linear,
		  bool writable)
{
	u32 entries = entry_bytes == 4 ? 1024 : levels == 3 && shift[0] == 30 ? 4 : 512;

	for (u32 i = 0; i < entries; i++) {
		u64 entry = 0, here = linear | (u64)i << shift[0], size = 1ull << shift[0];
		bool write;

		if (at + (i + 1) * entry_bytes > maps->ram_bytes)
			return;
		memcpy(&entry, ram + at + i * entry_bytes, entry_bytes);
		if ((entry & 1) == 0)
			continue;
		if (shift[0] == 39 && i >= 256)
			here |= 0xffff000000000000ull;
		write = writable && ((entry & 2) != 0 || entries == 4);
		if (levels == 1 || ((entry & 0x80) != 0 && shift[0] <= 30 && entries != 4))
			add(maps, here, entry & ADDRESS & ~(size - 1), size, write ? PF_R | PF_W | PF_X : PF_R | PF_X);
		else
			table(maps, ram, entry & ADDRESS, entry_bytes, shift + 1, levels - 1, here, write);
	}
}

static void map(struct maps *maps, const u8 *ram, const struct target_registers *r)
{
	static const u32 shift4[] = { 39, 30, 21, 12 }, shift3[] = { 30, 21, 12 }, shift2[] = { 22, 12 };

	if ((r->cr0 & CR0_PG) == 0)
		add(maps, 0, 0, maps->ram_bytes, PF_R | PF_W | PF_X);
	else if ((r->cr4 & CR4_PAE) == 0)
		table(maps, ram, r->cr3 & 0xfffff000, 4, shift2, 2, 0, true);
	else if ((r->efer & EFER_LMA) == 0)
		table(maps, ram, r->cr3 & 0xffffffe0, 8, shift3, 3, 0, true);
	else
		table(maps, ram, r->cr3 & ADDRESS, 8, shift4, 4, 0, true);
}

/* NT_PRSTATUS: elf_gregset_t is in the order of struct user_regs_struct. */
static struct elf_prstatus status_of(const struct gdb_registers *r)
{
	static const u8 order[] = { 15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7 };
	struct elf_prstatus status = { .pr_pid = 1 };
	elf_greg_t *g = status.pr_reg;

	for (u32 i = 0; i < sizeof(order); i++)
		g[i] = r->core.gpr[order[i]];
	g[15] = ~0ull;	/* orig_rax: no system call */
	g[16] = r->core.rip;
	g[17] = r->core.segment[TARGET_CS].selector;
	g[18] = r->core.rflags;
	g[19] = r->core.gpr[4];
	g[20] = r->core.segment[TARGET_SS].selector;
	g[21] = r->core.segment[TARGET_FS].base;
	g[22] = r->core.segment[TARGET_GS].base;
	g[23] = r->core.segment[TARGET_DS].selector;
	g[24] = r->core.segment[TARGET_ES].selector;
	g[25] = r->core.segment[TARGET_FS].selector;
	g[26] = r->core.segment[TARGET_GS].selector;
	return status;
}

struct note {
	Elf64_Nhdr status_head;
	char status_name[8];
	struct elf_prstatus status;
	Elf64_Nhdr about_head;
	char about_name[8];
	char about[256];	/* where in the run this is */
} __attribute__((packed));

static bool write_core(FILE *out, const struct gdb_registers *registers, const char *about, struct maps *maps, const u8 *ram)
{
	Elf64_Ehdr head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(head),
			    .e_ehsize = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = (u16)(maps->count + 1) };
	u64 notes = sizeof(head) + (maps->count + 1) * sizeof(Elf64_Phdr);
	u64 data = (notes + sizeof(struct note) + 4095) & ~4095ull;
	Elf64_Phdr phdr = { .p_type = PT_NOTE, .p_offset = notes, .p_filesz = sizeof(struct note), .p_align = 4 };
	struct note note = { .status_head = { 5, sizeof(note.status), NT_PRSTATUS }, .status_name = "CORE",
			     .about_head = { 8, sizeof(note.about), 1 }, .about_name = "REPRISE" };

	note.status = status_of(registers);
	snprintf(note.about, sizeof(note.about), "%s", about);
	for (u32 i = 0; i < maps->count; i++)
		maps->phdr[i].p_offset = data + maps->phdr[i].p_paddr;
	return fwrite(&head, sizeof(head), 1, out) == 1 && fwrite(&phdr, sizeof(phdr), 1, out) == 1 &&
	       (maps->count == 0 || fwrite(maps->phdr, sizeof(phdr), maps->count, out) == maps->count) &&
	       fwrite(&note, sizeof(note), 1, out) == 1 && fseek(out, (long)data, SEEK_SET) == 0 &&
	       fwrite(ram, 1, maps->ram_bytes, out) == maps->ram_bytes;
}

int core_write(struct travel *travel, const char *path)
{
	const struct plan_vm *plan = &travel->layout.plan.vm[travel->place.vm % VM_MAX];
	struct maps maps = { .ram_bytes = plan->ram_bytes };
	struct gdb_registers registers;
	u8 *ram = say_alloc(plan->ram_bytes);
	char *about = say_format("reprise: %s at position %llu", (const char *)plan->name,
				 (unsigned long long)travel->place.position);
	FILE *out = NULL;
	int status = 0;
	bool good = travel->place.vm < VM_MAX && gdb_registers_get(travel, travel->place.vm, &registers);

	for (u64 at = 0; good && at < plan->ram_bytes; at += CHUNK)
		good = target_read(&travel->now, plan->ram_hpa + at, ram + at,
				   plan->ram_bytes - at < CHUNK ? plan->ram_bytes - at : CHUNK);
	if (!good) {
		status = say_fail(STATUS_FAILED, "the guest's state could not be read");
	} else {
		map(&maps, ram, &registers.core);
		out = fopen(path, "wbe");
		if (out == NULL || !write_core(out, &registers, about, &maps, ram))
			status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
		if (out != NULL && fclose(out) != 0 && status == 0)
			status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
		if (out != NULL && status != 0)
			unlink(path);
	}
	free(about);
	free(ram);
	free(maps.phdr);
	return status;
}
