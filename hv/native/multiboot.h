/* SPDX-License-Identifier: BSD-2-Clause */
/* What GRUB hands over (Multiboot 0.6.96): memory, and module 0 = the boot medium. */
#ifndef HV_NATIVE_MULTIBOOT_H
#define HV_NATIVE_MULTIBOOT_H

#include "plan.h"
#include "types.h"

#define MULTIBOOT_MAGIC 0x2badb002u

/* Makes module 0 the source of mem_load and fills in the host's memory: the end of RAM, and everything up to the end of
 * the module as the hypervisor's. False: no module, or no memory information. */
bool multiboot_medium(u32 info, struct plan_host *host);

#endif
