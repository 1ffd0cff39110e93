/* SPDX-License-Identifier: BSD-2-Clause */
/* The few types, limits and errors that every file of the core shares. */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* Index of a VM: 0 <= vm < VM_MAX. */
typedef u32 vm_id;

#define VM_MAX 8u

#define PAGE_SHIFT 12u
#define PAGE_BYTES 4096ull
#define PAGE_2M_BYTES 0x200000ull
#define PAGE_1G_BYTES 0x40000000ull

/* Keeps what is rare out of the way of the exit path. */
#define COLD __attribute__((cold, noinline))
#define UNLIKELY(condition) __builtin_expect((condition), 0)

/* A moment that never comes, in ticks of virtual time. */
#define TIME_NEVER UINT64_MAX

/* Ticks of virtual time in a second: 1 tick = 1 ns (DESIGN: position and time). */
#define TICKS_PER_SECOND 1000000000ull

enum error {
	OK = 0,
	ERR_INVALID,	/* an argument or a table entry breaks a rule */
	ERR_FULL,	/* a fixed pool is used up */
	ERR_MAPPED,	/* something is mapped there already */
	ERR_UNMAPPED,	/* nothing is mapped there */
	ERR_RANGE	/* an address lies outside what the VM owns */
};

#endif
