/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of VMCS fields. For the proofs: that it knows a field says that VMCS_KNOWN (spec/doors.acsl) is hv/vmcs.def. */
#include "vmcs.h"

const char *vmcs_name(u32 field)
{
	switch (field) {
#define VMCS_FIELD(name, encoding, width) case encoding: return #name;
#include "vmcs.def"
#undef VMCS_FIELD
	default:
		return NULL;
	}
}
