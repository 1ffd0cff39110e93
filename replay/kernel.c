/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux (and any ELF that starts like it): the boot protocol without the bzImage's own decompressor. */
#include "kernel.h"

#include "elf.h"
#include "say.h"
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

/* Offsets in struct boot_params; the setup header of a bzImage has the same offsets in the file. */
#define BP_E820_COUNT 0x1e8
#define BP_HEADER 0x1f1
#define BP_SETUP_SECTS 0x1f1
#define BP_BOOT_FLAG 0x1fe
#define BP_JUMP_LENGTH 0x201
#define BP_MAGIC 0x202
#define BP_VERSION 0x206
#define BP_LOADER 0x210
#define BP_LOADFLAGS 0x211
#define BP_RAMDISK_IMAGE 0x218
#define BP_RAMDISK_SIZE 0x21c
#define BP_CODE32_START 0x214
#define BP_HEAP_END 0x224
#define BP_CMDLINE 0x228
#define BP_INITRD_MAX 0x22c
#define BP_CMDLINE_SIZE 0x238
#define BP_PAYLOAD_OFFSET 0x248
#define BP_PAYLOAD_LENGTH 0x24c
#define BP_INIT_SIZE 0x260
#define BP_HEADER_MAX 0x290
#define BP_E820 0x2d0
#define BP_BYTES 4096

#define HEADER_MAGIC 0x53726448u	/* "HdrS" */
#define E820_BYTES 20
#define LOADED_HIGH 0x01
#define CAN_USE_HEAP 0x80
#define INITRD_MAX 0x7fffffffull
#define CMDLINE_MAX 2047u

#define PTE_TABLE 0x03ull		/* present, writable */
#define PTE_LARGE 0x83ull		/* and a 2 MiB page */

/* The command line of a guest without --append: quiet, no platform that the guest lacks, orderly reset. */
static const char usual_append[] =
	"console=ttyS0 quiet loglevel=3 reboot=k panic=-1 acpi=off nolapic noapic pci=off mitigations=off nokaslr no_timer_check "
	"cryptomgr.notests io_delay=none nohz=off highres=off 8250.nr_uarts=1 tsc=reliable";

static bool is_bzimage(const struct bytes *file)
{
	return file->count > BP_INIT_SIZE + 4 && le32(file->data + BP_MAGIC) == HEADER_MAGIC &&
	       le16(file->data + BP_BOOT_FLAG) == 0xaa55;
}

static bool has_payload(const struct bytes *file)
{
	return le32(file->data + BP_PAYLOAD_LENGTH) != 0;
}

/* The unpacked ELF of a bzImage, into *out (the caller frees it). */
static int bzimage_unpack(const struct bytes *file, const char *path, struct bytes *out)
{
	u32 version = le16(file->data + BP_VERSION);
	u64 setup = file->data[BP_SETUP_SECTS] ? file->data[BP_SETUP_SECTS] : 4;
	u64 start, length;
	struct bytes payload;
	int status;

	if (version < 0x208)
		return say_fail(STATUS_REFUSED,
				"%s: its boot protocol is %u.%02u; 2.08 (Linux 2.6.26) or later is needed", path,
				version >> 8, version & 0xff);
	start = (setup + 1) * 512 + le32(file->data + BP_PAYLOAD_OFFSET);
	length = le32(file->data + BP_PAYLOAD_LENGTH);
	if (start > file->count || length > file->count - start)
		return say_fail(STATUS_REFUSED,
				"%s: the bzImage is truncated: its payload ends at byte %llu, the file at %llu", path,
				(unsigned long long)(start + length), (unsigned long long)file->count);
	payload = (struct bytes){ file->data + start, length };
	status = unpack(&payload, path, out);
	if (status == 0 && !elf_is(out)) {
		free(out->data);
		status = say_fail(STATUS_REFUSED, "%s: the bzImage's payload is no ELF file", path);
	}
	return status;
}

/* A bzImage that is no packed Linux (memtest86+): its protected-mode part goes to where its header says and is entered there
 * by the 32-bit boot protocol. */
