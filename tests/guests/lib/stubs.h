/* SPDX-License-Identifier: BSD-2-Clause */
/* Assembly: the 256 entries of an IDT, 16 bytes apart, at `name`: each pushes an error code, the processor's or 0, and its
 * vector, and goes to `common`. */
	.macro	vector_stubs name
	.balign 16
	.globl \name
\name:
	.set i, 0
	.rept 256
	.balign 16
#ifdef __x86_64__
	.if !(i == 8 || (i >= 10 && i <= 14) || i == 17 || i == 21)
	pushq	$0
	.endif
	pushq	$i
#else
	.if !(i == 8 || (i >= 10 && i <= 14) || i == 17 || i == 21)
	pushl	$0
	.endif
	pushl	$i
#endif
	jmp	common
	.set i, i + 1
	.endr
	.endm
