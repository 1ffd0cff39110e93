/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration mechanism 1 over an empty bus, and the reset control register of the PIIX at CF9H.
 * CONFIG_ADDRESS (CF8H) exists for 32-bit accesses only and reads back what was written (PCI 2.2, 3.2.2.3.2: bits 30:24
 * and 1:0 are zero); CONFIG_DATA (CFCH..CFFH) answers all ones: there is no device.
 */
#ifndef HV_DEV_PCI_H
#define HV_DEV_PCI_H

#include "types.h"

#define PCI_ADDRESS_MASK 0x80fffffcu

struct pci {
	u32 address;		/* CONFIG_ADDRESS */
	u8 reset_control;	/* CF9H: bits 1 (SYS_RST) and 3 (full reset) */
	u8 reserved[3];
};

/* Power-on. */
/*@ requires valid: \valid(p);
    assigns  *p;
    exits    never: \false;
    ensures  address: p->address == 0;
    ensures  control: p->reset_control == 0;
*/
void pci_reset(struct pci *p);

/* Writes CONFIG_ADDRESS. */
/*@ requires valid: \valid(p);
    assigns  p->address;
    exits    never: \false;
    ensures  value: p->address == (value & PCI_ADDRESS_MASK);
*/
void pci_write_address(struct pci *p, u32 value);

/* Writes CF9H. True: it resets the machine (bit 2, RST_CPU). */
/*@ requires valid: \valid(p);
    assigns  p->reset_control;
    exits    never: \false;
    ensures  kept:  p->reset_control == (value & 0x0a);
    ensures  reset: \result <==> (value & 4) != 0;
*/
bool pci_write_reset(struct pci *p, u8 value);

#endif
