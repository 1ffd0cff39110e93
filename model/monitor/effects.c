/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before exit_handle (linked with --wrap): what the executable spec says of the exit is computed first, from the VMCS, the
 * registers and guest memory as they are, then the handler runs, then all of it must be as the spec said.
 */
#include "model/monitor/monitor.h"
#include "hv/cpu.h"
#include "hv/dev/board.h"
#include "hv/ept.h"
#include "hv/input.h"
#include "hv/link.h"
#include "hv/memory.h"
#include "hv/native/asm.h"
#include "hv/text.h"
#include "spec/effects/effects.h"

enum action __real_exit_handle(vm_id vm, const struct vmexit *exit);
enum action __wrap_exit_handle(vm_id vm, const struct vmexit *exit);
void __real_exit_skip(vm_id vm, u32 length);
void __wrap_exit_skip(vm_id vm, u32 length);

static struct state expected, found;
static struct writes writes;
static struct board shadow;
static u32 encodings[SPEC_FIELDS], supported, reason;
static bool skipping;
static u64 predicted, outside;

/* ---- what spec/effects asks for */
_Noreturn void oracle_fail(const char *rule, const char *source, const char *format, ...)
{
	(void)format;
	cpu_panic(source, 0, rule, 0);
}

bool effects_memory(vm_id vm, u64 gpa, u32 bytes, u64 *value)
{
	*value = 0;
	if (gpa > vm_ram[vm].bytes || bytes > vm_ram[vm].bytes - gpa)
		return false;
	for (u32 i = 0; i < bytes; i++)
		*value |= (u64)*(volatile u8 *)(uintptr_t)(vm_ram[vm].hpa + gpa + i) << 8 * i;
	return true;
}

bool effects_outside(vm_id vm, u64 gpa)
{
	struct ept_walk w;

	return gpa >= vm_ram[vm].bytes && ept_walk(vm, gpa, &w) != OK && vm_ept[vm].count + 3 <= EPT_TABLES;
}

/* The board itself, and then back as it was: the handler comes after. */
u32 effects_in(struct state *s, vm_id vm, u16 port, u32 width)
{
	u32 value;

	shadow = boards[vm];
	value = board_in(vm, port, width, s->position + s->idle);
	boards[vm] = shadow;
	return value;
}

void effects_out(struct state *s, vm_id vm, u16 port, u32 width, u32 value)
{
	struct board_effect e;

	shadow = boards[vm];
	e = board_out(vm, port, width, value, s->position + s->idle);
	boards[vm] = shadow;
	if (e.kind == BOARD_EXIT)
		effects_end(s, LINK_END_EXIT, e.value & 0xff);
	else if (e.kind == BOARD_RESET)
		effects_end(s, LINK_END_RESET, 0);
	else if (e.kind == BOARD_NMI)
		s->nmi_pending = 1;
}

/* ---- the state */
static void capture(vm_id vm, struct state *out)
{
	static const u32 msrs[SWAPPED_MSRS] = { IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK, IA32_KERNEL_GS_BASE, IA32_TSC_AUX, IA32_XSS };
	const struct vcpu *v = &vcpus[vm];

	for (u32 f = supported == 0 ? 0 : SPEC_FIELDS; f < SPEC_FIELDS; f++)
		if (asm_vmread_ok(spec_field_encoding(f)))
			encodings[supported++] = spec_field_encoding(f);
	for (u32 i = 0; i < supported; i++)
		out->field[state_index(encodings[i])] = asm_vmread(encodings[i]);
	for (u32 i = 0; i < GPRS; i++)
		out->gpr[i] = v->gpr[i];
	for (u32 i = 0; i < 4; i++) {
		out->dr[i] = cpu_dr_read(i);
		out->entropy[i] = v->entropy[i];
	}
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		out->msr[i] = cpu_msr_read(msrs[i]);
	out->dr6 = cpu_dr_read(6);
	out->cr2 = cpu_cr2_read();
	out->xcr0 = v->xcr0;
	out->position = v->position;
	out->idle = v->idle;
	out->cr8 = v->cr8;
	out->event_info = v->event_info;
	out->event_error = v->event_info != 0 ? v->event_error : 0;
	out->event_length = v->event_info != 0 ? v->event_length : 0;
	out->nmi_pending = v->nmi_pending;
	out->state = v->state;
	out->end = v->state == VCPU_ENDED ? v->end : 0;
	out->end_value = v->state == VCPU_ENDED ? v->end_value : 0;
	out->cpu = v->cpu;
}

