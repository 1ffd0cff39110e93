/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot (version 1) kernels with modules, and flat real-mode images. */
#ifndef REPLAY_MULTIBOOT_H
#define REPLAY_MULTIBOOT_H

#include "image.h"

/* Where the multiboot information and its strings lie. */
#define MULTIBOOT_INFO 0x10000ull
#define FLAT_ADDRESS 0x7c00ull

/* Puts vm->image and its modules into `image` and sets the start registers (EAX = 2BADB002H, EBX = information; flat
 * protected mode). Returns 0 or a status after a message. Source: Multiboot Specification 0.6.96. */
int multiboot_load(const struct vm_spec *vm, struct image *image);

/* Puts vm->image at 7C00H, to be entered in real mode as a boot sector is: CS:IP = 0:7C00H, DL = 80H. */
int flat_load(const struct vm_spec *vm, struct image *image);

#endif
