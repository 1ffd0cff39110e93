/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bodies of the input door ask the host for: console bytes, its clock, and disks besides the boot medium.
 * hv/native/host.c has COM1, the PIT and ATA; hv/hosted/input.c plays a script. */
#ifndef HV_HOST_H
#define HV_HOST_H

#include "types.h"

/* The next byte that the host sent to the VM's console, or INPUT_NONE. */
u32 host_console(vm_id vm);

/* Whether host_console would give a byte now. */
bool host_console_waits(vm_id vm);

/* Nanoseconds of host time since the first call; never runs backwards. */
u64 host_clock(void);

/* The journal (ata1-master) and what a replay writes: a trace or checkpoints (ata1-slave). */
enum host_disk { HOST_DISK_JOURNAL, HOST_DISK_OUTPUT };

/* Moves `count` sectors of 512 bytes between the disk, from `sector` on, and memory at `hpa`. False: no such disk, beyond
 * its end, or it failed. */
bool host_disk_read(enum host_disk disk, u64 sector, u64 count, u64 hpa);
bool host_disk_write(enum host_disk disk, u64 sector, u64 count, u64 hpa);

#endif
