/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the boot medium: sector 0, the flat hypervisor, the plan and the images. */
#include "medium.h"

#include "boot/header.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CYLINDER_BYTES (16u * 63u * 512u)	/* Bochs takes whole cylinders of a disk whose geometry it guesses */

static bool write_at(int fd, const u8 *data, u64 bytes, u64 at)
{
	while (bytes > 0) {
		ssize_t done = pwrite(fd, data, bytes, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		bytes -= (u64)done;
		at += (u64)done;
	}
	return true;
}

static bool write_all(int fd, const struct bytes *hv, const struct layout *layout)
{
	u64 hv_sectors = (hv->count + LAYOUT_SECTOR - 1) / LAYOUT_SECTOR;
	u64 bytes = layout->medium_sectors * LAYOUT_SECTOR;
	u8 sector[BOOT_SECTOR_BYTES] = { 0 };
	u8 *plan = say_alloc(PLAN_BYTES);
	bool good;

	put_le32(sector + BOOT_OFF_MAGIC, BOOT_MAGIC);
	put_le32(sector + BOOT_OFF_HV_SECTOR, 1);
	put_le32(sector + BOOT_OFF_HV_SECTORS, (u32)hv_sectors);
	put_le32(sector + BOOT_OFF_PLAN_SECTOR, (u32)layout->plan_sector);
	put_le32(sector + BOOT_OFF_MEDIUM_SECTORS, (u32)layout->medium_sectors);
	plan_encode(&layout->plan, plan);
	good = write_at(fd, sector, sizeof(sector), 0) && write_at(fd, hv->data, hv->count, LAYOUT_SECTOR) &&
	       write_at(fd, plan, PLAN_BYTES, layout->plan_sector * LAYOUT_SECTOR);
	free(plan);
	for (u32 v = 0; v < layout->plan.vm_count && good; v++) {
		const struct plan_vm *vm = &layout->plan.vm[v];

		for (u32 i = 0; i < vm->image_count && good; i++)
			good = write_at(fd, layout->image[v].ram + vm->image[i].gpa, vm->image[i].bytes,
					vm->image[i].source);
	}
	bytes = (bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES * CYLINDER_BYTES;
	return good && ftruncate(fd, (off_t)bytes) == 0;
}

int medium_write(const char *path, const struct bytes *hv, const struct layout *layout)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	bool good;
	int error;

	if (fd < 0)
		return say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	good = write_all(fd, hv, layout);
	error = errno;
	if (close(fd) != 0 && good) {
		good = false;
		error = errno;
	}
	if (good)
		return 0;
	return say_fail(STATUS_FAILED,
			"%s: the boot medium of %llu MiB cannot be written: %s; set TMPDIR to a place with room",
			path, (unsigned long long)(layout->medium_sectors * LAYOUT_SECTOR >> 20), strerror(error));
}
