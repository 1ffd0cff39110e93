/* SPDX-License-Identifier: BSD-2-Clause */
/* Port I/O of the host. */
#ifndef HV_NATIVE_IO_H
#define HV_NATIVE_IO_H

#include "types.h"

static inline void io_outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 io_inb(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Reads `count` doublewords into memory at `hpa`, or writes them from there. */
static inline void io_insl(u16 port, u64 hpa, u64 count)
{
	__asm__ volatile("rep insl" : "+D"(hpa), "+c"(count) : "d"(port) : "memory");
}

static inline void io_outsl(u16 port, u64 hpa, u64 count)
{
	__asm__ volatile("rep outsl" : "+S"(hpa), "+c"(count) : "d"(port) : "memory");
}

#endif
