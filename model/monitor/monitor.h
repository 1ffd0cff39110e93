/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor: the hypervisor with every VM entry checked by the executable spec, between the core and the CPU door. */
#ifndef MODEL_MONITOR_H
#define MODEL_MONITOR_H

#include "spec/entry.h"

/* Looks at (sound.c: leaves alone, fault.c: spoils) what is about to be checked for the `entry`th time. */
void monitor_tamper(struct spec_vmcs *vmcs, u64 entry);

/* Exits whose effects were as the spec said, and exits that it has no model of. */
void monitor_effects(u64 *exits, u64 *unmodelled);

#endif
