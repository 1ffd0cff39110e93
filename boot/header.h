/* SPDX-License-Identifier: BSD-2-Clause */
/* Sector 0 of the boot medium, and what the two ways of booting hand to the hypervisor. Shared by C and assembly. */
#ifndef BOOT_HEADER_H
#define BOOT_HEADER_H

#define BOOT_MAGIC 0x53525052		/* "RPRS" */
#define BOOT_HV_ADDRESS 0x100000	/* where the flat hypervisor is loaded; its first byte is boot/head.S's entry */
#define BOOT_SECTOR_BYTES 512

/* Offsets in sector 0; every field is a little-endian u32. */
#define BOOT_OFF_MAGIC 0
#define BOOT_OFF_HV_SECTOR 4
#define BOOT_OFF_HV_SECTORS 8
#define BOOT_OFF_PLAN_SECTOR 12
#define BOOT_OFF_MEDIUM_SECTORS 16	/* length of the whole medium */

/*
 * Entry registers, 32-bit protected mode, flat segments, no paging, IF=0:
 *   option ROM: EAX = BOOT_MAGIC, EBX = KiB of RAM above 1 MiB (contiguous, below 4 GiB)
 *   multiboot:  EAX = 2BADB002H, EBX = multiboot information (module 0 = the boot medium)
 */
#endif
