/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands between the core and cpu_enter (linked with --wrap): reads the VMCS back and evaluates every check of VM entry.
 * A violation stops the machine by name. Guest time is not touched: the ticks of an entry are measured inside cpu_enter.
 */
#include "model/monitor/monitor.h"
#include "model/runner/caps.h"
#include "hv/cpu.h"
#include "hv/input.h"
#include "hv/link.h"
#include "hv/native/asm.h"
#include "hv/text.h"
#include "hv/x86.h"

#define REASONS 72u

s64 __real_cpu_enter(vm_id vm, u64 tsc);
s64 __wrap_cpu_enter(vm_id vm, u64 tsc);
void __real_output_report(const struct link_report *report);
void __wrap_output_report(const struct link_report *report);

static struct spec_caps caps;
static struct spec_vmcs vmcs;
static struct spec_result result;
static u32 encodings[SPEC_FIELDS], numbers[SPEC_FIELDS], supported;
static u64 entries, exits[REASONS];

static bool read_memory(const void *context, u64 address, u64 *quad)
{
	(void)context;
	if (address >= 0x100000000ull)
		return false;
	*quad = *(volatile u64 *)(uintptr_t)address;
	return true;
}

static void begin(void)
{
	caps_read(&caps);
	for (u32 f = 0; f < SPEC_FIELDS; f++) {
		u32 encoding = spec_field_encoding(f);

		if (!asm_vmread_ok(encoding))
			continue;
		encodings[supported] = encoding;
		numbers[supported++] = f;
	}
}

static u32 first_failed(void)
{
	for (u32 i = 0; i < SPEC_CHECKS; i++)
		if (spec_bit(result.failed, i))
			return i;
	return 0;
}

s64 __wrap_cpu_enter(vm_id vm, u64 tsc)
{
	static const struct spec_world world = { .known = true, .long_mode = true, .read = read_memory };
	u64 reason;
	s64 ticks;

	if (supported == 0)
		begin();
	for (u32 i = 0; i < supported; i++)
		vmcs.value[numbers[i]] = asm_vmread(encodings[i]);
	monitor_tamper(&vmcs, ++entries);
	if (!spec_entry_check(&vmcs, &caps, &world, &result))
		cpu_panic("model/monitor/monitor.c", __LINE__, spec_checks[first_failed()].name, entries);
	ticks = __real_cpu_enter(vm, tsc);
	reason = asm_vmread(VM_EXIT_REASON) & 0xffff;
	if (ticks != CPU_ENTRY_FAILED && reason < REASONS)
		exits[reason]++;
	return ticks;
}

void __wrap_output_report(const struct link_report *report)
{
	if (report->type == LINK_ALL_ENDED) {
		u64 predicted, outside;
		struct text text;

		text_begin(&text);
		text_string(&text, "monitor: ");
		text_decimal(&text, entries);
		text_string(&text, " VM entries checked, 0 violations");
		output_message(text_end(&text));
		monitor_effects(&predicted, &outside);
		text_begin(&text);
		text_string(&text, "monitor: ");
		text_decimal(&text, predicted);
		text_string(&text, " exits with the effects that the spec predicts, ");
		text_decimal(&text, outside);
		text_string(&text, " outside its model");
		output_message(text_end(&text));
		for (u32 i = 0; i < REASONS; i++) {
			if (exits[i] == 0)
				continue;
			text_begin(&text);
			text_string(&text, "monitor: exit reason ");
			text_decimal(&text, i);
			text_string(&text, ": ");
			text_decimal(&text, exits[i]);
			output_message(text_end(&text));
		}
	}
	__real_output_report(report);
}
