/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot (version 1) kernels with modules, and flat real-mode images. */
#include "multiboot.h"

#include "elf.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MAGIC 0x1badb002u
#define LOADER_MAGIC 0x2badb002u
#define SEARCH_BYTES 8192u
#define HEADER_ADDRESSES 0x10000u	/* bit 16: the address fields are valid */
#define HEADER_UNKNOWN 0xfff8u		/* required features beyond page alignment, memory and video information */
#define HEADER_BYTES 12u
#define HEADER_LONG_BYTES 32u

#define INFO_MEMORY 0x1u
#define INFO_CMDLINE 0x4u
#define INFO_MODULES 0x8u
#define INFO_MMAP 0x40u
#define INFO_LOADER 0x200u
#define INFO_BYTES 128u
#define MMAP_ENTRY_BYTES 24u
#define MODULE_BYTES 16u
#define AREA_BYTES 0x10000u		/* the information and all strings */

/* The header's offset in the file, or -1. */
static s64 header_find(const struct bytes *file)
{
	u64 end = file->count < SEARCH_BYTES ? file->count : SEARCH_BYTES;

	for (u64 at = 0; at + HEADER_BYTES <= end; at += 4)
		if (le32(file->data + at) == HEADER_MAGIC &&
		    HEADER_MAGIC + le32(file->data + at + 4) + le32(file->data + at + 8) == 0)
			return (s64)at;
	return -1;
}

/* A header whose own address fields say what to load (the specification's a.out kludge). */
static int kludge_load(struct image *image, const struct bytes *file, u64 at, const char *path, u64 *entry)
{
	u32 header, load, load_end, bss_end;
	u64 from, bytes, span;

	if (at + HEADER_LONG_BYTES > file->count)
		return say_fail(STATUS_REFUSED, "%s: the multiboot header is truncated", path);
	header = le32(file->data + at + 12);
	load = le32(file->data + at + 16);
	load_end = le32(file->data + at + 20);
	bss_end = le32(file->data + at + 24);
	*entry = le32(file->data + at + 28);
	if (load > header || header - load > at)
		return say_fail(STATUS_REFUSED,
				"%s: the multiboot header's load address does not fit its place in the file", path);
	from = at - (header - load);
	bytes = load_end != 0 ? (u64)load_end - load : file->count - from;
	if (load_end != 0 && (load_end < load || bytes > file->count - from))
		return say_fail(STATUS_REFUSED,
				"%s: truncated: the multiboot header wants %llu bytes from offset %llu", path,
				(unsigned long long)bytes, (unsigned long long)from);
	span = bss_end > load ? (u64)bss_end - load : bytes;
	return image_put(image, load, file->data + from, bytes, span, "the kernel", path);
}

/* The information area under construction. */
struct area {
	u8 *data;
	u32 used;
	bool full;
};

static u32 area_reserve(struct area *area, u32 bytes)
{
	u32 at = area->used;

	if (bytes > AREA_BYTES - at) {
		area->full = true;
		return 0;
	}
	area->used = (at + bytes + 7) & ~7u;
	return at;
}

/* The string "NAME ARGUMENTS"; returns its guest-physical address. */
static u32 area_string(struct area *area, const char *path, const char *arguments)
{
	char *text = arguments != NULL && arguments[0] != '\0' ? say_format("%s %s", file_base(path), arguments) :
								  say_format("%s", file_base(path));
	u32 length = (u32)strlen(text) + 1;
	u32 at = area_reserve(area, length);

	if (!area->full)
		memcpy(area->data + at, text, length);
	free(text);
	return (u32)MULTIBOOT_INFO + at;
}

static void mmap_entry(u8 *at, u64 start, u64 bytes)
{
	put_le32(at, MMAP_ENTRY_BYTES - 4);
	put_le64(at + 4, start);
	put_le64(at + 12, bytes);
	put_le32(at + 20, 1);
}

static int modules_load(const struct vm_spec *vm, struct image *image, struct area *area, u32 table)
{
	for (u32 i = 0; i < vm->module_count; i++) {
		const struct file_spec *module = &vm->module[i];
		u64 gpa = image_end(image);
		u8 *entry = area->data + table + i * MODULE_BYTES;
		struct bytes file;
		int status = file_read(module, image->ram_bytes, &file);

		if (status != 0)
			return status;
		status = image_put(image, gpa, file.data, file.count, 0, "the module", module->path);
		free(file.data);
		if (status != 0)
			return status;
		put_le32(entry, (u32)gpa);
		put_le32(entry + 4, (u32)(gpa + file.count));
		put_le32(entry + 8, area_string(area, module->path, module->cmdline));
	}
	return 0;
}

