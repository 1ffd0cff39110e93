/* SPDX-License-Identifier: BSD-2-Clause */
/* hv/dev/pci.c: an empty bus. */
#include "dev/pci.h"
#include "test.h"

static struct pci pci;

static void address(void)
{
	pci_reset(&pci);
	CU_ASSERT_EQUAL(pci.address, 0);
	pci_write_address(&pci, 0x80000000);
	CU_ASSERT_EQUAL(pci.address, 0x80000000);
	pci_write_address(&pci, 0xffffffff);
	CU_ASSERT_EQUAL(pci.address, 0x80fffffc);
}

static void reset_control(void)
{
	pci_reset(&pci);
	CU_ASSERT_FALSE(pci_write_reset(&pci, 0x02));
	CU_ASSERT_EQUAL(pci.reset_control, 0x02);
	CU_ASSERT_TRUE(pci_write_reset(&pci, 0x06));
	CU_ASSERT_EQUAL(pci.reset_control, 0x02);
	CU_ASSERT_FALSE(pci_write_reset(&pci, 0xfb));
	CU_ASSERT_EQUAL(pci.reset_control, 0x0a);
}

const struct test_case test_pci_cases[] = {
	{ "the address reads back without its reserved bits", address },
	{ "RST_CPU resets and is not kept", reset_control },
	{ 0 }
};
