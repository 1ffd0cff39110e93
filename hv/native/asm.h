/* SPDX-License-Identifier: BSD-2-Clause */
/* One privileged instruction a function. */
#ifndef HV_NATIVE_ASM_H
#define HV_NATIVE_ASM_H

#include "types.h"

static inline u64 asm_rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void asm_wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 asm_rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

static inline void asm_cpuid(u32 leaf, u32 subleaf, u32 r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(subleaf));
}

static inline void asm_xsetbv(u64 value)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

#define ASM_CONTROL_REGISTER(cr) \
	static inline u64 asm_read_##cr(void) \
	{ \
		u64 value; \
		__asm__ volatile("mov %%" #cr ", %0" : "=r"(value)); \
		return value; \
	} \
	static inline void asm_write_##cr(u64 value) \
	{ \
		__asm__ volatile("mov %0, %%" #cr : : "r"(value) : "memory"); \
	}
ASM_CONTROL_REGISTER(cr0)
ASM_CONTROL_REGISTER(cr2)
ASM_CONTROL_REGISTER(cr3)
ASM_CONTROL_REGISTER(cr4)
ASM_CONTROL_REGISTER(db0)
ASM_CONTROL_REGISTER(db1)
ASM_CONTROL_REGISTER(db2)
ASM_CONTROL_REGISTER(db3)
ASM_CONTROL_REGISTER(db6)
#undef ASM_CONTROL_REGISTER

/* VMREAD; a field that does not exist leaves the value unchanged, which asm_vmread_ok tells. */
static inline u64 asm_vmread(u64 field)
{
	u64 value;

	__asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"(field) : "cc");
	return value;
}

static inline bool asm_vmread_ok(u64 field)
{
	u64 value;
	bool failed;

	__asm__ volatile("vmread %2, %0; setbe %1" : "=r"(value), "=rm"(failed) : "r"(field) : "cc");
	return !failed;
}

static inline void asm_vmwrite(u64 field, u64 value)
{
	__asm__ volatile("vmwrite %0, %1" : : "rm"(value), "r"(field) : "cc");
}

/* VMXON, VMPTRLD, VMCLEAR take the physical address of a region. False: VMfail. */
static inline bool asm_vmxon(u64 region)
{
	bool failed;

	__asm__ volatile("vmxon %1; setbe %0" : "=rm"(failed) : "m"(region) : "cc", "memory");
	return !failed;
}

static inline bool asm_vmptrld(u64 region)
{
	bool failed;

	__asm__ volatile("vmptrld %1; setbe %0" : "=rm"(failed) : "m"(region) : "cc", "memory");
	return !failed;
}

static inline bool asm_vmclear(u64 region)
{
	bool failed;

	__asm__ volatile("vmclear %1; setbe %0" : "=rm"(failed) : "m"(region) : "cc", "memory");
	return !failed;
}

/* Single-context INVEPT and INVVPID: the first quadword of the descriptor names the context (SDM 3C 30.3). */
static inline void asm_invept_single(u64 eptp)
{
	u64 descriptor[2] = { eptp, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(descriptor), "r"(1ull) : "cc", "memory");
}

static inline void asm_invvpid_single(u64 vpid)
{
	u64 descriptor[2] = { vpid, 0 };

	__asm__ volatile("invvpid %0, %1" : : "m"(descriptor), "r"(1ull) : "cc", "memory");
}

static inline u16 asm_str(void)
{
	u16 selector;

	__asm__ volatile("str %0" : "=r"(selector));
	return selector;
}

struct asm_table {
	u16 limit;
	u64 base;
} __attribute__((packed));

static inline u64 asm_gdt_base(void)
{
	struct asm_table t;

	__asm__ volatile("sgdt %0" : "=m"(t));
	return t.base;
}

static inline u64 asm_idt_base(void)
{
	struct asm_table t;

	__asm__ volatile("sidt %0" : "=m"(t));
	return t.base;
}

#endif