static int bzimage_load(const struct bytes *file, struct image *image, const char *path, struct elf_info *elf)
{
	u32 setup = file->data[BP_SETUP_SECTS] != 0 ? file->data[BP_SETUP_SECTS] : 4;
	u64 start = (setup + 1) * 512;
	u32 entry = le32(file->data + BP_CODE32_START);

	if (start >= file->count)
		return say_fail(STATUS_REFUSED, "%s: the bzImage is truncated: its kernel begins at byte %llu, the file ends at %llu",
				path, (unsigned long long)start, (unsigned long long)file->count);
	*elf = (struct elf_info){ .is64 = false, .entry = entry };
	return image_put(image, entry, file->data + start, file->count - start, le32(file->data + BP_INIT_SIZE), "the kernel", path);
}

/* boot_params with the bzImage's own setup header, or the one a plain ELF would have. */
static void params_begin(u8 params[BP_BYTES], const struct bytes *bzimage)
{
	memset(params, 0, BP_BYTES);
	if (bzimage != NULL) {
		u64 end = BP_MAGIC + bzimage->data[BP_JUMP_LENGTH];

		end = end > BP_HEADER_MAX ? BP_HEADER_MAX : end;
		end = end > bzimage->count ? bzimage->count : end;
		memcpy(params + BP_HEADER, bzimage->data + BP_HEADER, end - BP_HEADER);
	} else {
		params[BP_BOOT_FLAG] = 0x55;
		params[BP_BOOT_FLAG + 1] = 0xaa;
		put_le32(params + BP_MAGIC, HEADER_MAGIC);
		params[BP_VERSION] = 0x0c;
		params[BP_VERSION + 1] = 0x02;
		put_le32(params + BP_INITRD_MAX, (u32)INITRD_MAX);
		put_le32(params + BP_CMDLINE_SIZE, CMDLINE_MAX);
	}
	params[BP_LOADER] = 0xff;
	params[BP_LOADFLAGS] = (u8)((params[BP_LOADFLAGS] | LOADED_HIGH) & ~CAN_USE_HEAP);
	params[BP_HEAP_END] = 0;
	params[BP_HEAP_END + 1] = 0;
	put_le32(params + BP_CMDLINE, (u32)KERNEL_CMDLINE);
}

static void e820_add(u8 params[BP_BYTES], u64 start, u64 bytes)
{
	u8 *entry = params + BP_E820 + params[BP_E820_COUNT] * E820_BYTES;

	if (bytes == 0)
		return;
	put_le64(entry, start);
	put_le64(entry + 8, bytes);
	put_le32(entry + 16, 1);
	params[BP_E820_COUNT]++;
}

static int initrd_load(const struct vm_spec *vm, struct image *image, u8 params[BP_BYTES])
{
	u64 limit = (u64)le32(params + BP_INITRD_MAX) + 1;
	struct bytes file;
	u64 gpa;
	int status;

	if (vm->initrd.path == NULL)
		return 0;
	status = file_read(&vm->initrd, image->ram_bytes, &file);
	if (status != 0)
		return status;
	gpa = image_find_high(image, file.count, limit);
	if (gpa == 0)
		status = say_fail(STATUS_REFUSED,
				  "%s: the initrd of %llu KiB does not fit: the kernel ends at %llu KiB, the "
				  "guest has %llu KiB; use a larger --memory",
				  vm->initrd.path, (unsigned long long)((file.count + 1023) >> 10),
				  (unsigned long long)(image_end(image) >> 10),
				  (unsigned long long)(image->ram_bytes >> 10));
	else
		status = image_put(image, gpa, file.data, file.count, 0, "the initrd", vm->initrd.path);
	put_le32(params + BP_RAMDISK_IMAGE, (u32)gpa);
	put_le32(params + BP_RAMDISK_SIZE, (u32)file.count);
	free(file.data);
	return status;
}

