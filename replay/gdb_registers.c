/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers as gdb numbers them, and the target description that tells it so. */
#include "gdb_registers.h"
#include "travel_internal.h"

#include "hv/vmcs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum source { GPR, RIP, FLAGS, SELECTOR, ST, FPU_CONTROL, XMM, MXCSR, BASE, YMM_HIGH, SYSTEM };

struct reg {
	const char *name;
	u8 bits;
	u8 source;
	u8 index;
	const char *type;
};

struct feature {
	const char *name;
	const struct reg *reg;
	u32 count;
};

static const struct reg core[] = {
	{ "rax", 64, GPR, 0, "int64" }, { "rbx", 64, GPR, 3, "int64" }, { "rcx", 64, GPR, 1, "int64" },
	{ "rdx", 64, GPR, 2, "int64" }, { "rsi", 64, GPR, 6, "int64" }, { "rdi", 64, GPR, 7, "int64" },
	{ "rbp", 64, GPR, 5, "data_ptr" }, { "rsp", 64, GPR, 4, "data_ptr" }, { "r8", 64, GPR, 8, "int64" },
	{ "r9", 64, GPR, 9, "int64" }, { "r10", 64, GPR, 10, "int64" }, { "r11", 64, GPR, 11, "int64" },
	{ "r12", 64, GPR, 12, "int64" }, { "r13", 64, GPR, 13, "int64" }, { "r14", 64, GPR, 14, "int64" },
	{ "r15", 64, GPR, 15, "int64" }, { "rip", 64, RIP, 0, "code_ptr" }, { "eflags", 32, FLAGS, 0, "i386_eflags" },
	{ "cs", 32, SELECTOR, TARGET_CS, "int32" }, { "ss", 32, SELECTOR, TARGET_SS, "int32" },
	{ "ds", 32, SELECTOR, TARGET_DS, "int32" }, { "es", 32, SELECTOR, TARGET_ES, "int32" },
	{ "fs", 32, SELECTOR, TARGET_FS, "int32" }, { "gs", 32, SELECTOR, TARGET_GS, "int32" },
	{ "st0", 80, ST, 0, "i387_ext" }, { "st1", 80, ST, 1, "i387_ext" }, { "st2", 80, ST, 2, "i387_ext" },
	{ "st3", 80, ST, 3, "i387_ext" }, { "st4", 80, ST, 4, "i387_ext" }, { "st5", 80, ST, 5, "i387_ext" },
	{ "st6", 80, ST, 6, "i387_ext" }, { "st7", 80, ST, 7, "i387_ext" }, { "fctrl", 32, FPU_CONTROL, 0, "int" },
	{ "fstat", 32, FPU_CONTROL, 1, "int" }, { "ftag", 32, FPU_CONTROL, 2, "int" },
	{ "fiseg", 32, FPU_CONTROL, 3, "int" }, { "fioff", 32, FPU_CONTROL, 4, "int" },
	{ "foseg", 32, FPU_CONTROL, 5, "int" }, { "fooff", 32, FPU_CONTROL, 6, "int" },
	{ "fop", 32, FPU_CONTROL, 7, "int" },
};
static const struct reg sse[] = {
	{ "xmm0", 128, XMM, 0, "vec128" }, { "xmm1", 128, XMM, 1, "vec128" }, { "xmm2", 128, XMM, 2, "vec128" },
	{ "xmm3", 128, XMM, 3, "vec128" }, { "xmm4", 128, XMM, 4, "vec128" }, { "xmm5", 128, XMM, 5, "vec128" },
	{ "xmm6", 128, XMM, 6, "vec128" }, { "xmm7", 128, XMM, 7, "vec128" }, { "xmm8", 128, XMM, 8, "vec128" },
	{ "xmm9", 128, XMM, 9, "vec128" }, { "xmm10", 128, XMM, 10, "vec128" }, { "xmm11", 128, XMM, 11, "vec128" },
	{ "xmm12", 128, XMM, 12, "vec128" }, { "xmm13", 128, XMM, 13, "vec128" }, { "xmm14", 128, XMM, 14, "vec128" },
	{ "xmm15", 128, XMM, 15, "vec128" }, { "mxcsr", 32, MXCSR, 0, "i386_mxcsr" },
};
static const struct reg bases[] = { { "fs_base", 64, BASE, TARGET_FS, "int64" }, { "gs_base", 64, BASE, TARGET_GS, "int64" } };
static const struct reg avx[] = {
	{ "ymm0h", 128, YMM_HIGH, 0, "uint128" }, { "ymm1h", 128, YMM_HIGH, 1, "uint128" },
	{ "ymm2h", 128, YMM_HIGH, 2, "uint128" }, { "ymm3h", 128, YMM_HIGH, 3, "uint128" },
	{ "ymm4h", 128, YMM_HIGH, 4, "uint128" }, { "ymm5h", 128, YMM_HIGH, 5, "uint128" },
	{ "ymm6h", 128, YMM_HIGH, 6, "uint128" }, { "ymm7h", 128, YMM_HIGH, 7, "uint128" },
	{ "ymm8h", 128, YMM_HIGH, 8, "uint128" }, { "ymm9h", 128, YMM_HIGH, 9, "uint128" },
	{ "ymm10h", 128, YMM_HIGH, 10, "uint128" }, { "ymm11h", 128, YMM_HIGH, 11, "uint128" },
	{ "ymm12h", 128, YMM_HIGH, 12, "uint128" }, { "ymm13h", 128, YMM_HIGH, 13, "uint128" },
	{ "ymm14h", 128, YMM_HIGH, 14, "uint128" }, { "ymm15h", 128, YMM_HIGH, 15, "uint128" },
};
static const struct reg system_registers[] = {
	{ "cr0", 64, SYSTEM, 0, "int64" }, { "cr2", 64, SYSTEM, 1, "int64" }, { "cr3", 64, SYSTEM, 2, "int64" },
	{ "cr4", 64, SYSTEM, 3, "int64" }, { "cr8", 64, SYSTEM, 4, "int64" }, { "efer", 64, SYSTEM, 5, "int64" },
	{ "gdtr_base", 64, SYSTEM, 6, "int64" }, { "idtr_base", 64, SYSTEM, 7, "int64" },
	{ "cs_base", 64, BASE, TARGET_CS, "int64" }, { "ss_base", 64, BASE, TARGET_SS, "int64" },
	{ "ds_base", 64, BASE, TARGET_DS, "int64" }, { "es_base", 64, BASE, TARGET_ES, "int64" },
	{ "ldtr", 32, SELECTOR, TARGET_LDTR, "int32" }, { "tr", 32, SELECTOR, TARGET_TR, "int32" },
	{ "tr_base", 64, BASE, TARGET_TR, "int64" }, { "dr0", 64, SYSTEM, 8, "int64" }, { "dr1", 64, SYSTEM, 9, "int64" },
	{ "dr2", 64, SYSTEM, 10, "int64" }, { "dr3", 64, SYSTEM, 11, "int64" }, { "dr6", 64, SYSTEM, 12, "int64" },
	{ "dr7", 64, SYSTEM, 13, "int64" }, { "ip", 64, SYSTEM, 16, "int64" }, { "xcr0", 64, SYSTEM, 14, "int64" }, { "position", 64, SYSTEM, 15, "int64" },
};

