/* SPDX-License-Identifier: BSD-2-Clause */
/* Port accesses of a VM, shared by IN, OUT, INS and OUTS. */
#ifndef HV_IO_H
#define HV_IO_H

#include "cpu.h"
#include "dev/board.h"
#include "types.h"
#include "vcpu.h"

#include "spec/exit.acsl"

/* Exit qualification for I/O instructions (SDM 3C table 27-5) */
#define IO_IN (1u << 3)
#define IO_STRING (1u << 4)
#define IO_REP (1u << 5)

/* Reads or writes `width` (1, 2, 4) bytes at a port of the VM, with all consequences. */
/*@ requires vm:      vm < VM_MAX;
    requires width:   width == 1 || width == 2 || width == 4;
    requires board:   board_ok(&boards[vm]);
    requires clock:   CLOCK_OK(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  boards[vm], vcpus[vm].attention;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  board:   board_ok(&boards[vm]);
    ensures  clock:   CLOCK_OK(vm);
    ensures  byte:    width == 1 ==> \result <= 0xff;
    ensures  word:    width == 2 ==> \result <= 0xffff;
*/
u32 io_in(vm_id vm, u16 port, u32 width);
/*@ requires vm:      vm < VM_MAX;
    requires width:   width == 1 || width == 2 || width == 4;
    requires board:   board_ok(&boards[vm]);
    requires clock:   CLOCK_OK(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  boards[vm], vcpus[vm].attention, vcpus[vm].nmi_pending, vcpus[vm].state, vcpus[vm].end,
             vcpus[vm].end_value, count_console[vm], count_report;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  board:   board_ok(&boards[vm]);
    ensures  clock:   CLOCK_OK(vm);
    ensures  state:   vcpus[vm].state == \old(vcpus[vm].state) ||
                      (vcpus[vm].state == VCPU_ENDED &&
                       (vcpus[vm].end == LINK_END_EXIT || vcpus[vm].end == LINK_END_RESET));
    ensures  console: count_console[vm] == \old(count_console[vm]) ||
                      count_console[vm] == (u64)(\old(count_console[vm]) + 1);
    ensures  nmi:     vcpus[vm].nmi_pending == \old(vcpus[vm].nmi_pending) || vcpus[vm].nmi_pending == 1;
*/
void io_out(vm_id vm, u16 port, u32 width, u32 value);

#endif
