/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan: one versioned, checksummed binary description of everything that shall run, made by the tool, validated by
 * plan_validate before any effect. The hypervisor parses nothing else.
 *
 * On the boot medium (a raw disk for the option ROM, the same bytes as multiboot module 0 under GRUB):
 *
 *   sector 0          struct boot_header (boot/header.h): where the rest lies
 *   hv_sector         the hypervisor as a flat binary, loaded at 1 MiB by the option ROM
 *   plan_sector       the encoded plan, PLAN_BYTES
 *   ...               the images, each at plan_image.source, a multiple of 512
 */
#ifndef HV_PLAN_H
#define HV_PLAN_H

#include "bytes.h"
#include "types.h"

#define PLAN_MAGIC 0x4e414c5045535052ull	/* "RPSEPLAN", little-endian */
#define PLAN_VERSION 1u
#define PLAN_IMAGES 16u
#define PLAN_NAME_BYTES 16u

/* How a VM starts (rip, cr3 and general registers are in the plan). */
enum plan_start {
	PLAN_START_REAL = 0,		/* real mode: CS = DS = ES = SS = 0, RIP = rip < 64 KiB, RSP = rsp */
	PLAN_START_PROTECTED = 1,	/* flat 32-bit segments CS=10H DS=ES=SS=18H, no paging, EIP = rip */
	PLAN_START_LONG = 2		/* 64-bit, CS=10H DS=ES=SS=18H, CR3 = cr3 (4-level tables in an image), RIP = rip */
};

/* Which CPUID table the guest sees. */
enum plan_cpu {
	PLAN_CPU_BASE = 0,	/* what a small Linux needs, no XSAVE */
	PLAN_CPU_AVX = 1	/* base + XSAVE, AVX, AVX2 */
};

/* plan_vm.intercepts: more than the mandatory exits, for tests that positions do not depend on them. */
#define PLAN_INTERCEPT_EXCEPTIONS 0x1u	/* every exception exits and is injected again */
#define PLAN_INTERCEPT_RDTSC 0x2u	/* RDTSC and RDTSCP exit */
#define PLAN_INTERCEPT_CR3 0x4u		/* MOV to and from CR3 exit */
#define PLAN_INTERCEPT_INVLPG 0x8u	/* INVLPG and INVPCID exit */
#define PLAN_INTERCEPT_PAUSE 0x10u	/* PAUSE exits */
#define PLAN_INTERCEPT_ALL 0x1fu

/* plan_vm.flags */
#define PLAN_MAP_4K 0x1u	/* guest RAM in 4 KiB EPT pages only */
#define PLAN_DIGEST 0x2u	/* report a digest of the guest's RAM at its end */
#define PLAN_FLAGS_ALL 0x3u

/* plan.clock */
enum plan_clock { PLAN_CLOCK_VIRTUAL = 0, PLAN_CLOCK_HOST = 1 };
/* plan.pace: whether an idle jump waits for host time to pass (a person at the console) or is immediate. */
enum plan_pace { PLAN_PACE_FAST = 0, PLAN_PACE_REAL = 1 };
/* plan.link: how COM1 is used. */
enum plan_link { PLAN_LINK_FRAMED = 0, PLAN_LINK_TEXT = 1 };	/* TEXT: VM 0's console as it is, for people */

struct plan_image {
	u64 gpa;		/* where in guest RAM, a multiple of 4096 */
	u64 bytes;		/* > 0 */
	u64 source;		/* byte offset on the boot medium, a multiple of 512 */
	u8 sha256[32];		/* of those bytes */
};

struct plan_vm {
	u8 name[PLAN_NAME_BYTES];	/* printable ASCII, NUL-padded, last byte NUL */
	u64 ram_hpa;		/* host-physical start of its RAM, a multiple of 2 MiB */
	u64 ram_bytes;		/* a multiple of 4096, at least 1 MiB */
	u32 start;		/* enum plan_start */
	u32 cpu;		/* enum plan_cpu */
	u32 weight;		/* share of the CPU, 1..1000; 100 is usual */
	u32 intercepts;		/* PLAN_INTERCEPT_* */
	u32 flags;		/* PLAN_MAP_4K ... */
	u32 image_count;	/* 0..PLAN_IMAGES */
	u64 rip, rsp, rax, rbx, rdx, rsi, cr3;
	u64 gdt;		/* guest-physical address of a GDT of four entries (null, unused, code 10H, data 18H), 0: none */
	u64 seed[4];		/* state of the entropy generator, not all zero */
	u64 rtc_seconds;	/* the RTC's first reading, seconds since 1970 UTC */
	struct plan_image image[PLAN_IMAGES];
};