#define COUNT(a) ((u32)(sizeof(a) / sizeof((a)[0])))

static const struct feature features[] = {
	{ "org.gnu.gdb.i386.core", core, COUNT(core) },
	{ "org.gnu.gdb.i386.sse", sse, COUNT(sse) },
	{ "org.gnu.gdb.i386.segments", bases, COUNT(bases) },
	{ "org.gnu.gdb.i386.avx", avx, COUNT(avx) },
	{ "org.reprise.x86.system", system_registers, COUNT(system_registers) },
};

u64 gdb_pc(const struct target_registers *registers)
{
	return registers->segment[TARGET_CS].l ? registers->rip :
						 (registers->rip + registers->segment[TARGET_CS].base) & 0xffffffffull;
}

u32 gdb_register_count(void)
{
	u32 count = 0;

	for (u32 i = 0; i < COUNT(features); i++)
		count += features[i].count;
	return count;
}

static const struct reg *find(u32 n)
{
	for (u32 i = 0; i < COUNT(features); n -= features[i++].count)
		if (n < features[i].count)
			return &features[i].reg[n];
	return NULL;
}

static u64 system_value(const struct gdb_registers *r, u32 index)
{
	const struct target_registers *c = &r->core;
	const u64 values[] = { c->cr0, c->cr2, c->cr3, c->cr4, c->cr8, c->efer, c->gdtr_base, c->idtr_base, c->dr[0],
			       c->dr[1], c->dr[2], c->dr[3], c->dr[6], c->dr[7], c->xcr0, r->place.position, c->rip };

	return values[index];
}

