/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's console, its checks and its end. */
#include "guest.h"

static u32 failures;

static void put(char c)
{
	outb(0xe9, (u8)c);
}

static void put_number(u64 value, u32 base)
{
	char digits[24];
	u32 n = 0;

	do {
		u64 rest = 0, quotient = 0;

		/* without a library there is no 64-bit division in 32-bit code */
		for (int i = 63; i >= 0; i--) {
			rest = (rest << 1) | ((value >> i) & 1);
			if (rest >= base) {
				rest -= base;
				quotient |= 1ull << i;
			}
		}
		digits[n++] = "0123456789abcdef"[rest];
		value = quotient;
	} while (value != 0);
	while (n > 0)
		put(digits[--n]);
}

static void print(const char *format, __builtin_va_list args)
{
	for (; *format != '\0'; format++) {
		u32 longs = 0;
		u64 value;

		if (*format != '%') {
			put(*format);
			continue;
		}
		while (*++format == 'l')
			longs++;
		if (*format == 's') {
			for (const char *s = __builtin_va_arg(args, const char *); *s != '\0'; s++)
				put(*s);
			continue;
		}
		if (*format == 'd')
			value = longs > 1 ? (u64)__builtin_va_arg(args, long long) :
				longs == 1 ? (u64)__builtin_va_arg(args, long) : (u64)__builtin_va_arg(args, int);
		else
			value = longs > 1 ? __builtin_va_arg(args, u64) :
				longs == 1 ? __builtin_va_arg(args, reg) : __builtin_va_arg(args, u32);
		if (*format == 'c') {
			put((char)value);
		} else if (*format == 'd' && (long long)value < 0) {
			put('-');
			put_number(0 - value, 10);
		} else {
			put_number(value, *format == 'x' ? 16 : 10);
		}
	}
}

void say(const char *format, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, format);
	print(format, args);
	__builtin_va_end(args);
}

void guest_exit(u32 status)
{
	outb(0xf4, (u8)status);
	/* on bare Bochs there is no exit device: say it, and use Bochs's own */
	say("[exit %u]\n", status);
	for (const char *s = "Shutdown"; *s != '\0'; s++)
		outb(0x8900, (u8)*s);
	for (;;)
		asm volatile("cli\n\thlt");
}

static void ending(const char *kind, const char *format, __builtin_va_list args)
{
	say("%s: ", kind);
	print(format, args);
	say("\n");
}

void guest_success(void)
{
	if (failures != 0)
		say("FAILURE: %u checks failed\n", failures);
	else
		say("SUCCESS\n");
	guest_exit(failures != 0 ? STATUS_FAILURE : STATUS_SUCCESS);
}

void guest_failure(const char *format, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, format);
	ending("FAILURE", format, args);
	guest_exit(STATUS_FAILURE);
}

void guest_skip(const char *format, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, format);
	ending("SKIP", format, args);
	guest_exit(STATUS_SKIP);
}

void guest_error(const char *format, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, format);
	ending("ERROR", format, args);
	guest_exit(STATUS_ERROR);
}

void guest_check(const char *file, u32 line, const char *what, u64 got, u64 want)
{
	if (got == want)
		return;
	failures++;
	if (failures <= 40)
		say("%s:%u: %s is %llx, expected %llx\n", file, line, what, got, want);
}
