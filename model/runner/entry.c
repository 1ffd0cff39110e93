/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM-entry cases. */
#include "model/runner/runner.h"
#include "hv/native/asm.h"
#include "hv/native/ata.h"
#include "hv/vmcs.h"
#include "spec/vmx.h"

#define IA32_S_CET 0x6a2u

static void write_msr_area(const struct model_case *c)
{
	u64 *area = (u64 *)(uintptr_t)PAGE_ENTRY_LOAD;

	for (u32 i = 0; i < c->msr_count; i++) {
		area[2 * i] = c->msr[i].index;
		area[2 * i + 1] = c->msr[i].value;
	}
}

static u8 sector[512] __attribute__((aligned(512)));
_Static_assert(sizeof(struct model_case) <= sizeof(sector), "a case fits into a sector");

void suite_entry(void)
{
	struct model_case c;

	for (u64 n = params.first; n < params.first + params.count; n++) {
		struct model_result *result = result_slot(n);
		bool entered;

		if (params.cases_sector != 0) {
			(void)ata_read(ATA_BOOT, params.cases_sector + n - params.first, 1, (u64)(uintptr_t)sector);
			c = *(const struct model_case *)(const void *)sector;
		} else {
			model_generate(params.seed, n, &header, &c);
		}
		if (params.kill != 0 && n == params.kill) {
			c.base = BASE_LONG;
			c.change_count = 1;
			c.change[0].field = F_GUEST_ACTIVITY_STATE;
			c.change[0].value = ACTIVITY_WAIT_FOR_SIPI;
		}
		base_load(c.base);
		write_msr_area(&c);
		tables_case();
		for (u32 i = 0; i < c.change_count; i++)
			asm_vmwrite(spec_field_encoding(c.change[i].field), c.change[i].value);
		entered = runner_enter_base(c.base, result);
		for (u32 i = 0; i < c.change_count; i++)
			asm_vmwrite(spec_field_encoding(c.change[i].field), header.base[c.base][c.change[i].field]);
		if (entered) {
			base_restore_guest(c.base);
			if (header.caps.cet)
				asm_wrmsr(IA32_S_CET, 0);
		}
		result_done(n);
	}
}