u32 gdb_register(const struct gdb_registers *r, u32 n, u8 value[GDB_REGISTER_BYTES])
{
	const struct reg *reg = find(n);
	const u64 *zmm;
	u64 number = 0;

	if (reg == NULL)
		return 0;
	memset(value, 0, GDB_REGISTER_BYTES);
	switch ((enum source)reg->source) {
	case GPR: number = r->core.gpr[reg->index]; break;
	case RIP: number = gdb_pc(&r->core); break;
	case FLAGS: number = r->core.rflags; break;
	case SELECTOR: number = r->core.segment[reg->index].selector; break;
	case BASE: number = r->core.segment[reg->index].base; break;
	case MXCSR: number = r->vectors.mxcsr; break;
	case SYSTEM: number = system_value(r, reg->index); break;
	case FPU_CONTROL: {
		const struct target_vectors *v = &r->vectors;
		const u64 fpu[] = { v->fcw, v->fsw, v->ftw, v->fcs, v->fip, v->fds, v->fdp, v->fop };

		number = fpu[reg->index];
		break;
	}
	case ST:
		memcpy(value, &r->vectors.st[reg->index].fraction, 8);
		memcpy(value + 8, &r->vectors.st[reg->index].exponent, 2);
		return 10;
	case XMM:
	case YMM_HIGH:
		zmm = r->vectors.zmm[reg->index] + (reg->source == YMM_HIGH ? 2 : 0);
		memcpy(value, zmm, 16);
		return 16;
	}
	memcpy(value, &number, 8);
	return reg->bits / 8u;
}

char *gdb_description(void)
{
	static const char types[] =
		"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
		"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/><vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
		"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
		"<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
		"<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
		"<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
		"<field name=\"uint128\" type=\"uint128\"/></union>"
		"<flags id=\"i386_mxcsr\" size=\"4\"><field name=\"IE\" start=\"0\" end=\"0\"/><field name=\"DE\" start=\"1\" "
		"end=\"1\"/><field name=\"ZE\" start=\"2\" end=\"2\"/><field name=\"OE\" start=\"3\" end=\"3\"/>"
		"<field name=\"UE\" start=\"4\" end=\"4\"/><field name=\"PE\" start=\"5\" end=\"5\"/>"
		"<field name=\"DAZ\" start=\"6\" end=\"6\"/><field name=\"FZ\" start=\"15\" end=\"15\"/></flags>";
	static const char flags[] =
		"<flags id=\"i386_eflags\" size=\"4\"><field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"PF\" start=\"2\" "
		"end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/><field name=\"ZF\" start=\"6\" end=\"6\"/>"
		"<field name=\"SF\" start=\"7\" end=\"7\"/><field name=\"TF\" start=\"8\" end=\"8\"/>"
		"<field name=\"IF\" start=\"9\" end=\"9\"/><field name=\"DF\" start=\"10\" end=\"10\"/>"
		"<field name=\"OF\" start=\"11\" end=\"11\"/><field name=\"NT\" start=\"14\" end=\"14\"/>"
		"<field name=\"RF\" start=\"16\" end=\"16\"/><field name=\"VM\" start=\"17\" end=\"17\"/>"
		"<field name=\"AC\" start=\"18\" end=\"18\"/></flags>";
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL)
		return NULL;
	fprintf(out, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
		     "<architecture>i386:x86-64</architecture>");
	for (u32 i = 0; i < COUNT(features); i++) {
		fprintf(out, "<feature name=\"%s\">%s", features[i].name,
			features[i].reg == sse ? types : features[i].reg == core ? flags : "");
		for (u32 k = 0; k < features[i].count; k++) {
			const struct reg *reg = &features[i].reg[k];

			fprintf(out, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"%s/>", reg->name, reg->bits, reg->type,
				reg->source == FPU_CONTROL ? " group=\"float\"" :
				features[i].reg == system_registers ? " group=\"system\"" : "");
		}
		fprintf(out, "</feature>");
	}
	fprintf(out, "</target>");
	fclose(out);
	return text;
}

