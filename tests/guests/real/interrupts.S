/* SPDX-License-Identifier: BSD-2-Clause */
/* Real-mode interrupts and exceptions: INT n, #UD, #DE, INTO, #GP without error codes, a timer interrupt, HLT; IVT relocated by LIDT. */
#include "real.inc"
real_main:
	VECTOR	0x60, on_int
	VECTOR	6, on_ud
	VECTOR	0, on_de
	VECTOR	4, on_of
	VECTOR	13, on_gp
	VECTOR	0x20, on_timer
	mov	%sp, stack
	mov	$0x1234, %ax
	int	$0x60
	cmp	$0x4321, %ax
	FAIL_UNLESS e, "INT 60H"
	ud2
	cmp	%sp, stack
	FAIL_UNLESS e, "#UD: SP"
	xor	%cx, %cx
	div	%cx
	cmp	%sp, stack
	FAIL_UNLESS e, "#DE: SP"
	mov	$0x7f, %al
	add	$1, %al
	into
	cmp	%sp, stack
	FAIL_UNLESS e, "#OF: SP"
	mov	%cs:0xffff, %ax		/* a word across the limit */
	cmp	%sp, stack
	FAIL_UNLESS e, "#GP: SP"
	cmpb	$0x1f, seen
	FAIL_UNLESS e, "a handler did not run"
	/* the PIC at vector 20H, the PIT, and HLT */
	mov	$0x11, %al
	out	%al, $0x20
	mov	$0x20, %al
	out	%al, $0x21
	mov	$4, %al
	out	%al, $0x21
	mov	$1, %al
	out	%al, $0x21
	mov	$0xfe, %al
	out	%al, $0x21
	mov	$0x30, %al
	out	%al, $0x43
	mov	$0x00, %al
	out	%al, $0x40
	mov	$0x10, %al
	out	%al, $0x40
	sti
	hlt
	cli
	cmpb	$0x3f, seen
	FAIL_UNLESS e, "no timer interrupt"
	/* a vector table elsewhere */
	movw	$on_other, table + 4 * 3
	lidt	idtr
	int3
	FAIL	"INT3 came back"
on_other:
	SUCCESS

on_int:	orb	$1, seen
	mov	$0x4321, %ax
	iret
on_ud:	orb	$2, seen
	mov	%sp, %bp
	addw	$2, (%bp)
	iret
on_de:	orb	$4, seen
	mov	%sp, %bp
	addw	$2, (%bp)
	iret
on_of:	orb	$8, seen
	iret
on_gp:	orb	$16, seen
	mov	%sp, %bp
	addw	$4, (%bp)
	iret
on_timer:
	orb	$32, seen
	push	%ax
	mov	$0x20, %al
	out	%al, $0x20
	pop	%ax
	iret
seen:	.byte	0
stack:	.word	0
idtr:	.word	0x3ff
	.long	table
	.balign	4
table:	.skip	64
