/* SPDX-License-Identifier: BSD-2-Clause */
/* What spec/effects asks of the fuzzer: guest memory, and boards that see the same accesses as the real ones. */
#include "dev/board.h"
#include "ept.h"
#include "link.h"
#include "mem.h"
#include "memory.h"
#include "oracle.h"

u64 effects_console_bytes, effects_console_sum, effects_marks;

bool effects_memory(vm_id vm, u64 gpa, u32 bytes, u64 *value)
{
	if (gpa > vm_ram[vm].bytes || bytes > vm_ram[vm].bytes - gpa)
		return false;
	*value = mem_read(vm_ram[vm].hpa + gpa, bytes);
	return true;
}

bool effects_outside(vm_id vm, u64 gpa)
{
	struct ept_walk w;

	return gpa >= vm_ram[vm].bytes && ept_walk(vm, gpa, &w) != OK && vm_ept[vm].count + 3 <= EPT_TABLES;
}

u32 effects_in(struct state *s, vm_id vm, u16 port, u32 width)
{
	return board_in(shadow(vm), port, width, s->position + s->idle);
}

void effects_out(struct state *s, vm_id vm, u16 port, u32 width, u32 value)
{
	struct board_effect e = board_out(shadow(vm), port, width, value, s->position + s->idle);

	switch (e.kind) {
	case BOARD_CONSOLE:
		effects_console_bytes++;
		effects_console_sum = effects_console_sum * 31 + (u8)e.value + (vm << 8);
		break;
	case BOARD_EXIT:
		effects_end(s, LINK_END_EXIT, e.value & 0xff);
		break;
	case BOARD_RESET:
		effects_end(s, LINK_END_RESET, 0);
		break;
	case BOARD_NMI:
		s->nmi_pending = 1;
		break;
	case BOARD_MARK:
		effects_marks++;
		break;
	default:
		break;
	}
}
