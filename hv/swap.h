/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers that VMX does not switch: CR2, DR0-3, DR6, seven MSRs, XCR0 and the XSAVE components. */
#ifndef HV_SWAP_H
#define HV_SWAP_H

#include "cpu.h"
#include "types.h"
#include "vcpu.h"

/* The VM that ran last is inside its NMI handler. */
extern bool swap_nmi_left;

/*@ // The processor holds the VM's values and nobody else's: every register that VM entry and exit leave alone (SDM 3C
    // 24.4, 27.5) and a guest can read. This is the second theorem of proofs/ISOLATION.md.
    predicate registers_live{L}(integer v) =
      live_vmcs == v && live_cr2 == vcpus[v].cr2 && live_dr[6] == vcpus[v].dr6 && live_xcr0 == vcpus[v].xcr0 &&
      live_xstate == saved_xstate[v] &&
      (\forall integer k; 0 <= k <= 3 ==> live_dr[k] == vcpus[v].dr[k]) &&
      (\forall integer k; 0 <= k < SWAPPED_MSRS ==> live_msr[k] == vcpus[v].msr[k]);
*/

/* Saves the machine's values as the VM's. */
/*@ requires vm:      vm < VM_MAX;
    requires current: live_vmcs == vm && live_vm == vm;
    requires xcr0:    live_xcr0 == vcpus[vm].xcr0;
    assigns  vcpus[vm].cr2, vcpus[vm].dr[0 .. 3], vcpus[vm].dr6, vcpus[vm].msr[0 .. SWAPPED_MSRS - 1],
             saved_xstate[vm], live_xcr0, swap_nmi_left;
    exits    never:   \false;
    ensures  cr2:     vcpus[vm].cr2 == \old(live_cr2);
    ensures  dr:      (\forall integer k; 0 <= k <= 3 ==> vcpus[vm].dr[k] == \old(live_dr[k])) &&
                      vcpus[vm].dr6 == \old(live_dr[6]);
    ensures  msr:     \forall integer k; 0 <= k < SWAPPED_MSRS ==> vcpus[vm].msr[k] == \old(live_msr[k]);
    ensures  xstate:  saved_xstate[vm] == \old(live_xstate);
    ensures  xcr0:    vcpus[vm].xcr0 == \old(live_xcr0) && live_xcr0 == CPU_XCR0;
    ensures  nmi:     swap_nmi_left <==> (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & BLOCKING_BY_NMI) != 0;
*/
void swap_out(vm_id vm);

/* Makes the VM's VMCS current and loads its values; nothing of another VM stays. */
/*@ requires vm:      vm < VM_MAX;
    requires xcr0:    xcr0_legal(vcpus[vm].xcr0);
    assigns  live_vmcs, live_cr2, live_dr[0 .. 6], live_msr[0 .. SWAPPED_MSRS - 1], live_xcr0, live_xstate, live_vm,
             count_nmi_unblock;
    exits    never:   \false;
    ensures  live:    registers_live(vm) && live_vm == vm;
    ensures  nmi:     swap_nmi_left && (vmcs[vm][GUEST_INTERRUPTIBILITY_STATE] & BLOCKING_BY_NMI) == 0 ==>
                      count_nmi_unblock == (u64)(\old(count_nmi_unblock) + 1);
*/
void swap_in(vm_id vm);

#endif
