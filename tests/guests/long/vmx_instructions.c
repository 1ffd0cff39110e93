/* SPDX-License-Identifier: BSD-2-Clause */
/* Every VMX instruction, VMFUNC and GETSEC are #UD, at CPL 0 and CPL 3: the guest's processor has none of them. */
#include "guest.h"

static u8 area[PAGE] __attribute__((aligned(PAGE)));
static volatile u32 bad;

static void all(void)
{
	reg r = 0;

	bad = 0;
#define ONE(n, code, ...) if (TRY(code, __VA_ARGS__) != UD) bad |= 1u << n; if (trap.ip != trap_start) bad |= 1u << 31
	ONE(0, "vmxon (%0)", : : "r"(area));
	ONE(1, "vmxoff", :);
	ONE(2, "vmclear (%0)", : : "r"(area));
	ONE(3, "vmptrld (%0)", : : "r"(area));
	ONE(4, "vmptrst (%0)", : : "r"(area) : "memory");
	ONE(5, "vmread %1, %0", : "+r"(r) : "r"(0x681eul));
	ONE(6, "vmwrite %1, %0", : : "r"(0x681eul), "r"(r));
	ONE(7, "vmlaunch", :);
	ONE(8, "vmresume", :);
	ONE(9, "invept (%0), %1", : : "r"(area), "r"(2ul));
	ONE(10, "invvpid (%0), %1", : : "r"(area), "r"(2ul));
	ONE(11, "vmfunc", : : "a"(0), "c"(0));
	ONE(12, "getsec", : : "a"(0));
}

static void user(void)
{
	all();
	USER_RETURN();
}

void guest_main(void)
{
	paging_own();
	all();
	EXPECT(bad, 0);
	user_call(user);
	EXPECT(bad, 0);
	guest_success();
}
