/* SPDX-License-Identifier: BSD-2-Clause */
/* Port accesses of a VM, shared by IN, OUT, INS and OUTS. */
#ifndef HV_IO_H
#define HV_IO_H

#include "types.h"

/* Exit qualification for I/O instructions (SDM 3C table 27-5) */
#define IO_IN (1u << 3)
#define IO_STRING (1u << 4)
#define IO_REP (1u << 5)

/* Reads or writes `width` (1, 2, 4) bytes at a port of the VM, with all consequences. */
u32 io_in(vm_id vm, u16 port, u32 width);
void io_out(vm_id vm, u16 port, u32 width, u32 value);

#endif
