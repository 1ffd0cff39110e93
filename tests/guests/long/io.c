/* SPDX-License-Identifier: BSD-2-Clause */
/* IN and OUT in all widths, with immediate and DX port: values, the untouched part of RAX, floating ports, TSS bitmap at CPL 3. */
#include "guest.h"

#define IN(code, port) ({ reg rax = 0x1122334455667788; asm volatile(code : "+a"(rax) : "d"(port)); rax; })
#define OUT(code, port, v) asm volatile(code : : "a"((reg)(v)), "d"(port))

static volatile u32 user_bad;

static void user(void)
{
	user_bad = (TRY("outb %%al, $0x80", : : "a"(0)) != GP) | (TRY("inb $0x80, %%al", : : : "eax") != GP) << 1 |
		   (TRY("rep outsb", : : "c"(1), "S"(0), "d"(0x80)) != GP) << 2;
	USER_RETURN();
}

void guest_main(void)
{
	outb(0x21, 0xa5);
	EXPECT(IN("inb $0x21, %%al", 0), 0x11223344556677a5);
	EXPECT(IN("inb %%dx, %%al", 0x21), 0x11223344556677a5);
	OUT("outb %%al, %%dx", 0x21, 0xffffffffffffff5a);
	EXPECT(inb(0x21), 0x5a);
	OUT("outb %%al, $0x21", 0, 0xff);
	EXPECT(inb(0x21), 0xff);
	/* the configuration address of PCI takes 32 bits only */
	OUT("outl %%eax, %%dx", 0xcf8, 0xffffffff80001234);
	EXPECT(IN("inl %%dx, %%eax", 0xcf8), 0x80001234);	/* zero-extended */
	if (on_reprise()) {
		/* 2EEH and following belong to nobody */
		EXPECT(IN("inb %%dx, %%al", 0x2ee), 0x11223344556677ff);
		EXPECT(IN("inw %%dx, %%ax", 0x2ee), 0x112233445566ffff);
		EXPECT(IN("inl %%dx, %%eax", 0x2ec), 0xffffffff);
		EXPECT(IN("inb $0x99, %%al", 0), 0x11223344556677ff);
		EXPECT(IN("inw $0x98, %%ax", 0), 0x112233445566ffff);
		EXPECT(IN("inl $0x98, %%eax", 0), 0xffffffff);
		EXPECT(IN("inb %%dx, %%al", 0xffff), 0x11223344556677ff);
		EXPECT(IN("inl %%dx, %%eax", 0xffff), 0xffffffff);	/* beyond the last port */
		OUT("outw %%ax, %%dx", 0x2ee, 0x1234);
		OUT("outl %%eax, %%dx", 0xfffc, 0x12345678);
		OUT("outl %%eax, %%dx", 0xffff, 0x12345678);
		outl(0xcf8, 0x80000000);	/* no host bridge or any other function */
		EXPECT(inl(0xcfc), 0xffffffff);
		EXPECT(inw(0xcfc), 0xffff);
		EXPECT(inb(0xcff), 0xff);
	}
	outl(0xcf8, 0);
	/* the scratch register of the UART */
	for (u32 i = 0; i < 256; i++) {
		outb(0x3ff, (u8)i);
		EXPECT(inb(0x3ff), i);
	}
	paging_own();
	user_call(user);
	EXPECT(user_bad, 0);
	guest_success();
}
