/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux system calls for the static guest helper, which has no libc: a few KiB load faster than a megabyte. */
#ifndef BOOT_GUEST_SYS_H
#define BOOT_GUEST_SYS_H

#include <asm/unistd.h>

static inline long sys4(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
}

static inline long sys3(long number, long a, long b, long c)
{
	return sys4(number, a, b, c, 0);
}

static inline void out8(unsigned short port, unsigned char value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(unsigned short port, unsigned int value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

#endif
