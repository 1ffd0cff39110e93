/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests and tools can ask of the hosted body of the memory door, besides hv/mem.h itself. */
#ifndef HV_HOSTED_HOSTED_H
#define HV_HOSTED_HOSTED_H

#include "types.h"

/* All of host-physical memory reads zero again. Takes time for what was written only. */
void hosted_mem_reset(void);

/* Called before each access through the memory door but mem_load; null as after hosted_mem_reset: nobody. */
typedef void hosted_mem_watcher(u64 hpa, u64 bytes, bool write);
void hosted_mem_watch(hosted_mem_watcher *watcher);

#endif
