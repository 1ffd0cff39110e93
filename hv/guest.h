/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM's registers as an instruction of the guest sees them: modes, privilege, segments, paging. */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include "gwalk.h"
#include "types.h"

/* Access rights of a segment register in a VMCS (SDM 3C table 24-2). */
#define AR_TYPE 0xfu
#define AR_ACCESSED 0x1u
#define AR_WRITABLE 0x2u	/* data; readable for code */
#define AR_EXPAND_DOWN 0x4u	/* data; conforming for code */
#define AR_CODE 0x8u
#define AR_S (1u << 4)
#define AR_DPL(ar) (((ar) >> 5) & 3u)
#define AR_P (1u << 7)
#define AR_L (1u << 13)
#define AR_DB (1u << 14)
#define AR_G (1u << 15)
#define AR_UNUSABLE (1u << 16)

/* CS.L in IA-32e mode: 64-bit code. */
bool guest_is_long(vm_id vm);

/* CPL: SS.DPL (SDM 3C 24.4.1). */
u32 guest_cpl(vm_id vm);

/* The general register n (enum gpr), RSP from the VMCS. */
u64 guest_gpr(vm_id vm, u32 n);
void guest_set_gpr(vm_id vm, u32 n, u64 value);

/* The paging state for an access at the guest's own privilege; `supervisor` forces an implicit supervisor access. */
struct paging guest_paging(vm_id vm, bool supervisor);

/* Checks [offset, offset + bytes) in segment `seg` for a read or write and gives its linear address.
 * ERR_INVALID: the access faults with #SS(0) for SS, #GP(0) for the others (SDM 3A 5.3, 5.4). */
enum error guest_linear(vm_id vm, u32 seg, u64 offset, u32 bytes, bool write, u64 *linear);

/* True if `linear` is canonical for 48-bit addresses. */
bool guest_canonical(u64 linear);

#endif