struct plan {
	u32 vm_count;		/* 1..VM_MAX */
	u32 clock, pace, link;
	u64 quantum_ticks;	/* 10,000..1,000,000,000 */
	struct plan_vm vm[VM_MAX];
};

/* The encoding: magic u64, version u32, bytes u32 (= PLAN_BYTES), CRC-32C u32 of everything after it, then the fields
 * of struct plan in order, little-endian, without padding; always all VM_MAX VMs and PLAN_IMAGES images. */
#define PLAN_HEADER_BYTES 20u
#define PLAN_IMAGE_BYTES 56u
#define PLAN_VM_BYTES (16u + 16u + 24u + 64u + 32u + 8u + PLAN_IMAGES * PLAN_IMAGE_BYTES)
#define PLAN_BYTES (PLAN_HEADER_BYTES + 16u + 8u + VM_MAX * PLAN_VM_BYTES)

/* Why a plan was refused; plan_error_text names each. */
enum plan_error {
	PLAN_OK = 0,
	PLAN_BAD_MAGIC,
	PLAN_BAD_VERSION,
	PLAN_BAD_LENGTH,
	PLAN_BAD_CHECKSUM,
	PLAN_BAD_VM_COUNT,
	PLAN_BAD_MODE,		/* clock, pace, link or quantum */
	PLAN_BAD_NAME,
	PLAN_BAD_RAM,		/* size or alignment */
	PLAN_RAM_MEETS_HYPERVISOR,
	PLAN_RAM_BEYOND_HOST,
	PLAN_RAM_OVERLAPS,	/* another VM's */
	PLAN_BAD_START,		/* start, cpu, weight, intercepts, flags, seed or an entry register */
	PLAN_BAD_IMAGE,		/* count, size, alignment */
	PLAN_IMAGE_OUTSIDE_RAM,
	PLAN_IMAGES_OVERLAP,
	PLAN_ERRORS
};

/* The host memory a plan may use: guest RAM must lie in [hv_end, host_end). */
struct plan_host {
	u64 hv_end;		/* first byte after everything the hypervisor (and a multiboot module) occupies */
	u64 host_end;		/* first byte after usable RAM, at most 4 GiB */
};

/*@
  // Image n of VM m lies in its RAM, in whole sectors as it is loaded.
  logic integer plan_sectors(integer bytes) = (bytes + 511) / 512 * 512;
  predicate plan_image_inside{L}(struct plan_vm *m, integer n) =
    m->image[n].bytes > 0 && m->image[n].gpa % PAGE_BYTES == 0 && m->image[n].source % 512 == 0 &&
    m->image[n].gpa + plan_sectors(m->image[n].bytes) <= m->ram_bytes;
  predicate plan_images_apart{L}(struct plan_vm *m, integer n, integer k) =
    m->image[n].gpa + plan_sectors(m->image[n].bytes) <= m->image[k].gpa ||
    m->image[k].gpa + plan_sectors(m->image[k].bytes) <= m->image[n].gpa;
  predicate plan_images{L}(struct plan_vm *m) =
    m->image_count <= PLAN_IMAGES && (\forall integer n; 0 <= n < m->image_count ==> plan_image_inside(m, n)) &&
    (\forall integer n, k; 0 <= k < n < m->image_count ==> plan_images_apart(m, n, k));

  // The region of VM m: aligned, below 4 GiB, between the hypervisor's memory and the end of the host's.
  predicate plan_region{L}(struct plan_vm *m, struct plan_host *host) =
    m->ram_hpa % PAGE_2M_BYTES == 0 && m->ram_bytes % PAGE_BYTES == 0 && 0x100000 <= m->ram_bytes <= 0x100000000 &&
    m->ram_hpa < 0x100000000 && host->hv_end <= m->ram_hpa && m->ram_hpa + m->ram_bytes <= host->host_end;
  // What a VM starts with is legal.
  predicate plan_start{L}(struct plan_vm *m) =
    m->start <= PLAN_START_LONG && m->cpu <= PLAN_CPU_AVX && 1 <= m->weight <= 1000 &&
    m->rip < m->ram_bytes && m->gdt < m->ram_bytes;
  predicate plan_vm_valid{L}(struct plan_vm *m, struct plan_host *host) =
    plan_region(m, host) && plan_start(m) && plan_images(m);
  predicate plan_apart{L}(struct plan_vm *m, struct plan_vm *n) =
    m->ram_hpa + m->ram_bytes <= n->ram_hpa || n->ram_hpa + n->ram_bytes <= m->ram_hpa;

  // What isolation needs of a plan: each region is sound, and no two meet.
  predicate plan_valid{L}(struct plan *plan, struct plan_host *host) =
    1 <= plan->vm_count <= VM_MAX && plan->clock <= PLAN_CLOCK_HOST && plan->pace <= PLAN_PACE_REAL &&
    plan->link <= PLAN_LINK_TEXT && 10000 <= plan->quantum_ticks <= 1000000000 &&
    (\forall integer i; 0 <= i < plan->vm_count ==> plan_vm_valid(&plan->vm[i], host)) &&
    (\forall integer i, k; 0 <= k < i < plan->vm_count ==> plan_apart(&plan->vm[i], &plan->vm[k]));
*/

