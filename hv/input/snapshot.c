/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"
#include "cpu.h"
#include "vmcs.h"

static const u16 fields[SNAPSHOT_FIELDS] = {
#define SNAPSHOT_FIELD(name) name,
#include "snapshot.def"
#undef SNAPSHOT_FIELD
};

static void copy(u8 *to, const u8 *from, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		to[i] = from[i];
}

void snapshot_take(vm_id vm, struct snapshot *out)
{
	out->vcpu = vcpus[vm];
	out->board = boards[vm];
	for (u32 i = 0; i < SNAPSHOT_FIELDS; i++)
		out->field[i] = cpu_vmread(vm, fields[i]);
	copy(out->xsave, cpu_xsave_area(vm), SNAPSHOT_XSAVE_BYTES);
}

void snapshot_restore(vm_id vm, const struct snapshot *from)
{
	struct vcpu old = vcpus[vm];

	vcpus[vm] = from->vcpu;
	vcpus[vm].host_rsp = old.host_rsp;	/* of this boot */
	vcpus[vm].tsc_entry = old.tsc_entry;
	vcpus[vm].launched = old.launched;
	boards[vm] = from->board;
	for (u32 i = 0; i < SNAPSHOT_FIELDS; i++)
		cpu_vmwrite(vm, fields[i], from->field[i]);
	copy(cpu_xsave_area(vm), from->xsave, SNAPSHOT_XSAVE_BYTES);
}
