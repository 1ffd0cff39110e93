/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux (and any ELF that starts like it): the boot protocol without the bzImage's own decompressor. */
#ifndef REPLAY_KERNEL_H
#define REPLAY_KERNEL_H

#include "image.h"

/*
 * Guest RAM below 640 KiB at the start of a kernel:
 *
 *   10000H  PML4, PDPT, 4 page directories: 4 GiB identity map in 2 MiB pages (long mode only)
 *   16000H  struct boot_params
 *   17000H  the command line
 *   18000H  a GDT with 32-bit (protected) or 64-bit (long) code at 10H and data at 18H
 */
#define KERNEL_TABLES 0x10000ull
#define KERNEL_PARAMS 0x16000ull
#define KERNEL_CMDLINE 0x17000ull
#define KERNEL_GDT 0x18000ull
#define KERNEL_LOW_END 0x19000ull

/* Puts vm->image (bzImage or ELF), vm->initrd and the boot structures into `image`, and sets the start registers.
 * Returns 0 or a status after a message. Source: Linux Documentation/x86/boot.rst. */
int kernel_load(const struct vm_spec *vm, struct image *image);

#endif
