/* SPDX-License-Identifier: BSD-2-Clause */
/* Capturing and comparing a VM's state, and how the oracle speaks. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hosted.h"
#include "mem.h"
#include "oracle.h"

#define WARM_PAGES 2048u

u32 oracle_step;

/* What is made at first use is made before the first input, so that the same input always takes the same path. */
__attribute__((constructor)) static void warm(void)
{
	(void)mem_hash(0, 8);
	for (u64 i = 0; i < WARM_PAGES; i++)
		mem_write(i * PAGE_BYTES, 1, 0);
	hosted_mem_reset();
}

_Noreturn void oracle_fail(const char *rule, const char *source, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "fuzz: step %u breaks a rule: %s (%s): ", oracle_step, rule, source);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

void state_capture(vm_id vm, struct state *out)
{
	const struct vcpu *v = &vcpus[vm];

	memcpy(out->field, machine_fields(vm), sizeof(out->field));
	memcpy(out->gpr, v->gpr, sizeof(out->gpr));
	memcpy(out->entropy, v->entropy, sizeof(out->entropy));
	memcpy(out->dr, machine_dr, sizeof(out->dr));
	memcpy(out->msr, machine_msr, sizeof(out->msr));
	out->dr6 = machine_dr[6];
	out->cr2 = machine_cr2;
	out->xcr0 = machine_xcr0;
	out->position = v->position;
	out->cr8 = v->cr8;
	out->event_info = v->event_info;
	out->event_error = v->event_error;
	out->event_length = v->event_length;
	out->nmi_pending = v->nmi_pending;
	out->state = v->state;
	out->end = v->end;
	out->end_value = v->end_value;
	out->cpu = v->cpu;
	out->idle = v->idle;
}

static void same(const char *what, u64 expected, u64 found)
{
	if (expected != found)
		oracle_fail("an exit changes what it must and nothing else", "SDM 3C 25, DESIGN 2", "%s is %llx, must be %llx",
			    what, (unsigned long long)found, (unsigned long long)expected);
}

static void same_array(const char *what, const u64 *expected, const u64 *found, u32 n)
{
	char name[32];

	for (u32 i = 0; i < n; i++) {
		if (expected[i] == found[i])
			continue;
		snprintf(name, sizeof(name), "%s %u", what, i);
		same(name, expected[i], found[i]);
	}
}

static void same_fields(const struct state *expected, const struct state *found)
{
#define VMCS_FIELD(name, encoding, width) same(#name, FIELD(expected, name), FIELD(found, name));
#include "vmcs.def"
#undef VMCS_FIELD
}

void state_compare(vm_id vm, const struct state *expected, const struct state *found)
{
	(void)vm;
	if (memcmp(expected->field, found->field, sizeof(found->field)) != 0)
		same_fields(expected, found);
	same_array("general register", expected->gpr, found->gpr, GPRS);
	same_array("DR", expected->dr, found->dr, 4);
	same_array("swapped MSR", expected->msr, found->msr, SWAPPED_MSRS);
	same_array("entropy word", expected->entropy, found->entropy, 4);
	same("DR6", expected->dr6, found->dr6);
	same("CR2", expected->cr2, found->cr2);
	same("XCR0", expected->xcr0, found->xcr0);
	same("position", expected->position, found->position);
	same("CR8", expected->cr8, found->cr8);
	same("pending event", expected->event_info, found->event_info);
	same("pending NMI", expected->nmi_pending, found->nmi_pending);
	same("state", expected->state, found->state);
	same("end", expected->end, found->end);
	same("end value", expected->end_value, found->end_value);
}
