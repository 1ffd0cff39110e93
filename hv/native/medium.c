/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot medium: ata0-master, or a multiboot module with the same bytes. */
#include "medium.h"
#include "ata.h"
#include "mem.h"

#define SECTOR_BYTES 512u

static u64 module_hpa, module_bytes;

void native_medium_module(u64 hpa, u64 bytes)
{
	module_hpa = hpa;
	module_bytes = bytes;
}

bool mem_load(u64 hpa, u64 source, u64 bytes)
{
	u64 sectors = (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
	u64 from = module_hpa + source;
	u64 words = sectors * SECTOR_BYTES / 8;
	u64 to = hpa;

	if (module_bytes == 0)
		return ata_read(ATA_BOOT, source / SECTOR_BYTES, sectors, hpa);
	if (source + bytes > module_bytes)
		return false;
	__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
	return true;
}
