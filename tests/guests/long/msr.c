/* SPDX-License-Identifier: BSD-2-Clause */
/* RDMSR and WRMSR: the named MSRs hold values, check their reserved bits, and all others are #GP. */
#include "guest.h"

static u32 try_read(u32 msr, u64 *value)
{
	u32 low = 0, high = 0;
	u32 vector = TRY("rdmsr", : "=a"(low), "=d"(high) : "c"(msr));

	*value = (u64)high << 32 | low;
	return vector;
}

static u32 try_write(u32 msr, u64 value)
{
	return TRY("wrmsr", : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

static void holds(u32 msr, u64 value)
{
	u64 old = rdmsr(msr);

	EXPECT(try_write(msr, value), NO_TRAP);
	EXPECT(rdmsr(msr), value);
	EXPECT(try_write(msr, old), NO_TRAP);
	EXPECT(rdmsr(msr), old);
}

static volatile u32 user_bad;

static void user(void)
{
	user_bad = (TRY("rdmsr", : : "c"(MSR_EFER) : "eax", "edx") != GP) | (TRY("wrmsr", : : "c"(MSR_EFER), "a"(0), "d"(0)) != GP) << 1;
	USER_RETURN();
}

void guest_main(void)
{
	u64 efer = rdmsr(MSR_EFER), value;
	reg a, d;

	holds(0x174, 0x10);
	holds(0x175, 0xffff800000001234);
	holds(0x176, 0x00007fffffffffff);
	holds(0xc0000081, 0x0023001000000000);
	holds(0xc0000082, 0xffffffff81000000);
	holds(0xc0000083, 0x123456789abc);
	holds(0xc0000084, 0x47700);
	holds(0xc0000100, 0xffff888000000000);
	holds(0xc0000101, 0x7fff00000000);
	holds(0xc0000102, 0xffff888000000000);
	holds(0xc0000103, 0xffffffff);
	holds(0x277, 0x0007010600070106);
	/* not canonical */
	EXPECT(try_write(0xc0000100, 1ull << 47), GP);
	EXPECT(try_write(0xc0000101, 1ull << 63), GP);
	EXPECT(try_write(0xc0000102, 1ull << 47), GP);
	EXPECT(try_write(0xc0000082, 1ull << 47), GP);
	EXPECT(try_write(0x175, 1ull << 47), GP);
	EXPECT(trap.error, 0);
	EXPECT(trap.ip, trap_start);
	/* PAT: types 2, 3 and above 7 do not exist */
	EXPECT(try_write(0x277, 0x0007040600070402), GP);
	EXPECT(try_write(0x277, 0x0307040600070406), GP);
	EXPECT(try_write(0x277, 0x0008040600070406), GP);
	EXPECT(rdmsr(0x277), 0x0007040600070406);
	/* EFER: reserved bits; LME is fixed while paging is on; LMA cannot be written */
	EXPECT(try_write(MSR_EFER, efer | 2), GP);
	EXPECT(try_write(MSR_EFER, efer | 1ull << 63), GP);
	EXPECT(try_write(MSR_EFER, efer | 1 << 9), GP);
	EXPECT(try_write(MSR_EFER, efer & ~0x100ull), GP);
	EXPECT(rdmsr(MSR_EFER), efer);
	EXPECT(try_write(MSR_EFER, efer | 0x801), NO_TRAP);
	EXPECT(rdmsr(MSR_EFER), efer | 0x801);
	EXPECT(try_write(MSR_EFER, efer & ~0x400ull), NO_TRAP);
	EXPECT(rdmsr(MSR_EFER), efer);
	/* high halves of the registers */
	asm volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(0xffffffff00000000ul | MSR_EFER), "a"(~0ul), "d"(~0ul));
	EXPECT(a, efer);
	EXPECT(d, 0);
	if (on_reprise()) {
		static const u32 none[] = { 0, 0x1b, 0x34, 0x3a, 0x3b, 0x140, 0x17a, 0x200, 0x480, 0x48b, 0x64e, 0x800, 0x1fff,
					    0x2000, 0x40000000, 0xc0000000, 0xc0000080 - 1, 0xc0000104, 0xc0001fff, 0xc0002000,
					    0xc0010015, 0xc0011029, 0xffffffff };

		for (u32 i = 0; i < ARRAY_COUNT(none); i++) {
			EXPECT(try_read(none[i], &value), GP);
			EXPECT(trap.error, 0);
			EXPECT(try_write(none[i], 0), GP);
		}
		EXPECT(try_read(0x1a0, &value), NO_TRAP);
		EXPECT(try_read(0x8b, &value), NO_TRAP);
	}
	paging_own();
	user_call(user);
	EXPECT(user_bad, 0);
	guest_success();
}
