/* SPDX-License-Identifier: BSD-2-Clause */
/* The few string functions that a compiler may call, and the command line. */
#include "guest.h"

void *memset(void *to, int value, reg bytes)
{
	u8 *t = to;

	while (bytes-- > 0)
		*t++ = (u8)value;
	return to;
}

void *memcpy(void *to, const void *from, reg bytes)
{
	u8 *t = to;
	const u8 *f = from;

	while (bytes-- > 0)
		*t++ = *f++;
	return to;
}

int memcmp(const void *a, const void *b, reg bytes)
{
	const u8 *x = a, *y = b;

	for (; bytes > 0; bytes--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

const char *guest_command_line(void)
{
	u32 address;

#ifdef __x86_64__
	address = *(volatile u32 *)(guest_argument + 0x228);	/* boot_params.hdr.cmd_line_ptr */
#else
	address = *(volatile u32 *)(guest_argument + 16);	/* multiboot information: cmdline */
#endif
	return address != 0 ? (const char *)(reg)address : "";
}
