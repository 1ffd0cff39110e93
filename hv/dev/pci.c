/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI configuration mechanism 1 over an empty bus. */
#include "pci.h"

#define RESET_BITS 0x0au
#define RST_CPU 0x04u

_Static_assert(sizeof(struct pci) == 8, "struct pci has no implicit padding");

void pci_reset(struct pci *p)
{
	p->address = 0;
	p->reset_control = 0;
	/*@ loop invariant range: 0 <= i <= 3;
	    loop assigns i, p->reserved[0 .. 2];
	    loop variant 3 - i;
	*/
	for (u32 i = 0; i < 3; i++)
		p->reserved[i] = 0;
}

void pci_write_address(struct pci *p, u32 value)
{
	p->address = value & PCI_ADDRESS_MASK;
}

bool pci_write_reset(struct pci *p, u8 value)
{
	p->reset_control = (u8)(value & RESET_BITS);
	return (value & RST_CPU) != 0;
}
