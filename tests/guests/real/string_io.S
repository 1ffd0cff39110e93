/* SPDX-License-Identifier: BSD-2-Clause */
/* INS and OUTS in real mode: segment overrides, 16- and 32-bit addresses, DF, wrap-around at 64 KiB, #GP and #SS at the limit. */
#include "real.inc"
	.set	SCRATCH, 0x3ff
real_main:
	mov	$SCRATCH, %dx
	/* OUTSB, DS:SI */
	mov	$bytes, %si
	outsb
	in	%dx, %al
	cmp	$0x11, %al
	FAIL_UNLESS e, "OUTSB"
	cmp	$bytes + 1, %si
	FAIL_UNLESS e, "OUTSB: SI"
	/* REP OUTSB keeps the high halves of ECX and ESI */
	mov	$0xabcd0003, %ecx
	mov	$0x12340000 + bytes + 1, %esi
	rep outsb
	cmp	$0xabcd0000, %ecx
	FAIL_UNLESS e, "REP OUTSB: ECX"
	cmp	$0x12340000 + bytes + 4, %esi
	FAIL_UNLESS e, "REP OUTSB: ESI"
	in	%dx, %al
	cmp	$0x33, %al
	FAIL_UNLESS e, "REP OUTSB: value"
	/* a segment override with a base: GS:SI */
	mov	$0x1000, %ax
	mov	%ax, %gs
	movb	$0x77, %gs:0x10
	mov	$0x10, %si
	gs outsb
	in	%dx, %al
	cmp	$0x77, %al
	FAIL_UNLESS e, "GS OUTSB"
	/* INSB always to ES */
	mov	$0x1000, %ax
	mov	%ax, %es
	mov	$0x20, %di
	movb	$0, %gs:0x20
	gs insb
	cmpb	$0x77, %gs:0x20
	FAIL_UNLESS e, "INSB: ES"
	cmp	$0x21, %di
	FAIL_UNLESS e, "INSB: DI"
	/* DF and REP INSW */
	mov	$0xcf8, %dx
	mov	$0x80332210, %eax
	out	%eax, %dx
	std
	mov	$0x40, %di
	mov	$2, %cx
	rep insl
	cld
	cmp	$0x38, %di
	FAIL_UNLESS e, "DF: DI"
	cmpl	$0x80332210, %es:0x40
	FAIL_UNLESS e, "DF: first"
	cmpl	$0x80332210, %es:0x3c
	FAIL_UNLESS e, "DF: second"
	/* 32-bit addresses in real mode */
	mov	$SCRATCH, %dx
	mov	$0x10, %esi
	mov	$1, %ecx
	addr32 rep outsb %gs:(%esi), (%dx)
	in	%dx, %al
	cmp	$0x77, %al
	FAIL_UNLESS e, "ADDR32 OUTSB"
	cmp	$0x11, %esi
	FAIL_UNLESS e, "ADDR32: ESI"
	or	%ecx, %ecx
	FAIL_UNLESS z, "ADDR32: ECX"
	/* 16-bit addresses wrap at 64 KiB */
	movb	$0x5a, %gs:0xffff
	movb	$0xa5, %gs:0
	mov	$0xffff, %si
	mov	$2, %cx
	rep outsb %gs:(%si), (%dx)
	cmp	$1, %si
	FAIL_UNLESS e, "wrap: SI"
	in	%dx, %al
	cmp	$0xa5, %al
	FAIL_UNLESS e, "wrap: value"
	/* over the limit: #GP, in SS #SS; the state is as before */
	VECTOR	13, on_gp
	VECTOR	12, on_ss
	mov	$0x10000, %esi
	mov	$1, %ecx
	movw	$1f, resume
1:	addr32 rep outsb %gs:(%esi), (%dx)
	FAIL	"no #GP beyond the limit"
on_gp:	pop	%ax
	cmp	resume, %ax
	FAIL_UNLESS e, "#GP: IP"
	cmp	$0x10000, %esi
	FAIL_UNLESS e, "#GP: ESI"
	cmp	$1, %ecx
	FAIL_UNLESS e, "#GP: ECX"
	add	$4, %sp
	/* a straddling word */
	mov	$0xfffe, %esi
	movw	$1f, resume
	VECTOR	13, 2f
1:	outsl	%gs:(%si), (%dx)
	FAIL	"no #GP across the limit"
2:	add	$6, %sp
	mov	$0x10000, %esi
	addr32 outsb %ss:(%esi), (%dx)
	FAIL	"no #SS beyond the limit"
on_ss:	add	$6, %sp
	SUCCESS
resume:	.word	0
bytes:	.byte	0x11, 0x11, 0x22, 0x33, 0x44
