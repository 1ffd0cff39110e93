/* SPDX-License-Identifier: BSD-2-Clause */
/* ATA PIO for the boot medium (ata0-master), the journal (ata1-master) and what a replay writes (ata1-slave). ATA/ATAPI-6, LBA28. */
#ifndef HV_NATIVE_ATA_H
#define HV_NATIVE_ATA_H

#include "types.h"

enum ata_disk { ATA_BOOT, ATA_JOURNAL, ATA_OUTPUT };

/* Moves `count` sectors of 512 bytes between the disk, from `sector` on, and memory. False: no such disk, beyond its
 * end, or it does not answer. */
bool ata_read(enum ata_disk disk, u64 sector, u64 count, u64 hpa);
bool ata_write(enum ata_disk disk, u64 sector, u64 count, u64 hpa);

#endif
