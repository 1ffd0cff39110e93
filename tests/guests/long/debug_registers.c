/* SPDX-License-Identifier: BSD-2-Clause */
/* MOV to and from DR0-DR7: values, fixed bits, the aliases DR4 and DR5, DR7.GD, reserved halves, CPL 3. */
#include "guest.h"

static volatile u32 user_vector;

static void user(void)
{
	user_vector = TRY("mov %%dr0, %%rax", : : : "rax");
	USER_RETURN();
}

static u32 gd_count;
static reg gd_dr6, gd_ip;

static void on_debug(struct frame *frame)
{
	gd_count++;
	gd_dr6 = read_dr6();	/* possible because the delivery cleared GD */
	gd_ip = frame->ip;
	frame->ip = trap_resume;
}

void guest_main(void)
{
	reg value;

	EXPECT(read_dr6() & 0xfffeffff, 0xfffe0ff0);
	EXPECT(read_dr7(), 0x400);
	write_dr0(0x1122334455667788);
	write_dr1(0x8877665544332211);
	write_dr2(0);
	write_dr3(~0ul);
	EXPECT(read_dr0(), 0x1122334455667788);
	EXPECT(read_dr1(), 0x8877665544332211);
	EXPECT(read_dr2(), 0);
	EXPECT(read_dr3(), ~0ul);
	asm volatile("mov %%dr1, %%r15\n\tmov %%r15, %0\n\tmov %%r15, %%dr2" : "=r"(value) : : "r15");
	EXPECT(value, 0x8877665544332211);
	EXPECT(read_dr2(), 0x8877665544332211);
	write_dr6(0);
	EXPECT(read_dr6() & 0xfffeffff, 0xfffe0ff0);
	write_dr6(0xffffffff);
	EXPECT(read_dr6() & ~0x10000ul, 0xfffeefff);
	EXPECT(read_dr6() & 0x1000, 0);
	write_dr6(0xffff0ff0);
	write_dr7(0);
	EXPECT(read_dr7(), 0x400);
	write_dr7(0xffff0300);
	EXPECT(read_dr7(), 0xffff0700);
	write_dr7(0x400);
	EXPECT(TRY("mov %0, %%dr6", : : "r"(1ul << 32)), GP);
	EXPECT(TRY("mov %0, %%dr7", : : "r"(1ul << 32)), GP);
	EXPECT(trap.error, 0);
	EXPECT(read_dr7(), 0x400);
	/* DR4 and DR5 are DR6 and DR7 unless CR4.DE is set */
	EXPECT(TRY(".byte 0x0f, 0x21, 0xe8", : "=a"(value)), NO_TRAP);	/* MOV from DR5 */
	EXPECT(value, 0x400);
	write_cr4(read_cr4() | CR4_DE);
	EXPECT(TRY(".byte 0x0f, 0x21, 0xe8", : "=a"(value)), UD);
	EXPECT(TRY(".byte 0x0f, 0x23, 0xe0", : : "a"(0)), UD);		/* MOV to DR4 */
	write_cr4(read_cr4() & ~CR4_DE);
	/* DR7.GD: the next access is #DB with DR6.BD, before the instruction; GD is cleared */
	trap_handler[DB] = on_debug;
	write_dr7(0x2400);
	TRY("mov %%dr0, %%rax", : : : "rax");
	EXPECT(gd_count, 1);
	EXPECT(gd_ip, trap_start);
	EXPECT(gd_dr6 & 0x2000, 0x2000);
	EXPECT(read_dr7(), 0x400);
	trap_handler[DB] = NULL;
	write_dr6(0xffff0ff0);
	paging_own();
	user_call(user);
	EXPECT(user_vector, GP);
	guest_success();
}
