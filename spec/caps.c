/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities of two processors (SDM 3D appendix A). */
#include "spec/entry.h"

/* Read by running on Bochs 2.7, cpu model=tigerlake; `make model` compares these with what it finds there. */
const struct spec_caps spec_caps_bochs = {
	.basic = 0x01d8100000000004ull,
	.pin = 0x0000007f00000016ull, .cpu = 0xfff9fffe04006172ull, .cpu2 = 0x02977fff00000000ull,
	.exit = 0x107fffff00036dfbull, .entry = 0x0010ffff000011fbull, .misc = 0x600401e0ull,
	.cr0_fixed0 = 0x80000021ull, .cr0_fixed1 = 0xffffffffull, .cr4_fixed0 = 0x2000ull, .cr4_fixed1 = 0xf72fffull,
	.ept_vpid = 0xf0106b34141ull, .vmfunc = 1,
	.efer = 0xd01ull, .debugctl = 0xdfc3ull, .perf_global = 0x70000000full, .rtit = 0,
	.physical_bits = 40, .linear_bits = 48, .cet = true, .nmi_sti = true,
};

const struct spec_caps spec_caps_any = {
	.basic = 0x01d8100000000000ull,	/* any error code; revision identifier not known */
	.pin = 0x000000ff00000016ull, .cpu = 0xfffbfffe04006172ull, .cpu2 = 0xffffffff00000000ull,
	.exit = 0xffffffff00036dfbull, .entry = 0xffffffff000011fbull, .misc = 0x700401e7ull,
	.cr0_fixed0 = 0x80000021ull, .cr0_fixed1 = 0xffffffffull, .cr4_fixed0 = 0x2000ull, .cr4_fixed1 = 0x01ff7fffull,
	.ept_vpid = 0xf0106f34141ull | 1ull << 7, .vmfunc = 1,
	.efer = 0xd01ull, .debugctl = 0xdfc3ull, .perf_global = 0x1000f0000ffffull, .rtit = ~0ull,
	.physical_bits = 52, .linear_bits = 57, .cet = true, .rtm = true, .sgx = true,
};
