/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the boot medium: sector 0, the flat hypervisor, the plan and the images (hv/plan.h, boot/header.h). */
#ifndef REPLAY_MEDIUM_H
#define REPLAY_MEDIUM_H

#include "layout.h"

/* Writes the medium to the new file `path`. Returns 0 or STATUS_FAILED after a message. */
int medium_write(const char *path, const struct bytes *hv, const struct layout *layout);

#endif
