/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory door: host-physical memory by address and width. hv/native/mem.c goes through the identity map,
 * hv/hosted/mem.c through a sparse array. Callers have checked that the range belongs to the VM (hv/gmem.c does).
 */
#ifndef HV_MEM_H
#define HV_MEM_H

#include "gmem.h"
#include "types.h"

/* Reads `width` bytes (1, 2, 4 or 8) at host-physical `hpa`, little-endian, zero-extended; no alignment needed. */
/*@ requires width: mem_width(width);
    requires owned: mem_owned(hpa, width);
    assigns  \nothing;
    exits    never: \false;
    ensures  fits:  \result < mem_limit(width);
*/
u64 mem_read(u64 hpa, u32 width);

/* Writes the low `width` bytes (1, 2, 4 or 8) of `value` at host-physical `hpa`, little-endian. */
/*@ requires width: mem_width(width);
    requires owned: mem_owned(hpa, width);
    assigns  host_memory[hpa .. hpa + width - 1];
    exits    never: \false;
*/
void mem_write(u64 hpa, u32 width, u64 value);

/* Zeroes [hpa, hpa + bytes). Both are multiples of 64. */
/*@ requires units: hpa % 64 == 0 && bytes % 64 == 0;
    requires owned: mem_owned(hpa, bytes);
    assigns  host_memory[hpa .. hpa + bytes - 1];
    exits    never: \false;
*/
void mem_zero(u64 hpa, u64 bytes);

/*
 * A 64-bit digest of [hpa, hpa + bytes) that depends on every byte and its place. `bytes` is a multiple of 8. The same in
 * every body: two lanes h1 = FFFFFFFFH and h2 = 12345678H; for each 8-byte little-endian word w in order,
 * h1 = crc32c(h1, w) and h2 = crc32c(h2, w ^ 9E3779B97F4A7C15H); the digest is h1 | h2 << 32. crc32c(h, w) is what the
 * CRC32 r64, r/m64 instruction computes (SDM 2A: polynomial 11EDC6F41H, reflected, no inversions).
 */
/*@ requires units: bytes % 8 == 0;
    requires owned: mem_owned(hpa, bytes);
    assigns  \nothing;
    exits    never: \false;
*/
u64 mem_hash(u64 hpa, u64 bytes);

/* A 64-bit digest of the page at `hpa` (a multiple of 4096), for comparing with others of the same body. Uses vector registers:
 * no guest's may be live in the machine (swap_out). mem_page_hash_ready: the platform has what it needs. */
u64 mem_page_hash(u64 hpa);
bool mem_page_hash_ready(void);

/* SHA-256 (FIPS 180-4) of [hpa, hpa + bytes), into digest[0..31]. */
/*@ requires owned: mem_owned(hpa, bytes);
    requires valid: \valid(digest + (0 .. 31));
    assigns  digest[0 .. 31];
    exits    never: \false;
*/
void mem_sha256(u64 hpa, u64 bytes, u8 digest[32]);

/* Copies `bytes` bytes at byte offset `source` of the boot medium (boot disk or multiboot module) to host-physical
 * `hpa`. Both `source` and `hpa` are multiples of 512; a last partial sector is copied whole. False: the medium ended
 * or failed. */
/*@ requires units: hpa % 512 == 0 && source % 512 == 0;
    requires owned: mem_owned(hpa, (bytes + 511) / 512 * 512);
    assigns  host_memory[hpa .. hpa + (bytes + 511) / 512 * 512 - 1];
    exits    never: \false;
*/
bool mem_load(u64 hpa, u64 source, u64 bytes);

#endif
