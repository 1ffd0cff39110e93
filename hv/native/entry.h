/* SPDX-License-Identifier: BSD-2-Clause */
/* Offsets in struct vcpu that entry.S uses; cpu.c asserts them. */
#ifndef HV_NATIVE_ENTRY_H
#define HV_NATIVE_ENTRY_H

#define VCPU_GPR 0
#define VCPU_HOST_RSP 128
#define VCPU_TSC_ENTRY 136
#define VCPU_LAUNCHED 144

#endif