bool gdb_register_name(const struct gdb_registers *registers, u32 n, u32 part, struct target_edit *edit)
{
	static const char *const general[] = { "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
					       "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15" };
	const struct reg *reg = find(n);

	if (reg == NULL)
		return false;
	switch ((enum source)reg->source) {
	case GPR:
		snprintf(edit->name, sizeof(edit->name), "%s", general[reg->index]);
		return true;
	case RIP:
		snprintf(edit->name, sizeof(edit->name), "RIP");
		if (!registers->core.segment[TARGET_CS].l)
			edit->value = (edit->value - registers->core.segment[TARGET_CS].base) & 0xffffffffull;
		return true;
	case FLAGS:
		snprintf(edit->name, sizeof(edit->name), "EFLAGS");
		return true;
	case XMM:
	case YMM_HIGH:
		snprintf(edit->name, sizeof(edit->name), "xmm%02u_%u", reg->index, part + (reg->source == YMM_HIGH ? 2 : 0));
		return true;
	case SELECTOR:
	case BASE:
	case MXCSR:
	case SYSTEM:
	case FPU_CONTROL:
	case ST:
		break;
	}
	return false;
}

/* A VM that does not run now: its registers are in the hypervisor and in its VMCS. Vectors are not shown. */
static bool get_other(struct travel *travel, u32 vm, struct gdb_registers *r)
{
	const u64 long_code = 0x2000;	/* L of an access-rights field (SDM 3C 25.4.1) */
	static const u32 selector[] = { GUEST_ES_SELECTOR, GUEST_CS_SELECTOR, GUEST_SS_SELECTOR, GUEST_DS_SELECTOR,
					GUEST_FS_SELECTOR, GUEST_GS_SELECTOR, GUEST_LDTR_SELECTOR, GUEST_TR_SELECTOR };
	static const u32 base[] = { GUEST_ES_BASE, GUEST_CS_BASE, GUEST_SS_BASE, GUEST_DS_BASE,
				    GUEST_FS_BASE, GUEST_GS_BASE, GUEST_LDTR_BASE, GUEST_TR_BASE };
	u64 region = travel->vmcs + vm * PAGE_BYTES;
	struct target *now = &travel->now;
	struct vcpu vcpu;
	u64 value;
	bool good = travel_vcpu(travel, vm, &vcpu);

	for (u32 i = 0; i < 16; i++)
		r->core.gpr[i] = vcpu.gpr[i];
	for (u32 i = 0; good && i < TARGET_SEGMENTS; i++) {
		good = target_vmcs(now, region, selector[i], &value);
		r->core.segment[i].selector = (u16)value;
		good = good && target_vmcs(now, region, base[i], &r->core.segment[i].base);
	}
	good = good && target_vmcs(now, region, GUEST_CS_ACCESS_RIGHTS, &value);
	r->core.segment[TARGET_CS].l = (value & long_code) != 0;
	r->place.vm = vm;
	r->place.position = vcpu.position;
	r->place.vtime = vcpu.position + vcpu.idle;
	r->core.cr2 = vcpu.cr2;
	r->core.cr8 = vcpu.cr8;
	r->core.xcr0 = vcpu.xcr0;
	return good && target_vmcs(now, region, GUEST_RSP, &r->core.gpr[4]) &&
	       target_vmcs(now, region, GUEST_RIP, &r->core.rip) &&
	       target_vmcs(now, region, GUEST_RFLAGS, &r->core.rflags) &&
	       target_vmcs(now, region, GUEST_CR0, &r->core.cr0) && target_vmcs(now, region, GUEST_CR3, &r->core.cr3) &&
	       target_vmcs(now, region, GUEST_CR4, &r->core.cr4) &&
	       target_vmcs(now, region, GUEST_IA32_EFER, &r->core.efer);
}

bool gdb_registers_get(struct travel *travel, u32 vm, struct gdb_registers *r)
{
	const struct target_registers *core_registers;

	memset(r, 0, sizeof(*r));
	if (vm != travel->place.vm)
		return vm < travel->layout.plan.vm_count && get_other(travel, vm, r);
	core_registers = travel_registers(travel);
	if (core_registers == NULL || !target_vectors(&travel->now, &r->vectors))
		return false;
	r->core = *core_registers;
	r->place = travel->place;
	return true;
}
