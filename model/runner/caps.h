/* SPDX-License-Identifier: BSD-2-Clause */
/* This processor's capabilities as the executable spec wants them (SDM 3D appendix A). */
#ifndef MODEL_RUNNER_CAPS_H
#define MODEL_RUNNER_CAPS_H

#include "spec/entry.h"

void caps_read(struct spec_caps *caps);

#endif
