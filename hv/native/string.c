/* SPDX-License-Identifier: BSD-2-Clause */
/* What a freestanding compiler may call for assignments of structs. */
#include "types.h"

__attribute__((used)) void *memset(void *to, int value, size_t bytes);
__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

void *memset(void *to, int value, size_t bytes)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
	return to;
}
