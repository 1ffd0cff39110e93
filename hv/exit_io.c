/* SPDX-License-Identifier: BSD-2-Clause */
/* IN and OUT: the port reaches the VM's board, and what the board answers reaches RAX or the outside. */
#include "exit.h"
#include "dev/board.h"
#include "input.h"
#include "io.h"
#include "link.h"
#include "vcpu.h"

/* Carries out what a device asked of the world. */
static COLD void effect(vm_id vm, struct board_effect effect)
{
	struct link_report report = { .type = LINK_MARK };

	switch (effect.kind) {
	case BOARD_CONSOLE:
		output_console(vm, (u8)effect.value);
		break;
	case BOARD_EXIT:
		vcpu_end(vm, LINK_END_EXIT, effect.value & 0xffu);
		break;
	case BOARD_RESET:
		vcpu_end(vm, LINK_END_RESET, 0);
		break;
	case BOARD_NMI:
		vcpus[vm].nmi_pending = 1;
		vcpus[vm].attention |= ATTEND_INTERRUPT;
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
		vcpus[vm].attention |= ATTEND_TIME | ATTEND_INTERRUPT;
	return board_in(vm, port, width, vcpu_time(vm));
}

void io_out(vm_id vm, u16 port, u32 width, u32 value)
{
	struct board_effect result = board_out(vm, port, width, value, vcpu_time(vm));

	vcpus[vm].attention |= (board_moves_timer(port) ? ATTEND_TIME : 0) | (board_intr(vm) ? ATTEND_INTERRUPT : 0);
	if (result.kind != BOARD_NONE)
		effect(vm, result);
}

enum action exit_io(vm_id vm, const struct vmexit *exit)
{
	u32 qualification = (u32)exit->qualification;
	u32 width = (qualification & 7u) + 1u;	/* SDM 3C table 27-5 */
	u16 port = (u16)(qualification >> 16);
	u64 *rax = &vcpus[vm].gpr[RAX];
	if ((qualification & IO_STRING) != 0)
		return exit_string_io(vm, exit);
	if ((qualification & IO_IN) != 0) {
		u64 value = io_in(vm, port, width);

		if (width == 1)
			*rax = (*rax & ~0xffull) | value;
		else if (width == 2)
			*rax = (*rax & ~0xffffull) | value;
		else
			*rax = value;	/* 32-bit results zero the high half */
	} else {
		io_out(vm, port, width, (u32)*rax);
	}
	return ACTION_SKIP;
}
