/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot sector that starts a guest on bare Bochs as `reprise run` would under the hypervisor: reads 512 KiB from the
 * disk to 2 MiB, then enters 64-bit (LONG=1: Linux's boot protocol) or flat protected mode (LONG=0: multiboot).
 */
#define LOAD 0x200000
#define CHUNKS 16		/* of 32 KiB */
#define BUFFER 0x10000
#define TABLES 0x70000		/* six pages; the zero page follows them */
	.code16
	.globl _start
_start:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	in	$0x92, %al		/* A20 */
	or	$2, %al
	out	%al, $0x92
	lgdt	gdtr
read:	mov	$packet, %si
	mov	$0x42, %ah
	mov	$0x80, %dl
	int	$0x13
	cli
	mov	%cr0, %eax		/* a big DS and ES for the copy */
	or	$1, %al
	mov	%eax, %cr0
	mov	$0x18, %bx
	mov	%bx, %ds
	mov	%bx, %es
	and	$0xfe, %al
	mov	%eax, %cr0
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	$BUFFER, %esi
	mov	target, %edi
	mov	$0x8000 / 4, %ecx
	rep addr32 movsl
	mov	%edi, target
	addl	$64, lba
	decw	left
	jnz	read

	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$0x18, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	ljmpl	$0x08, $protected

	.code32
protected:
	mov	$TABLES, %edi
	mov	$0x8000 / 4, %ecx
	xor	%eax, %eax
	rep stosl
#if LONG
	movl	$TABLES + 0x1003, TABLES
	mov	$TABLES + 0x2003, %eax
	mov	$TABLES + 0x1000, %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	mov	$0x83, %eax
	mov	$TABLES + 0x2000, %edi
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$0x20, %eax
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	$0x80000011, %eax
	mov	%eax, %cr0
	mov	$TABLES + 0x6000, %esi
	ljmp	$0x10, $LOAD
#else
	mov	$0x11, %eax
	mov	%eax, %cr0
	mov	$TABLES, %ebx
	mov	$0x2badb002, %eax
	mov	$0x9fc00, %esp
	mov	entry, %ecx
	jmp	*%ecx
entry:	.long	LOAD
#endif
	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff
	.quad	0x00af9b000000ffff, 0x00cf93000000ffff
gdtr:	.word	31
	.long	gdt
	.balign	4
packet:	.byte	16, 0
	.word	64
	.word	0, BUFFER >> 4
lba:	.quad	1
target:	.long	LOAD
left:	.word	CHUNKS
	.org	510
	.word	0xaa55
	.section .note.GNU-stack, "", @progbits
