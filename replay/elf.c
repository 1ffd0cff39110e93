/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading an ELF executable's PT_LOAD segments at their physical addresses. */
#include "elf.h"

#include "say.h"

#include <elf.h>
#include <string.h>

bool elf_is(const struct bytes *file)
{
	return file->count >= SELFMAG && memcmp(file->data, ELFMAG, SELFMAG) == 0;
}

/* Both classes' headers in one shape. */
struct header {
	u64 entry, phoff;
	u32 phentsize, phnum, machine, type;
};

static bool header_read(const struct bytes *file, bool is64, struct header *header)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	if (file->count < (is64 ? sizeof(wide) : sizeof(narrow)))
		return false;
	if (is64) {
		memcpy(&wide, file->data, sizeof(wide));
		*header = (struct header){ wide.e_entry, wide.e_phoff, wide.e_phentsize, wide.e_phnum,
					   wide.e_machine, wide.e_type };
	} else {
		memcpy(&narrow, file->data, sizeof(narrow));
		*header = (struct header){ narrow.e_entry, narrow.e_phoff, narrow.e_phentsize, narrow.e_phnum,
					   narrow.e_machine, narrow.e_type };
	}
	return true;
}

static bool segment_read(const struct bytes *file, bool is64, const struct header *header, u32 index, Elf64_Phdr *out)
{
	u64 need = is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	Elf32_Phdr narrow;
	u64 at;

	if (header->phentsize < need || header->phoff > file->count)
		return false;
	at = header->phoff + (u64)index * header->phentsize;
	if (at > file->count || need > file->count - at)
		return false;
	if (is64) {
		memcpy(out, file->data + at, sizeof(*out));
		return true;
	}
	memcpy(&narrow, file->data + at, sizeof(narrow));
	*out = (Elf64_Phdr){ .p_type = narrow.p_type, .p_offset = narrow.p_offset, .p_vaddr = narrow.p_vaddr,
			     .p_paddr = narrow.p_paddr, .p_filesz = narrow.p_filesz, .p_memsz = narrow.p_memsz };
	return true;
}

static int segment_load(struct image *image, const struct bytes *file, const Elf64_Phdr *segment, const char *what,
			const char *path, struct elf_info *info, u64 entry, bool *physical)
{
	int status;

	if (segment->p_offset > file->count || segment->p_filesz > file->count - segment->p_offset)
		return say_fail(STATUS_REFUSED, "%s: the ELF file is truncated: a segment ends at byte %llu of %llu",
				path, (unsigned long long)(segment->p_offset + segment->p_filesz),
				(unsigned long long)file->count);
	if (segment->p_memsz < segment->p_filesz)
		return say_fail(STATUS_REFUSED,
				"%s: damaged ELF file: a segment is larger in the file than in memory", path);
	status = image_put(image, segment->p_paddr, file->data + segment->p_offset, segment->p_filesz, segment->p_memsz,
			   what, path);
	if (status != 0)
		return status;
	if (entry >= segment->p_paddr && entry - segment->p_paddr < segment->p_memsz)
		*physical = true;
	else if (entry >= segment->p_vaddr && entry - segment->p_vaddr < segment->p_memsz)
		info->entry = entry - segment->p_vaddr + segment->p_paddr;
	if (segment->p_paddr < info->start)
		info->start = segment->p_paddr;
	if (segment->p_paddr + segment->p_memsz > info->end)
		info->end = segment->p_paddr + segment->p_memsz;
	return 0;
}

int elf_load(struct image *image, const struct bytes *file, const char *what, const char *path, struct elf_info *info)
{
	struct header header;
	Elf64_Phdr segment;
	bool physical = false;
	u32 loaded = 0;
	int status;

	info->is64 = file->count > EI_CLASS && file->data[EI_CLASS] == ELFCLASS64;
	if (!header_read(file, info->is64, &header))
		return say_fail(STATUS_REFUSED, "%s: the ELF file is truncated", path);
	if (header.machine != (info->is64 ? EM_X86_64 : EM_386))
		return say_fail(STATUS_REFUSED, "%s: an ELF file for another machine (e_machine %u), not x86", path,
				header.machine);
	if (header.type != ET_EXEC && header.type != ET_DYN)
		return say_fail(STATUS_REFUSED, "%s: an ELF file that is no executable (e_type %u)", path, header.type);
	info->entry = header.entry;
	info->start = UINT64_MAX;
	info->end = 0;
	for (u32 i = 0; i < header.phnum; i++) {
		if (!segment_read(file, info->is64, &header, i, &segment))
			return say_fail(STATUS_REFUSED, "%s: the ELF file is truncated in its program headers", path);
		if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
			continue;
		status = segment_load(image, file, &segment, what, path, info, header.entry, &physical);
		if (status != 0)
			return status;
		loaded++;
	}
	if (loaded == 0)
		return say_fail(STATUS_REFUSED, "%s: the ELF file has nothing to load (no PT_LOAD segment)", path);
	if (physical)
		info->entry = header.entry;
	return 0;
}
