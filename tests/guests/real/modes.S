/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All the way: real, big real, 16- and 32-bit protected, PAE paging, compatibility and 64-bit mode, and back to real
 * mode; in each a CPUID (an exit) and an I/O instruction work and registers stay.
 */
/* run: */
/* run: --intercept all --map-4k */
#include "real.inc"
	.set	TABLES, 0x20000
	.macro	PROBE n
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000008, %eax
	mov	$\n, %ebp
	jne	wrong\@
	mov	$0x3ff, %dx
	mov	$\n, %al
	out	%al, %dx
	xor	%eax, %eax
	in	%dx, %al
	cmp	$\n, %al
	je	right\@
wrong\@: mov	$'!', %al
	out	%al, $0xe9
	mov	$1, %al
	out	%al, $0xf4
right\@: mov	$'0' + \n, %al
	out	%al, $0xe9
	.endm

real_main:
	PROBE	1
	mov	%sp, stack
	sidt	real_idtr
	lgdt	gdtr
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$0x20, %bx		/* big data segment */
	mov	%bx, %ds
	mov	%bx, %es
	and	$0xfe, %al
	mov	%eax, %cr0
	/* big real mode: the limit stays */
	PROBE	2
	mov	$0x100000, %ebx
	movl	$0x12345678, (%ebx)
	cmpl	$0x12345678, (%ebx)
	FAIL_UNLESS e, "big real mode"
	xor	%ax, %ax
	mov	%ax, %es
	mov	%ax, %ds
	/* 16-bit protected mode */
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$0x18, $1f
1:	PROBE	3
	mov	$0x20, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %esp
	ljmpl	$0x08, $protected
	.code32
protected:
	PROBE	4
	/* PAE tables, which long mode uses, too: PML4, PDPT, PD */
	mov	$TABLES, %edi
	mov	$0x3000 / 4, %ecx
	xor	%eax, %eax
	rep stosl
	movl	$TABLES + 0x1003, TABLES
	movl	$TABLES + 0x2001, TABLES + 0x1000
	movl	$0x83, TABLES + 0x2000
	movl	$0x200083, TABLES + 0x2008
	mov	$TABLES + 0x1000, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	jmp	1f
1:	PROBE	5			/* 32-bit PAE paging */
	cmpl	$0x12345678, 0x100000
	jne	bad32
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	/* IA-32e */
	movl	$TABLES + 0x2003, TABLES + 0x1000
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	mov	$0xc0000080, %ecx
	rdmsr
	test	$0x400, %eax
	jz	bad32
	PROBE	6			/* compatibility mode */
	ljmp	$0x10, $long_mode
bad32:	mov	$'#', %al
	out	%al, $0xe9
	mov	$1, %al
	out	%al, $0xf4
	.code64
long_mode:
	mov	$0x1122334455667788, %r11
	PROBE	7			/* 64-bit mode */
	mov	$0x1122334455667788, %rax
	cmp	%rax, %r11
	jne	bad64
	mov	$0x100000, %ebx
	cmpl	$0x12345678, (%rbx)
	jne	bad64
	mov	$far_protected, %ebx
	ljmp	*(%rbx)
bad64:	mov	$'@', %al
	out	%al, $0xe9
	mov	$1, %al
	out	%al, $0xf4
	.code32
back:	PROBE	8
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	mov	$0xc0000080, %ecx
	rdmsr
	test	$0x400, %eax		/* LMA is gone */
	jnz	bad32
	and	$~0x100, %eax
	wrmsr
	mov	%cr4, %eax
	and	$~0x20, %eax
	mov	%eax, %cr4
	ljmp	$0x18, $1f
	.code16
1:	mov	$0x28, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	%cr0, %eax
	and	$0xfe, %al
	mov	%eax, %cr0
	ljmp	$0, $2f
2:	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	stack, %sp
	lidt	real_idtr
	PROBE	9
	VECTOR	6, done
	ud2
done:	PRINT	"\n"
	SUCCESS
stack:	.word	0
	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff		/* 08: 32-bit code */
	.quad	0x00af9b000000ffff		/* 10: 64-bit code */
	.quad	0x00009b000000ffff		/* 18: 16-bit code */
	.quad	0x00cf93000000ffff		/* 20: big data */
	.quad	0x000093000000ffff		/* 28: data as in real mode */
gdtr:	.word	47
	.long	gdt
real_idtr:
	.word	0
	.quad	0
far_protected:
	.long	back
	.word	8
