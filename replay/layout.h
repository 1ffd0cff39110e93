/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where everything lies: the host's memory, the boot medium, and the plan that describes both to the hypervisor.
 *
 *   host memory, Bochs                            host memory, GRUB
 *   0        BIOS, free                           0        BIOS, free
 *   1 MiB    the hypervisor, its pools, EPT       1 MiB    the hypervisor, its pools, EPT
 *   32 MiB   VM 0's RAM, VM 1's RAM ...           32 MiB   the boot medium (module 0) somewhere here, and slack
 *                                                 ...      VM 0's RAM, VM 1's RAM ...
 *
 * Every RAM begins at a multiple of 2 MiB.
 */
#ifndef REPLAY_LAYOUT_H
#define REPLAY_LAYOUT_H

#include "image.h"

#define LAYOUT_HV_END (32ull << 20)		/* the hypervisor's linker script asserts it */
#define LAYOUT_HOST_MAX (2048ull << 20)		/* Bochs's largest host= */
#define LAYOUT_HOST_TOP (2ull << 20)		/* kept free at the top: the BIOS's ACPI tables */
#define LAYOUT_MODULE_SLACK (16ull << 20)	/* GRUB places the medium within this */
#define LAYOUT_SECTOR 512u

struct layout {
	struct plan plan;
	struct image image[VM_MAX];		/* the pictures that the plan's images are cut from */
	u64 host_bytes;				/* memory that the platform must have, whole MiB */
	u64 plan_sector, medium_sectors;
	u64 table_hpa, table_bytes;		/* host memory for the hashes of guest pages */
};

/* Loads every VM's files and lays everything out, for a flat hypervisor of `hv_bytes` bytes. Returns 0 or a status
 * after a message; layout_close is right in both cases. */
int layout_make(const struct run_spec *run, u64 hv_bytes, bool iso, struct layout *layout);
/* Places every VM's RAM from `start` on, and the table behind it if there shall be one: host_bytes, table_*, ram_hpa. */
int layout_memory(struct layout *layout, u64 start, bool table);

/* Gives the plan's images, whose bytes are in layout->image, their places on the medium. */
void layout_medium(struct layout *layout, u64 hv_bytes);
void layout_close(struct layout *layout);

#endif