static void tables_make(u8 *low, bool is64)
{
	static const u64 gdt[2][4] = {
		{ 0, 0, 0x00cf9b000000ffffull, 0x00cf93000000ffffull },
		{ 0, 0, 0x00af9b000000ffffull, 0x00cf93000000ffffull },
	};

	for (u64 i = 0; i < 4; i++)
		put_le64(low + KERNEL_GDT - KERNEL_TABLES + 8 * i, gdt[is64][i]);
	if (!is64)
		return;
	put_le64(low, (KERNEL_TABLES + PAGE_BYTES) | PTE_TABLE);
	for (u64 i = 0; i < 4; i++)
		put_le64(low + PAGE_BYTES + 8 * i, (KERNEL_TABLES + (2 + i) * PAGE_BYTES) | PTE_TABLE);
	for (u64 i = 0; i < 4 * 512; i++)
		put_le64(low + 2 * PAGE_BYTES + 8 * i, i * PAGE_2M_BYTES | PTE_LARGE);
}

/* The default command line, what replaces it, or after a "+" what is added to it. */
static char *command_line(const char *append)
{
	if (append == NULL)
		return say_format("%s", usual_append);
	return append[0] == '+' ? say_format("%s %s", usual_append, append + 1) : say_format("%s", append);
}

static int start_make(const struct vm_spec *vm, struct image *image, u8 params[BP_BYTES], const struct elf_info *elf)
{
	char *append = command_line(vm->append);
	u32 cmdline_max = le32(params + BP_CMDLINE_SIZE);
	u8 *low;
	int status;

	if (cmdline_max > CMDLINE_MAX || cmdline_max == 0)
		cmdline_max = CMDLINE_MAX;
	if (strlen(append) > cmdline_max) {
		say("%s: the command line has %zu characters, this kernel takes %u",
		    vm->image.path, strlen(append), cmdline_max);
		free(append);
		return STATUS_REFUSED;
	}
	e820_add(params, 0, IMAGE_LOW_END);
	e820_add(params, IMAGE_HIGH, image->ram_bytes - IMAGE_HIGH);
	low = say_alloc(KERNEL_LOW_END - KERNEL_TABLES);
	tables_make(low, elf->is64);
	memcpy(low + KERNEL_PARAMS - KERNEL_TABLES, params, BP_BYTES);
	memcpy(low + KERNEL_CMDLINE - KERNEL_TABLES, append, strlen(append) + 1);
	free(append);
	status = image_put(image, KERNEL_TABLES, low, KERNEL_LOW_END - KERNEL_TABLES, 0, "the boot parameters",
			   vm->image.path);
	free(low);
	image->start = elf->is64 ? PLAN_START_LONG : PLAN_START_PROTECTED;
	image->rip = elf->entry;
	image->rsp = IMAGE_LOW_END;
	image->rsi = KERNEL_PARAMS;
	image->cr3 = elf->is64 ? KERNEL_TABLES : 0;
	image->gdt = KERNEL_GDT;
	return status;
}

int kernel_load(const struct vm_spec *vm, struct image *image)
{
	struct bytes file, unpacked = { NULL, 0 };
	u8 params[BP_BYTES];
	struct elf_info elf;
	int status;

	status = file_read(&vm->image, UNPACK_MAX, &file);
	if (status != 0)
		return status;
	if (is_bzimage(&file) && !has_payload(&file)) {
		params_begin(params, &file);
		status = bzimage_load(&file, image, vm->image.path, &elf);
	} else if (is_bzimage(&file)) {
		params_begin(params, &file);
		status = bzimage_unpack(&file, vm->image.path, &unpacked);
		if (status != 0)
			unpacked.data = NULL;
	} else if (elf_is(&file)) {
		params_begin(params, NULL);
		unpacked = file;
	} else {
		status = say_fail(STATUS_REFUSED, "%s: neither a bzImage nor an ELF file", vm->image.path);
	}
	if (status == 0 && unpacked.data != NULL)
		status = elf_load(image, &unpacked, "the kernel", vm->image.path, &elf);
	if (unpacked.data != file.data)
		free(file.data);
	if (status == 0)
		status = initrd_load(vm, image, params);
	if (status == 0)
		status = start_make(vm, image, params, &elf);
	free(unpacked.data);
	return status;
}
