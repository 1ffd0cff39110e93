/* SPDX-License-Identifier: BSD-2-Clause */
/* MOV to and from CR0, CR2, CR3, CR4, CR8, and CLTS, LMSW, SMSW: valid values stay, reserved ones are #GP and change nothing. */
/* run: */
/* run: --intercept cr3 */
#include "guest.h"

static u32 set_cr0(reg v) { return TRY("mov %0, %%cr0", : : "r"(v) : "memory"); }
static u32 set_cr3(reg v) { return TRY("mov %0, %%cr3", : : "r"(v) : "memory"); }
static u32 set_cr4(reg v) { return TRY("mov %0, %%cr4", : : "r"(v) : "memory"); }
static u32 set_cr8(reg v) { return TRY("mov %0, %%cr8", : : "r"(v) : "memory"); }

static void cr0(void)
{
	reg old = read_cr0(), bad[] = { old & ~CR0_PE, old | CR0_NW, old | 1ul << 32, old | 1ul << 63, old & ~CR0_PG };

	for (u32 i = 0; i < ARRAY_COUNT(bad); i++) {
		EXPECT(set_cr0(bad[i]), GP);
		EXPECT(trap.error, 0);
		EXPECT(trap.ip, trap_start);
		EXPECT(read_cr0(), old);
	}
	EXPECT(set_cr0(old | CR0_NE), NO_TRAP);
	EXPECT(read_cr0(), old | CR0_NE);
	EXPECT(set_cr0(old & ~CR0_NE), NO_TRAP);
	EXPECT(read_cr0(), old & ~CR0_NE);
	EXPECT(set_cr0(old | CR0_CD), NO_TRAP);
	EXPECT(read_cr0(), old | CR0_CD);
	EXPECT(set_cr0(old | CR0_CD | CR0_NW), NO_TRAP);
	EXPECT(read_cr0(), old | CR0_CD | CR0_NW);
	EXPECT(set_cr0((old | CR0_WP | CR0_AM | CR0_MP | CR0_EM | CR0_TS) & ~CR0_ET), NO_TRAP);
	EXPECT(read_cr0(), old | CR0_WP | CR0_AM | CR0_MP | CR0_EM | CR0_TS | CR0_ET);
	EXPECT(set_cr0(old | 0x40), NO_TRAP);		/* a reserved bit below 32 is ignored */
	EXPECT(read_cr0(), old);
}

static void machine_status(void)
{
	reg old = read_cr0(), word = ~0ul;
	u16 memory[2] = { 0, 0x5555 };

	EXPECT(TRY("lmsw %w0", : : "r"(0xf)), NO_TRAP);
	EXPECT(read_cr0() & 0xf, 0xf);
	asm volatile("smsw %0" : "+r"(word));
	EXPECT(word, read_cr0());
	asm volatile("smsw %k0" : "+r"(word));
	EXPECT(word, read_cr0());
	asm volatile("smsw %0" : "=m"(memory[0]));
	EXPECT(memory[0], (u16)read_cr0());
	EXPECT(memory[1], 0x5555);
	asm volatile("clts");
	EXPECT(read_cr0() & 0xf, 0x7);
	EXPECT(TRY("lmsw %w0", : : "r"(0x0)), NO_TRAP);
	EXPECT(read_cr0() & 0xf, 0x1);			/* PE stays */
	memory[0] = 0xfffe;				/* from memory; only bits 3:0 count, and PE stays set */
	EXPECT(TRY("lmsw %0", : : "m"(memory[0])), NO_TRAP);
	EXPECT(read_cr0(), (old & ~0xful) | 0xf);
	EXPECT(set_cr0(old), NO_TRAP);
}

static void cr3(void)
{
	reg old = read_cr3();
	u32 bits = cpuid(0x80000008, 0).eax & 0xff;

	for (u32 i = bits; i < 64; i++) {
		if (i == 63 && !on_reprise())
			break;
		EXPECT(set_cr3(old | 1ul << i), GP);
		EXPECT(read_cr3(), old);
	}
	EXPECT(set_cr3(old | 0x18), NO_TRAP);	/* PWT, PCD */
	EXPECT(read_cr3(), old | 0x18);
	EXPECT(set_cr3(old), NO_TRAP);
	EXPECT(read_cr3(), old);
}

static void cr4(void)
{
	static const u8 free[] = { 0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 16, 20, 21 };
	static const u8 hidden[] = { 6, 12, 13, 14, 15, 17, 18, 19, 22, 23, 24, 31, 32, 63 };
	reg old = read_cr4();

	for (u32 i = 0; i < ARRAY_COUNT(free); i++) {
		EXPECT(set_cr4(old | 1ul << free[i]), NO_TRAP);
		EXPECT(read_cr4(), old | 1ul << free[i]);
		EXPECT(set_cr4(old), NO_TRAP);
		EXPECT(read_cr4(), old);
	}
	for (u32 i = 0; i < ARRAY_COUNT(hidden) && on_reprise(); i++) {
		EXPECT(set_cr4(old | 1ul << hidden[i]), GP);
		EXPECT(trap.error, 0);
		EXPECT(read_cr4(), old);
	}
	EXPECT(set_cr4(old & ~CR4_PAE), GP);	/* not in IA-32e mode */
	EXPECT(read_cr4(), old);
}

static void cr8(void)
{
	for (reg i = 0; i < 16; i++) {
		EXPECT(set_cr8(i), NO_TRAP);
		EXPECT(read_cr8(), i);
	}
	EXPECT(set_cr8(16), GP);
	EXPECT(set_cr8(1ul << 32), GP);
	EXPECT(read_cr8(), 15);
	write_cr8(0);
	EXPECT(read_cr8(), 0);
}

static volatile u32 user_bad;

static void user(void)
{
	u32 bad = 0;

	bad |= (TRY("mov %%cr0, %%rax", : : : "rax") != GP) << 0;
	bad |= (set_cr0(0x80000011) != GP) << 1;
	bad |= (TRY("mov %%cr3, %%rax", : : : "rax") != GP) << 2;
	bad |= (set_cr3(0) != GP) << 3;
	bad |= (set_cr4(CR4_PAE) != GP) << 4;
	bad |= (set_cr8(0) != GP) << 5;
	bad |= (TRY("mov %%cr8, %%rax", : : : "rax") != GP) << 6;
	bad |= (TRY("clts", :) != GP) << 7;
	bad |= (TRY("lmsw %%ax", :) != GP) << 8;
	bad |= (TRY("smsw %%eax", : : : "eax") != NO_TRAP) << 9;
	user_bad = bad;
	USER_RETURN();
}

static void user_umip(void)
{
	user_bad = (TRY("smsw %%eax", : : : "eax") != GP);
	USER_RETURN();
}

void guest_main(void)
{
	reg cr2 = 0x123456789abcdef0;

	cr0();
	machine_status();
	cr3();
	cr4();
	cr8();
	write_cr2(cr2);
	EXPECT(read_cr2(), cr2);
	EXPECT(TRY(".byte 0x0f, 0x20, 0xc8", : : : "rax"), UD);	/* MOV from CR1 */
	EXPECT(TRY(".byte 0x0f, 0x22, 0xe8", : : : "rax"), UD);	/* MOV to CR5 */
	EXPECT(TRY(".byte 0x44, 0x0f, 0x22, 0xc8", : : : "rax"), UD);	/* MOV to CR9 */
	paging_own();
	user_call(user);
	EXPECT(user_bad, 0);
	write_cr4(read_cr4() | CR4_UMIP);
	user_call(user_umip);
	EXPECT(user_bad, 0);
	guest_success();
}
