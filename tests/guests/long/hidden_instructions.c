/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions whose CPUID bit is hidden are #UD: MONITOR, MWAIT, INVPCID, XSAVE, XSAVES, XSETBV, AVX, RDPKRU, RSM. */
#include "guest.h"

void guest_main(void)
{
	static u8 area[1024] __attribute__((aligned(64)));

	if (!on_reprise())
		guest_skip("bare Bochs hides less");
	EXPECT(TRY("monitor", : : "a"(area), "c"(0), "d"(0)), UD);
	EXPECT(TRY("mwait", : : "a"(0), "c"(0)), UD);
	EXPECT(TRY("invpcid (%0), %1", : : "r"(area), "r"(0ul)), UD);
	EXPECT(TRY("xsave (%0)", : : "r"(area), "a"(7), "d"(0)), UD);
	EXPECT(TRY("xrstor (%0)", : : "r"(area), "a"(7), "d"(0)), UD);
	EXPECT(TRY("xsaves (%0)", : : "r"(area), "a"(7), "d"(0)), UD);
	EXPECT(TRY("xrstors (%0)", : : "r"(area), "a"(7), "d"(0)), UD);
	EXPECT(TRY("xgetbv", : : "c"(0) : "eax", "edx"), UD);
	EXPECT(TRY("xsetbv", : : "a"(7), "d"(0), "c"(0)), UD);
	write_cr4(read_cr4() | CR4_OSFXSR);
	EXPECT(TRY("vpxor %%ymm0, %%ymm0, %%ymm0", :), UD);
	EXPECT(TRY("rdpkru", : : "c"(0) : "eax", "edx"), UD);
	EXPECT(TRY("rsm", :), UD);
	EXPECT(TRY("encls", : : "a"(0)), UD);
	EXPECT(TRY(".byte 0xf3, 0x0f, 0xae, 0xf0", :), UD);			/* UMONITOR %eax */
	EXPECT(TRY(".byte 0xf2, 0x0f, 0xae, 0xf1", : : "a"(0), "d"(0)), UD);	/* UMWAIT %ecx */
	EXPECT(TRY(".byte 0x66, 0x0f, 0xae, 0xf1", : : "a"(0), "d"(0)), UD);	/* TPAUSE %ecx */
	guest_success();
}
