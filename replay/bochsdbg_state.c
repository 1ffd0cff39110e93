/* SPDX-License-Identifier: BSD-2-Clause */
/* The body of target.h for stock Bochs, its second half: registers, from what the debugger prints. */
#include "bochsdbg.h"
#include "hv/vmcs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* "rax: 00000000_00000005": Bochs splits 64-bit numbers. */
static u64 split(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	unsigned long high, low;

	return at != NULL && sscanf(at + strlen(name), " %lx_%lx", &high, &low) == 2 ? (u64)high << 32 | low : 0;
}

/* A value of a parameter tree that "show" printed: "name = 0x..." after the text `scope`. */
static u64 shown(const char *text, const char *scope, const char *name)
{
	char key[48];
	u64 value = 0;

	if (scope != NULL)
		text = strstr(text, scope);
	snprintf(key, sizeof(key), " %s = ", name);
	if (text != NULL && !bochsdbg_number(text, key, 0, &value))
		value = strstr(text, key) != NULL && strncmp(strstr(text, key) + strlen(key), "true", 4) == 0;
	return value;
}

static const char *const general[] = { "rax:", "rcx:", "rdx:", "rbx:", "rsp:", "rbp:", "rsi:", "rdi:",
				       "r8 :", "r9 :", "r10:", "r11:", "r12:", "r13:", "r14:", "r15:" };
static const char *const segments[] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR" };

static u64 parameter(struct target *target, const char *name)
{
	const char *last = strrchr(name, '.');
	char key[48];
	u64 value = 0;

	snprintf(key, sizeof(key), "%s = ", last == NULL ? name : last + 1);
	if (target_ask(target, "show \"cpu0.%s\"", name) == NULL)
		return 0;
	if (!bochsdbg_number(target->text, key, 0, &value))
		value = strstr(target->text, "= true") != NULL;
	return value;
}

bool target_registers(struct target *target, struct target_registers *r)
{
	const char *text = target_ask(target, "r");

	memset(r, 0, sizeof(*r));
	if (text == NULL)
		return false;
	for (u32 i = 0; i < 16; i++)
		r->gpr[i] = split(text, general[i]);
	r->rip = split(text, "rip:");
	bochsdbg_number(text, "eflags 0x", 16, &r->rflags);
	for (u32 i = 0; i < TARGET_SEGMENTS; i++) {
		text = target_ask(target, "show \"cpu0.%s\"", segments[i]);
		if (text == NULL)
			return false;
		r->segment[i].selector = (u16)shown(text, NULL, "selector");
		r->segment[i].base = shown(text, NULL, "base");
		r->segment[i].limit = (u32)shown(text, NULL, "limit_scaled");
		r->segment[i].l = shown(text, NULL, "l") != 0;
		r->segment[i].db = shown(text, NULL, "d_b") != 0;
	}
	text = target_ask(target, "show \"cpu0.GDTR\"");
	r->gdtr_base = text == NULL ? 0 : shown(text, NULL, "base");
	r->gdtr_limit = text == NULL ? 0 : (u16)shown(text, NULL, "limit");
	text = target_ask(target, "show \"cpu0.IDTR\"");
	r->idtr_base = text == NULL ? 0 : shown(text, NULL, "base");
	r->idtr_limit = text == NULL ? 0 : (u16)shown(text, NULL, "limit");
	r->cr0 = parameter(target, "CR0");
	r->cr2 = parameter(target, "CR2");
	r->cr3 = parameter(target, "CR3");
	r->cr4 = parameter(target, "CR4");
	r->efer = parameter(target, "MSR.EFER");
	r->xcr0 = parameter(target, "XCR0");
	text = target_ask(target, "creg");
	if (text == NULL)
		return false;
	bochsdbg_number(text, "CR8: 0x", 16, &r->cr8);
	text = target_ask(target, "dreg");
	for (u32 i = 0; text != NULL && i < 8; i++) {
		char name[8];

		snprintf(name, sizeof(name), "DR%u=0x", i);
		bochsdbg_number(text, name, 16, &r->dr[i]);
	}
	return text != NULL;
}

bool target_vectors(struct target *target, struct target_vectors *v)
{
	const char *text = target_ask(target, "show \"cpu0.SSE\"");
	u64 top;

	memset(v, 0, sizeof(*v));
	if (text == NULL)
		return false;
	v->mxcsr = (u32)shown(text, NULL, "mxcsr");
	for (u32 i = 0; i < 16; i++)
		for (u32 k = 0; k < 8; k++) {
			char name[16];

			snprintf(name, sizeof(name), "xmm%02u_%u", i, k);
			v->zmm[i][k] = shown(text, NULL, name);
		}
	text = target_ask(target, "show \"cpu0.FPU\"");
	if (text == NULL)
		return false;
	v->fcw = (u16)shown(text, NULL, "cwd");
	v->fsw = (u16)shown(text, NULL, "swd");
	v->ftw = (u16)shown(text, NULL, "twd");
	v->fop = (u16)shown(text, NULL, "foo");
	v->fcs = (u16)shown(text, NULL, "fcs");
	v->fip = shown(text, NULL, "fip");
	v->fds = (u16)shown(text, NULL, "fds");
	v->fdp = shown(text, NULL, "fdp");
	top = shown(text, NULL, "tos");
	for (u64 i = 0; i < 8; i++) {
		char name[16];

		snprintf(name, sizeof(name), " st%llu = ", (unsigned long long)((i + top) & 7));
		v->st[i].exponent = (u16)shown(text, name, "exp");
		v->st[i].fraction = shown(text, name, "fraction");
	}
	return true;
}

u64 target_rip(struct target *target)
{
	if (!target->fetchable && target_ask(target, "r") != NULL)
		return split(target->text, "rip:");
	return target->rip;
}

u32 target_vpid(struct target *target)
{
	return parameter(target, "VMX.in_vmx_guest") == 0 ? 0 : (u32)parameter(target, "VMX.VMCS_CACHE.VMEXEC_CTRLS.vpid");
}

/* Bochs 2.7 keeps each field in 8 bytes of the region, sorted by width, type and index of its encoding (SDM 3D B). */
bool target_vmcs(struct target *target, u64 region, u32 field, u64 *value)
{
	u32 width = field >> 13 & 3, type = field >> 10 & 3, index = field >> 1 & 0x1ff;

	*value = 0;
	if (index >= 32 || !target_read(target, region + 0x10 + (width * 4 + type) * 0x100 + index * 8, value, 8))
		return false;
	if (field >= GUEST_ES_ACCESS_RIGHTS && field <= GUEST_TR_ACCESS_RIGHTS)	/* kept rotated left by 8 */
		*value = (*value >> 8 | *value << 24) & 0xffffffff;
	return true;
}
