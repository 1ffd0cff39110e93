/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM's registers as an instruction of the guest sees them: modes, privilege, segments, paging. */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include "cpu.h"
#include "cpuid.h"
#include "gwalk.h"
#include "types.h"

/* Access rights of a segment register in a VMCS (SDM 3C table 24-2). */
#define AR_TYPE 0xfu
#define AR_ACCESSED 0x1u
#define AR_WRITABLE 0x2u	/* data; readable for code */
#define AR_EXPAND_DOWN 0x4u	/* data; conforming for code */
#define AR_CODE 0x8u
#define AR_S (1u << 4)
#define AR_DPL(ar) ((ar) / 0x20u % 4u)
#define AR_P (1u << 7)
#define AR_L (1u << 13)
#define AR_DB (1u << 14)
#define AR_G (1u << 15)
#define AR_UNUSABLE (1u << 16)

/*@ // SDM 3A 3.3.7.1, for 48-bit linear addresses.
    predicate canonical(integer linear) = linear < 0x800000000000 || 0xffff800000000000 <= linear <= 0xffffffffffffffff;
*/

/* CS.L in IA-32e mode: 64-bit code. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  \nothing;
    exits    never:   \false;
    ensures  mode:    \result <==> (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) != 0 && (vmcs[vm][GUEST_CS_ACCESS_RIGHTS] & AR_L) != 0;
*/
bool guest_is_long(vm_id vm);

/* CPL: SS.DPL (SDM 3C 24.4.1). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  \nothing;
    exits    never:   \false;
    ensures  cpl:     \result == vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4;
*/
u32 guest_cpl(vm_id vm);

/*@ // The general register n as the guest sees it: RSP lives in the VMCS.
    logic integer guest_gpr_of{L}(integer v, integer n) = n == RSP ? vmcs[v][GUEST_RSP] : vcpus[v].gpr[n];
*/

/* The general register n (enum gpr), RSP from the VMCS. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires n:       n < 16;
    assigns  \nothing;
    exits    never:   \false;
    ensures  value:   \result == guest_gpr_of(vm, n);
*/
u64 guest_gpr(vm_id vm, u32 n);
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires n:       n < 16;
    assigns  vcpus[vm].gpr[n], vmcs[vm][GUEST_RSP];
    exits    never:   \false;
    ensures  value:   guest_gpr_of(vm, n) == value;
    ensures  others:  \forall integer k; 0 <= k < 16 && k != n ==> guest_gpr_of(vm, k) == \old(guest_gpr_of(vm, k));
*/
void guest_set_gpr(vm_id vm, u32 n, u64 value);

/* The paging state for an access at the guest's own privilege; `supervisor` forces an implicit supervisor access. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    assigns  \nothing;
    exits    never:   \false;
    ensures  regs:    \result.cr0 == vmcs[vm][GUEST_CR0] && \result.cr3 == vmcs[vm][GUEST_CR3] &&
                      \result.cr4 == vmcs[vm][GUEST_CR4] && \result.efer == vmcs[vm][GUEST_IA32_EFER];
    ensures  width:   \result.maxphyaddr == CPUID_MAXPHYADDR;
    ensures  user:    \result.user <==> !supervisor && vmcs[vm][GUEST_SS_ACCESS_RIGHTS] / 0x20 % 4 == 3;
    ensures  ac:      \result.ac <==> !supervisor && (vmcs[vm][GUEST_RFLAGS] & RFLAGS_AC) != 0;
*/
struct paging guest_paging(vm_id vm, bool supervisor);

/* Checks [offset, offset + bytes) in segment `seg` for a read or write and gives its linear address.
 * ERR_INVALID: the access faults with #SS(0) for SS, #GP(0) for the others (SDM 3A 5.3, 5.4). */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm;
    requires seg:     seg <= 7;
    requires bytes:   1 <= bytes <= 8;
    requires valid:   \valid(linear);
    assigns  *linear;
    exits    never:   \false;
    ensures  result:  \result == OK || \result == ERR_INVALID;
    ensures  outside: (vmcs[vm][GUEST_IA32_EFER] & EFER_LMA) == 0 ==> *linear <= 0xffffffff;
*/
enum error guest_linear(vm_id vm, u32 seg, u64 offset, u32 bytes, bool write, u64 *linear);

/* True if `linear` is canonical for 48-bit addresses. */
/*@ assigns \nothing;
    exits   never: \false;
    ensures canonical: \result <==> canonical(linear);
*/
bool guest_canonical(u64 linear);

#endif
