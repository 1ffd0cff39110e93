/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a 32-bit guest starts: flat protected mode, EBX = multiboot information. */
	.section .start, "ax"
	.globl _start
_start:
	jmp	1f
	.balign	4
	.long	0x1badb002, 0, -0x1badb002	/* multiboot header */
1:	cld
	mov	$stack_end, %esp
	mov	%ebx, guest_argument
	call	guest_tables
	call	guest_main
	call	guest_success

	.bss
	.balign 16
	.globl guest_argument
guest_argument:
	.skip	16
	.skip	16384
stack_end:
	.section .note.GNU-stack, "", @progbits