static int info_make(const struct vm_spec *vm, struct image *image)
{
	struct area area = { .data = say_alloc(AREA_BYTES) };
	u32 info = area_reserve(&area, INFO_BYTES);
	u32 mmap = area_reserve(&area, 2 * MMAP_ENTRY_BYTES);
	u32 modules = area_reserve(&area, GUEST_MODULES * MODULE_BYTES);
	u64 high_bytes = image->ram_bytes - IMAGE_HIGH;
	int status;

	put_le32(area.data + info, INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MMAP | INFO_LOADER);
	put_le32(area.data + info + 4, (u32)(IMAGE_LOW_END >> 10));
	put_le32(area.data + info + 8, (u32)(high_bytes >> 10));
	put_le32(area.data + info + 16, area_string(&area, vm->image.path, vm->append));
	put_le32(area.data + info + 20, vm->module_count);
	put_le32(area.data + info + 24, (u32)MULTIBOOT_INFO + modules);
	put_le32(area.data + info + 44, (high_bytes ? 2 : 1) * MMAP_ENTRY_BYTES);
	put_le32(area.data + info + 48, (u32)MULTIBOOT_INFO + mmap);
	put_le32(area.data + info + 64, area_string(&area, "reprise", NULL));
	mmap_entry(area.data + mmap, 0, IMAGE_LOW_END);
	mmap_entry(area.data + mmap + MMAP_ENTRY_BYTES, IMAGE_HIGH, high_bytes);
	status = modules_load(vm, image, &area, modules);
	if (status == 0 && area.full)
		status = say_fail(STATUS_REFUSED, "%s: the command lines are longer than %u bytes together",
				  vm->image.path, AREA_BYTES);
	if (status == 0)
		status = image_put(image, MULTIBOOT_INFO, area.data, area.used, 0, "the multiboot information",
				   vm->image.path);
	free(area.data);
	return status;
}

int multiboot_load(const struct vm_spec *vm, struct image *image)
{
	const char *path = vm->image.path;
	struct elf_info elf = { 0 };
	struct bytes file;
	u32 flags;
	s64 at;
	int status;

	status = file_read(&vm->image, image->ram_bytes, &file);
	if (status != 0)
		return status;
	at = header_find(&file);
	flags = at >= 0 ? le32(file.data + at + 4) : 0;
	if (at < 0)
		status = say_fail(STATUS_REFUSED, "%s: no multiboot header in its first 8 KiB", path);
	else if ((flags & HEADER_UNKNOWN) != 0)
		status = say_fail(STATUS_REFUSED, "%s: its multiboot header requires unknown features (flags %xH)",
				  path, flags);
	else if ((flags & HEADER_ADDRESSES) != 0)
		status = kludge_load(image, &file, (u64)at, path, &elf.entry);
	else if (elf_is(&file))
		status = elf_load(image, &file, "the kernel", path, &elf);
	else
		status = say_fail(STATUS_REFUSED, "%s: a multiboot header without addresses in a file that is no ELF",
				  path);
	free(file.data);
	if (status == 0)
		status = info_make(vm, image);
	image->start = PLAN_START_PROTECTED;
	image->rip = elf.entry;
	image->rsp = IMAGE_LOW_END;
	image->rax = LOADER_MAGIC;
	image->rbx = MULTIBOOT_INFO;
	return status;
}

int flat_load(const struct vm_spec *vm, struct image *image)
{
	struct bytes file;
	int status = file_read(&vm->image, IMAGE_LOW_END - FLAT_ADDRESS, &file);

	if (status != 0)
		return status;
	status = image_put(image, FLAT_ADDRESS, file.data, file.count, 0, "the image", vm->image.path);
	free(file.data);
	image->start = PLAN_START_REAL;
	image->rip = FLAT_ADDRESS;
	image->rsp = FLAT_ADDRESS;
	image->rdx = 0x80;
	return status;
}
