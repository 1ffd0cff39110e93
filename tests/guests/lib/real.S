/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a real-mode guest starts: 0:7C00H, the whole image in memory. On bare Bochs the BIOS has loaded the first
 * sector only, which then loads the rest from the boot disk. The guest's own code follows at 7E00H (real_main, 16-bit).
 */
	.code16
	.section .boot, "ax"
	.globl _start
_start:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	ljmp	$0, $1f
1:	cmpl	$0x474f4f44, image_mark
	je	real_main
	mov	$packet, %si		/* INT 13H, AH=42H: read sectors by LBA */
	mov	$0x42, %ah
	mov	$0x80, %dl
	int	$0x13
	cli
	cmpl	$0x474f4f44, image_mark
	je	real_main
	mov	$'?', %al
	out	%al, $0xe9
	jmp	real_exit
	.balign	4
packet:	.byte	16, 0
	.word	image_sectors
	.word	0x7e00, 0
	.quad	1

/* real_print: the string at DS:SI. Keeps all registers. */
	.globl real_print
real_print:
	push	%ax
	push	%si
1:	cs lodsb
	test	%al, %al
	jz	2f
	out	%al, $0xe9
	jmp	1b
2:	pop	%si
	pop	%ax
	ret

/* real_exit: ends with status AL. */
	.globl real_exit
real_exit:
	out	%al, $0xf4
	mov	$exit_text, %si		/* bare Bochs goes on */
	test	%al, %al
	jnz	1f
	mov	$exit_text0, %si
1:	call	real_print
	mov	$shutdown, %si
	mov	$0x8900, %dx
	mov	$8, %cx
	rep outsb
2:	cli
	hlt
	jmp	2b
exit_text:
	.asciz	"[exit not 0]\n"
exit_text0:
	.asciz	"[exit 0]\n"
shutdown:
	.ascii	"Shutdown"
	.org	510
	.word	0xaa55

	.section .mark, "a"
image_mark:
	.long	0x474f4f44
	.section .note.GNU-stack, "", @progbits
