/* SPDX-License-Identifier: BSD-2-Clause */
/* IN and OUT: the port reaches the VM's board, and what the board answers reaches RAX or the outside. */
#include "exit.h"
#include "dev/board.h"
#include "input.h"
#include "io.h"
#include "link.h"
#include "vcpu.h"

/* Carries out what a device asked of the world. */
/*@ requires vm:      vm < VM_MAX;
    requires noted:   ATTENTION_OK(vm);
    assigns  vcpus[vm].attention, vcpus[vm].nmi_pending, vcpus[vm].state, vcpus[vm].end, vcpus[vm].end_value,
             count_console[vm], count_report;
    exits    never:   \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  console: effect.kind == BOARD_CONSOLE ==> count_console[vm] == (u64)(\old(count_console[vm]) + 1);
    ensures  silent:  effect.kind != BOARD_CONSOLE ==> count_console[vm] == \old(count_console[vm]);
    ensures  mark:    effect.kind == BOARD_MARK ==> count_report == (u64)(\old(count_report) + 1);
    ensures  quiet:   effect.kind != BOARD_MARK ==> count_report == \old(count_report);
    ensures  end:     effect.kind == BOARD_EXIT ==> vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_EXIT &&
                      vcpus[vm].end_value == effect.value % 0x100;
    ensures  reset:   effect.kind == BOARD_RESET ==> vcpus[vm].state == VCPU_ENDED && vcpus[vm].end == LINK_END_RESET;
    ensures  goes_on: effect.kind != BOARD_EXIT && effect.kind != BOARD_RESET ==>
                      vcpus[vm].state == \old(vcpus[vm].state);
    ensures  nmi:     effect.kind == BOARD_NMI ==> vcpus[vm].nmi_pending == 1;
    ensures  no_nmi:  effect.kind != BOARD_NMI ==> vcpus[vm].nmi_pending == \old(vcpus[vm].nmi_pending);
*/
static COLD void effect(vm_id vm, struct board_effect effect)
{
	struct link_report report = { .type = LINK_MARK };

	switch (effect.kind) {
	case BOARD_CONSOLE:
		output_console(vm, (u8)effect.value);
		break;
	case BOARD_EXIT:
		vcpu_end(vm, LINK_END_EXIT, effect.value % 0x100u);
		break;
	case BOARD_RESET:
		vcpu_end(vm, LINK_END_RESET, 0);
		break;
	case BOARD_NMI:
		vcpus[vm].nmi_pending = 1;
		vcpu_attend(vm, ATTEND_INTERRUPT);
		break;
	case BOARD_MARK:
		report.vm = (u8)vm;
		report.value = effect.value;
		vcpu_report(vm, &report);
		break;
	default:
		break;
	}
}

u32 io_in(vm_id vm, u16 port, u32 width)
{
	if (UNLIKELY(board_timed(port)))
		vcpu_attend(vm, ATTEND_TIME | ATTEND_INTERRUPT);
	return board_in(vm, port, width, vcpu_time(vm));
}

void io_out(vm_id vm, u16 port, u32 width, u32 value)
{
	struct board_effect result = board_out(vm, port, width, value, vcpu_time(vm));

	vcpu_attend(vm, (board_moves_timer(port) ? ATTEND_TIME : 0u) + (board_intr(vm) ? ATTEND_INTERRUPT : 0u));
	if (result.kind != BOARD_NONE)
		effect(vm, result);
}

/* RAX with its low `width` bytes replaced; 32-bit results zero the high half. */
/*@ requires width:  width == 1 || width == 2 || width == 4;
    requires byte:   width == 1 ==> value <= 0xff;
    requires word:   width == 2 ==> value <= 0xffff;
    assigns  \nothing;
    exits    never:  \false;
    ensures  byte:   width == 1 ==> \result == rax / 0x100 * 0x100 + value;
    ensures  word:   width == 2 ==> \result == rax / 0x10000 * 0x10000 + value;
    ensures  double: width == 4 ==> \result == value;
*/
static inline u64 merge(u64 rax, u32 width, u32 value)
{
	if (width == 1)
		return rax / 0x100u * 0x100u + value;
	if (width == 2)
		return rax / 0x10000u * 0x10000u + value;
	return value;
}

/*@ requires vm:     vm < VM_MAX;
    requires width:  width == 1 || width == 2 || width == 4;
    requires board:  board_ok(&boards[vm]);
    requires clock:  CLOCK_OK(vm);
    requires noted:   ATTENTION_OK(vm);
    assigns  boards[vm], vcpus[vm].attention, vcpus[vm].gpr[RAX];
    exits    never:  \false;
    ensures  noted:   ATTENTION_OK(vm);
    ensures  board:  board_ok(&boards[vm]);
    ensures  clock:  CLOCK_OK(vm);
    ensures  byte:   width == 1 ==> vcpus[vm].gpr[RAX] / 0x100 == \old(vcpus[vm].gpr[RAX]) / 0x100;
    ensures  word:   width == 2 ==> vcpus[vm].gpr[RAX] / 0x10000 == \old(vcpus[vm].gpr[RAX]) / 0x10000;
    ensures  double: width == 4 ==> vcpus[vm].gpr[RAX] <= 0xffffffff;
*/
static inline void in(vm_id vm, u16 port, u32 width)
{
	vcpus[vm].gpr[RAX] = merge(vcpus[vm].gpr[RAX], width, io_in(vm, port, width));
}

enum action exit_io(vm_id vm, const struct vmexit *exit)
{
	u64 qualification = exit->qualification;
	u32 width = (u32)(qualification % 8u) + 1u;	/* SDM 3C table 27-5 */
	u16 port = (u16)(qualification >> 16);

	/*@ assert width: width == exit->qualification % 8 + 1; */
	if (UNLIKELY(width > 2 && width != 4))
		return ACTION_STOP;	/* no such operand */
	if ((qualification & IO_STRING) != 0)
		return exit_string_io(vm, exit);
	if ((qualification & IO_IN) != 0)
		in(vm, port, width);
	else
		io_out(vm, port, width, (u32)vcpus[vm].gpr[RAX]);
	return ACTION_SKIP;
}
