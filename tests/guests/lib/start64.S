/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a 64-bit guest starts: long mode, identity map, RSI = boot_params (Linux's 64-bit boot protocol). */
	.section .start, "ax"
	.globl _start
_start:
	cld
	mov	$stack_end, %rsp
	mov	%rsi, guest_argument
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