/*@
  // The bytes at `b` are the encoding of a part of a VM. Two with the same encoding are equal field by field: what is
  // encoded and decoded is the same again.
  predicate plan_image_coded{L}(u8 *b, struct plan_image *i) =
    le64(b) == i->gpa && le64(b + 8) == i->bytes && le64(b + 16) == i->source && bytes_same(b + 24, &i->sha256[0], 32);
  predicate plan_numbers_coded{L}(u8 *b, struct plan_vm *m) =
    le64(b) == m->ram_hpa && le64(b + 8) == m->ram_bytes && le32(b + 16) == m->start && le32(b + 20) == m->cpu &&
    le32(b + 24) == m->weight && le32(b + 28) == m->intercepts && le32(b + 32) == m->flags &&
    le32(b + 36) == m->image_count;
  predicate plan_registers_coded{L}(u8 *b, struct plan_vm *m) =
    le64(b) == m->rip && le64(b + 8) == m->rsp && le64(b + 16) == m->rax && le64(b + 24) == m->rbx &&
    le64(b + 32) == m->rdx && le64(b + 40) == m->rsi && le64(b + 48) == m->cr3 && le64(b + 56) == m->gdt;
  predicate plan_seed_coded{L}(u8 *b, struct plan_vm *m) =
    le64(b) == m->seed[0] && le64(b + 8) == m->seed[1] && le64(b + 16) == m->seed[2] && le64(b + 24) == m->seed[3] &&
    le64(b + 32) == m->rtc_seconds;
*/

/* Writes the PLAN_BYTES of `plan` to `out`. */
/*@ requires out:   \valid(out + (0 .. PLAN_BYTES - 1)) && \valid_read(plan);
    requires apart: \separated(out + (0 .. PLAN_BYTES - 1), plan);
    assigns  out[0 .. PLAN_BYTES - 1];
    exits    never: \false;
    ensures  head:  le64(out) == PLAN_MAGIC && le32(out + 8) == PLAN_VERSION && le32(out + 12) == PLAN_BYTES;
*/
void plan_encode(const struct plan *plan, u8 out[PLAN_BYTES]);

/* Decodes the first `bytes` bytes of `in` into *plan: magic, version, length and checksum are checked, the rest is
 * plan_validate's. On an error *plan is as it was. */
/*@ requires in:    \valid_read(in + (0 .. bytes - 1)) && \valid(plan);
    requires apart: \separated(in + (0 .. bytes - 1), plan);
    assigns  *plan;
    exits    never: \false;
    ensures  result: 0 <= \result <= PLAN_BAD_CHECKSUM;
    ensures  head:  \result == PLAN_OK ==> bytes >= PLAN_BYTES && \old(le64(in)) == PLAN_MAGIC &&
                    \old(le32(in + 8)) == PLAN_VERSION && \old(le32(in + 12)) == PLAN_BYTES;
    behavior short_one:
      assumes bytes < PLAN_HEADER_BYTES;
      assigns \nothing;
      ensures length: \result == PLAN_BAD_LENGTH;
    behavior foreign:
      assumes bytes >= PLAN_HEADER_BYTES && le64(in) != PLAN_MAGIC;
      assigns \nothing;
      ensures magic:  \result == PLAN_BAD_MAGIC;
    disjoint behaviors;
*/
enum plan_error plan_decode(const u8 *in, u32 bytes, struct plan *plan);

/* Checks every rule named in this file. `vm` is set to the VM at fault. No effect besides. */
/*@ requires valid: \valid_read(plan) && \valid_read(host) && \valid(vm);
    requires apart: \separated(vm, plan, host);
    assigns  *vm;
    exits    never: \false;
    ensures  result: 0 <= \result < PLAN_ERRORS;
    ensures  valid:  \result == PLAN_OK ==> plan_valid(plan, host);
    ensures  fault:  *vm < VM_MAX;
*/
enum plan_error plan_validate(const struct plan *plan, const struct plan_host *host, vm_id *vm);

/* One clause in English, without a full stop: "guest RAM overlaps another VM's". */
/*@ assigns \result \from error;
    exits   never: \false;
    ensures text: \valid_read(\result);
*/
const char *plan_error_text(enum plan_error error);

#endif
