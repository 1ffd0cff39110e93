/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM that attacks its boundaries: reads outside its RAM, reserved CR and EFER bits, odd MSRs, all VMX instructions,
 * every port but those that end it. It survives; cases/attacker.sh compares its neighbour's memory with a run alone.
 * With "write" on the command line it ends by writing outside its RAM.
 */
/* run: --memory 16M */
/* run: --memory 16M --cpu avx --intercept all */
#include "guest.h"

static u8 area[PAGE] __attribute__((aligned(PAGE)));

static void memory(void)
{
	for (u64 gpa = 16ull << 20; gpa < 1ull << 32; gpa += 0x1235000)
		EXPECT(*(volatile u64 *)gpa, ~0ull);
	EXPECT(*(volatile u8 *)0xfee00030, 0xff);	/* no local APIC, no I/O APIC */
	EXPECT(*(volatile u32 *)0xfec00000, 0xffffffff);
}

static void control_registers(void)
{
	reg cr0 = read_cr0(), cr4 = read_cr4();

	for (u32 i = 0; i < 64; i++) {
		u32 vector;

		if (i == 0 || i == 31)	/* PE, PG */
			continue;
		vector = TRY("mov %0, %%cr0", : : "r"(cr0 ^ 1ul << i) : "memory");
		if (i >= 32 || i == 29)
			EXPECT(vector, GP);
		write_cr0(cr0);
	}
	for (u32 i = 0; i < 64; i++) {
		if (i == 5 || i == 20 || i == 21 || i == 18)
			continue;
		if (TRY("mov %0, %%cr4", : : "r"(cr4 | 1ul << i) : "memory") == NO_TRAP)
			write_cr4(cr4);
		EXPECT(read_cr4(), cr4);
	}
	EXPECT(TRY("mov %0, %%cr4", : : "r"(cr4 | CR4_VMXE) : "memory"), GP);
	EXPECT(TRY("mov %0, %%cr4", : : "r"(cr4 | CR4_SMXE) : "memory"), GP);
}

/* Reads every MSR, writes back what can be read, and tries to write all ones and zero where that harms nobody. */
static void msrs(u32 first, u32 last)
{
	u32 exist = 0;

	for (u32 msr = first; msr != last; msr++) {
		u32 low = 0, high = 0;

		if (TRY("rdmsr", : "=a"(low), "=d"(high) : "c"(msr)) == NO_TRAP) {
			exist++;
			TRY("wrmsr", : : "c"(msr), "a"(low), "d"(high));
		} else {
			EXPECT(trap.vector, GP);
			EXPECT(TRY("wrmsr", : : "c"(msr), "a"(0xffffffff), "d"(0xffffffff)), GP);
		}
	}
	CHECK(exist < 40);
}

static void vmx(void)
{
	EXPECT(TRY("vmxon (%0)", : : "r"(area)), UD);
	EXPECT(TRY("vmxoff", :), UD);
	EXPECT(TRY("vmclear (%0)", : : "r"(area)), UD);
	EXPECT(TRY("vmptrld (%0)", : : "r"(area)), UD);
	EXPECT(TRY("vmptrst (%0)", : : "r"(area) : "memory"), UD);
	EXPECT(TRY("vmlaunch", :), UD);
	EXPECT(TRY("vmresume", :), UD);
	EXPECT(TRY("vmread %0, %%rax", : : "r"(0x681eul) : "rax"), UD);
	EXPECT(TRY("vmwrite %0, %0", : : "r"(0x681eul)), UD);
	EXPECT(TRY("invept (%0), %1", : : "r"(area), "r"(2ul)), UD);
	EXPECT(TRY("invvpid (%0), %1", : : "r"(area), "r"(2ul)), UD);
	EXPECT(TRY("vmfunc", : : "a"(0), "c"(0)), UD);
	EXPECT(TRY("getsec", : : "a"(0)), UD);
}

/* True for ports whose writing ends the VM or resets it, prints, or reaches its own timers and masks. */
static bool spared(u32 port)
{
	return (port >= 0xf1 && port <= 0xf7) || (port >= 0x5d && port <= 0x64) || (port >= 0xcf6 && port <= 0xcf9) ||
	       (port >= 0xe6 && port <= 0xe9) || port == 0x92 || (port >= 0x3f5 && port <= 0x3ff);
}

static void ports(void)
{
	for (u32 port = 0; port < 0x10000; port++) {
		inb((u16)port);
		if (spared(port))
			continue;
		outb((u16)port, 0xff);
		if ((port & 15) == 8) {
			inw((u16)port);
			inl((u16)port);
			outw((u16)port, 0);
			outl((u16)port, 0xa5a5a5a5);
		}
	}
}

void guest_main(void)
{
	if (!on_reprise())
		guest_skip("bare Bochs has no boundaries");
	memory();
	control_registers();
	EXPECT(TRY("wrmsr", : : "c"(MSR_EFER), "a"(0xffffffff), "d"(0xffffffff)), GP);
	msrs(0, 0x2000);
	msrs(0xc0000000, 0xc0002000);
	msrs(0x40000000, 0x40000100);
	vmx();
	ports();
	if (*guest_command_line() == 'w') {
		say("writing outside RAM\n");
		*(volatile u64 *)0x3ffffff8 = 0xdeadbeef;
		guest_failure("it goes on after a write outside RAM");
	}
	guest_success();
}