static void same(const char *what, u32 number, u64 must, u64 is)
{
	struct text text;

	if (must == is)
		return;
	text_begin(&text);
	text_string(&text, "monitor: exit reason ");
	text_decimal(&text, reason);
	text_string(&text, ": ");
	text_string(&text, what);
	text_string(&text, " ");
	text_decimal(&text, number);
	text_string(&text, " is ");
	text_hex(&text, is);
	text_string(&text, ", the spec says ");
	text_hex(&text, must);
	text_string(&text, ", at RIP ");
	text_hex(&text, expected.field[state_index(GUEST_RIP)]);
	text_string(&text, ", CS ");
	text_hex(&text, expected.field[state_index(GUEST_CS_SELECTOR)]);
	output_message(text_end(&text));
	cpu_panic("model/monitor/effects.c", __LINE__, what, is);
}

static void compare(vm_id vm)
{
	capture(vm, &found);
	for (u32 i = 0; i < supported; i++)
		if (expected.field[state_index(encodings[i])] != found.field[state_index(encodings[i])])
			same(spec_field_name(spec_field_find(encodings[i])), encodings[i], expected.field[state_index(encodings[i])],
			     found.field[state_index(encodings[i])]);
	for (u32 i = 0; i < GPRS; i++)
		same("general register", i, expected.gpr[i], found.gpr[i]);
	for (u32 i = 0; i < 4; i++) {
		same("DR", i, expected.dr[i], found.dr[i]);
		same("entropy word", i, expected.entropy[i], found.entropy[i]);
	}
	for (u32 i = 0; i < SWAPPED_MSRS; i++)
		same("swapped MSR", i, expected.msr[i], found.msr[i]);
	same("DR", 6, expected.dr6, found.dr6);
	same("CR", 2, expected.cr2, found.cr2);
	same("XCR", 0, expected.xcr0, found.xcr0);
	same("position", 0, expected.position, found.position);
	same("CR", 8, expected.cr8, found.cr8);
	same("pending event", 0, expected.event_info, found.event_info);
	if (expected.event_info != 0) {
		if ((expected.event_info & EVENT_ERROR_CODE) != 0)
			same("pending event's error code", 0, expected.event_error, found.event_error);
		if (EVENT_TYPE(expected.event_info) >= EVENT_SOFTWARE_INTERRUPT)
			same("pending event's length", 0, expected.event_length, found.event_length);
	}
	same("pending NMI", 0, expected.nmi_pending, found.nmi_pending);
	same("state", 0, expected.state, found.state);
	if (expected.state == VCPU_ENDED) {
		same("end", 0, expected.end, found.end);
		same("end's value", 0, expected.end_value, found.end_value);
	}
	for (u32 i = 0; i < writes.count; i++) {
		u64 must = 0, is = 0;

		(void)effects_read(vm, &writes, writes.write[i].gpa, writes.write[i].bytes, &must);
		(void)effects_memory(vm, writes.write[i].gpa, writes.write[i].bytes, &is);
		same("guest memory", (u32)writes.write[i].gpa, must, is);
	}
	predicted++;
}

enum action __wrap_exit_handle(vm_id vm, const struct vmexit *exit)
{
	struct vmexit x = *exit;
	enum action action;
	bool modelled;

	reason = exit->reason & 0xffff;
	capture(vm, &expected);
	x.info = (u32)expected.field[state_index(VM_EXIT_INSTRUCTION_INFO)];	/* handlers read it themselves */
	writes.count = 0;
	modelled = effects(&expected, vm, &x, &writes);
	action = __real_exit_handle(vm, exit);
	if (!modelled)
		outside++;
	else if (action == ACTION_STOP)
		same("state (the handler stops the VM)", 0, expected.state, VCPU_ENDED);
	else if (action == ACTION_SKIP)
		skipping = true;
	else
		compare(vm);
	return action;
}

/* Where the core moves RIP past what a handler completed. */
void __wrap_exit_skip(vm_id vm, u32 length)
{
	__real_exit_skip(vm, length);
	if (skipping)
		compare(vm);
	skipping = false;
}

void monitor_effects(u64 *exits, u64 *unmodelled)
{
	*exits = predicted;
	*unmodelled = outside;
}
