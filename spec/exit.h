/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VM exit tells about the instruction: exit qualifications and VM-exit instruction information (SDM 3C 27.2.1, 27.2.5).
 * Macros, so that tables can be made of them. */
#ifndef SPEC_EXIT_H
#define SPEC_EXIT_H

#include "types.h"

#define SPEC_ADDRESS_16 0u
#define SPEC_ADDRESS_32 1u
#define SPEC_ADDRESS_64 2u
#define SPEC_NO_REGISTER 16u

/* Table 27-3: access 0 MOV to CR, 1 MOV from CR, 2 CLTS, 3 LMSW (with its source). */
#define SPEC_QUALIFICATION_CR(cr, access, gpr, lmsw_memory, lmsw_source) \
	((u64)(cr) | (u64)(access) << 4 | ((lmsw_memory) ? 1ull << 6 : 0) | (u64)(gpr) << 8 | (u64)(lmsw_source) << 16)

/* Table 27-4. */
#define SPEC_QUALIFICATION_DR(dr, from, gpr) ((u64)(dr) | ((from) ? 1ull << 4 : 0) | (u64)(gpr) << 8)

/* Table 27-5. */
#define SPEC_QUALIFICATION_IO(bytes, in, string, rep, immediate, port) \
	((u64)((bytes) - 1) | ((in) ? 8u : 0) | ((string) ? 16u : 0) | ((rep) ? 32u : 0) | ((immediate) ? 64u : 0) | (u64)(port) << 16)

/* Table 27-2: source 0 CALL, 1 IRET, 2 JMP, 3 task gate in the IDT. */
#define SPEC_QUALIFICATION_TASK(selector, source) ((u64)(selector) | (u64)(source) << 30)

/* Table 27-6: access type 0 data read, 1 data write, 2 fetch, 3 event delivery (linear). */
#define SPEC_QUALIFICATION_APIC(offset, type) ((u64)(offset) | (u64)(type) << 12)

/* The memory operand, common to tables 27-9 to 27-14. Registers that are not used: SPEC_NO_REGISTER. */
#define SPEC_INFO_MEMORY(address_size, segment, base, index, scale) \
	((u32)(scale) | (u32)(address_size) << 7 | (u32)(segment) << 15 | ((index) == SPEC_NO_REGISTER ? 1u << 22 : (u32)(index) << 18) | \
	 ((base) == SPEC_NO_REGISTER ? 1u << 27 : (u32)(base) << 23))

/* The bits of it that have a meaning. */
#define SPEC_INFO_MEMORY_MASK(base, index) \
	(7u << 7 | 7u << 15 | 1u << 22 | 1u << 27 | ((index) == SPEC_NO_REGISTER ? 0 : 15u << 18 | 3u) | ((base) == SPEC_NO_REGISTER ? 0 : 15u << 23))

/* Tables 27-9, 27-14: the second register of INVEPT, INVPCID, INVVPID, VMREAD, VMWRITE. */
#define SPEC_INFO_REGISTER2(gpr) ((u32)(gpr) << 28)

/* Tables 27-11, 27-14: a register operand instead of memory. */
#define SPEC_INFO_REGISTER1(gpr) ((u32)(gpr) << 3 | 1u << 10)

/* Table 27-10: 0 SGDT, 1 SIDT, 2 LGDT, 3 LIDT. Table 27-11: 0 SLDT, 1 STR, 2 LLDT, 3 LTR. */
#define SPEC_INFO_IDENTITY(identity) ((u32)(identity) << 28)

/* Table 27-12: RDRAND, RDSEED; operand size 0 16, 1 32, 2 64 bits. */
#define SPEC_INFO_RANDOM(gpr, operand_size) ((u32)(gpr) << 3 | (u32)(operand_size) << 11)

/* Table 27-8: INS, OUTS. */
#define SPEC_INFO_STRING_IO(address_size, segment) ((u32)(address_size) << 7 | (u32)(segment) << 15)

#endif
