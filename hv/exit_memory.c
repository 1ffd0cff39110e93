/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EPT violations. All RAM is mapped before the first entry, so one means an access outside the VM's RAM: reads find a
 * page of ones there, as on a bus that nobody drives; writes and fetches stop the VM.
 */
#include "exit.h"
#include "cpu.h"
#include "ept.h"
#include "gmem.h"
#include "inject.h"
#include "memory.h"
#include "vcpu.h"

#define VIOLATION_WRITE 0x2u	/* SDM 3C table 27-7 */
#define VIOLATION_FETCH 0x4u

enum action exit_ept_violation(vm_id vm, const struct vmexit *exit)
{
	if (EVENT_IS_VALID(exit->vectoring))
		inject_vectoring(vm, exit);
	else
		exit_restore_nmi_blocking(vm, (exit->qualification & EVENT_NMI_UNBLOCKING) != 0);
	if (exit->gpa < vm_ram[vm].bytes || (exit->qualification & (VIOLATION_WRITE | VIOLATION_FETCH)) != 0)
		return ACTION_STOP;
	if (ept_map(vm, exit->gpa / PAGE_BYTES, memory_ones_page() / PAGE_BYTES, EPT_4K, EPT_READ, EPT_MT_WB) != OK)
		return ACTION_STOP;
	return ACTION_RESUME;
}
