/* SPDX-License-Identifier: BSD-2-Clause */
/* The executable spec's checks of VM entry (spec/entry.h) on a VM's VMCS. The hosted machine has no host state. */
#include "spec/entry.h"
#include <stdio.h>
#include "oracle.h"

static struct spec_caps caps;
static struct spec_vmcs vmcs;

/* Before the first input: what is made at first use makes the path of one run differ from the others (fuzz/path.c). */
__attribute__((constructor)) static void learn(void)
{
	caps = spec_caps_bochs;
	caps.physical_bits = 52;	/* the hosted machine's addresses are pointers */
#define VMCS_FIELD(name, encoding, width) \
	if (((encoding) >> 10 & 3) == 3) \
		spec_set(vmcs.unknown, F_##name);
#include "vmcs.def"
#undef VMCS_FIELD
}

void spec_check(vm_id vm)
{
	static const struct spec_world nothing;
	static struct spec_result result;
	const u64 *field = machine_fields(vm);

#define VMCS_FIELD(name, encoding, width) vmcs.value[F_##name] = field[machine_index(encoding)];
#include "vmcs.def"
#undef VMCS_FIELD
	if (spec_entry_check(&vmcs, &caps, &nothing, &result))
		return;
	for (u32 i = 0; i < SPEC_CHECKS; i++)
		if (spec_bit(result.failed, i))
			oracle_fail(spec_checks[i].name, spec_checks[i].section, "VM %u would fail its entry: %s", vm, spec_checks[i].text);
}
