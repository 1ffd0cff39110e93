/* SPDX-License-Identifier: BSD-2-Clause */
/* A bootable CD image of the same plan: GRUB, the hypervisor's ELF, and the boot medium as its module. */
#ifndef REPLAY_ISO_H
#define REPLAY_ISO_H

#include "medium.h"
#include "temp.h"

/* Writes the image with grub-mkrescue; `signals` is a signalfd that ends it. Returns 0 or a status after a message;
 * STATUS_SIGNAL + N if signal N came. */
int iso_write(const char *path, const struct temp *temp, const struct bytes *hv, const struct layout *layout,
	      int signals);

#endif
