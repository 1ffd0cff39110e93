/* SPDX-License-Identifier: BSD-2-Clause */
/* VMCALL: an unknown hypercall answers -1000 in RAX and changes nothing else. */
#include "guest.h"

void guest_main(void)
{
	reg a = 12345, b = 1, c = 2, d = 3, si = 4;

	if (!on_reprise()) {
		EXPECT(TRY("vmcall", :), UD);
		guest_success();
	}
	EXPECT(TRY("vmcall", : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "+S"(si)), NO_TRAP);
	EXPECT(a, -1000ull);
	EXPECT(b, 1);
	EXPECT(c, 2);
	EXPECT(d, 3);
	EXPECT(si, 4);
	guest_success();
}
