/* SPDX-License-Identifier: BSD-2-Clause */
/* What GRUB hands over. */
#include "multiboot.h"
#include "mem.h"
#include "medium.h"

#define INFO_FLAGS 0
#define INFO_MEM_UPPER 8	/* KiB above 1 MiB up to the first hole */
#define INFO_MODS_COUNT 20
#define INFO_MODS_ADDRESS 24
#define FLAG_MEMORY 1u
#define FLAG_MODULES 8u

bool multiboot_medium(u32 info, struct plan_host *host)
{
	u64 flags = mem_read(info + INFO_FLAGS, 4);
	u64 module, start, end;

	if ((flags & FLAG_MEMORY) == 0 || (flags & FLAG_MODULES) == 0 || mem_read(info + INFO_MODS_COUNT, 4) == 0)
		return false;
	module = mem_read(info + INFO_MODS_ADDRESS, 4);
	start = mem_read(module, 4);
	end = mem_read(module + 4, 4);
	if (end > host->hv_end)
		host->hv_end = end;
	host->host_end = 0x100000ull + mem_read(info + INFO_MEM_UPPER, 4) * 1024;
	native_medium_module(start, end - start);
	return true;
}
