/* SPDX-License-Identifier: BSD-2-Clause */
/* VMCS fields: the enum, widths and kinds, made from vmcs.def (SDM 3D appendix B). */
#ifndef HV_VMCS_H
#define HV_VMCS_H

#include "types.h"

#include "spec/doors.acsl"

enum vmcs_field {
#define VMCS_FIELD(name, encoding, width) name = encoding,
#include "vmcs.def"
#undef VMCS_FIELD
};

/* Bits 14:13 of an encoding (SDM 3C table 24-21). */
enum vmcs_width { VMCS_WIDTH_16 = 0, VMCS_WIDTH_64 = 1, VMCS_WIDTH_32 = 2, VMCS_WIDTH_NATURAL = 3 };

/* Bits 11:10 of an encoding. */
enum vmcs_kind { VMCS_CONTROL = 0, VMCS_READ_ONLY = 1, VMCS_GUEST = 2, VMCS_HOST = 3 };

#define VMCS_FIELD(name, encoding, width) \
	_Static_assert((((encoding) >> 13) & 3) == VMCS_WIDTH_##width, #name ": width disagrees with the encoding"); \
	_Static_assert(((encoding) & 0xffff9001) == 0, #name ": reserved bits or the high half");
#include "vmcs.def"
#undef VMCS_FIELD

/* The distance between the fields of two neighbouring segment registers, in the order ES CS SS DS FS GS LDTR TR. */
#define VMCS_SEGMENT_STEP 2u

/*@ assigns \nothing;
    exits   never: \false;
    ensures width: \result == VMCS_WIDTH(field);
*/
static inline enum vmcs_width vmcs_width(u32 field)
{
	return (enum vmcs_width)(field / 0x2000u % 4u);
}

/*@ assigns \nothing;
    exits   never: \false;
    ensures kind:  \result == VMCS_KIND(field);
*/
static inline enum vmcs_kind vmcs_kind(u32 field)
{
	return (enum vmcs_kind)(field / 0x400u % 4u);
}

/* The field's name as in vmcs.def, or null if no such field is known. */
/*@ assigns \result \from field;
    exits   never: \false;
    ensures known: \result != \null <==> VMCS_KNOWN(field);
    ensures text:  \result != \null ==> \valid_read(\result);
*/
const char *vmcs_name(u32 field);

#endif
