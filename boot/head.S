/* SPDX-License-Identifier: BSD-2-Clause */
/* From the boot loader's 32-bit protected mode to C in long mode, with the first 4 GiB mapped one to one. */
#define MULTIBOOT_FLAGS 3	/* page-aligned modules, memory information */
#define CR4_BITS 0x6a0		/* PAE, PGE, OSFXSR, OSXMMEXCPT */
#define STACK 0x10000

	.section .head, "ax"
	.code32
	.globl head
head:
	jmp	1f
	.balign	4
	.long	0x1badb002, MULTIBOOT_FLAGS, -(0x1badb002 + MULTIBOOT_FLAGS)
1:	cli
	cld
	mov	%eax, %ebp
	mov	%ebx, %edx
	mov	$hv_bss_start, %edi
	mov	$hv_bss_end, %ecx
	sub	%edi, %ecx
	shr	$2, %ecx
	xor	%eax, %eax
	rep stosl
	/* one PML4 entry, four page directories of 2 MiB pages */
	movl	$pdpt + 3, pml4
	mov	$pd + 3, %eax
	mov	$pdpt, %edi
	mov	$4, %ecx
2:	mov	%eax, (%edi)
	add	$4096, %eax
	add	$8, %edi
	loop	2b
	mov	$0x83, %eax
	mov	$pd, %edi
	mov	$2048, %ecx
3:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	3b
	mov	$CR4_BITS, %eax
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	%edx, %ebx
	mov	$0xc0000080, %ecx	/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	$0x80010033, %eax	/* PG, WP, NE, ET, MP, PE */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $4f
	.code64
4:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$stack + STACK, %rsp
	mov	%ebp, %edi
	mov	%ebx, %esi
	call	native_main
5:	cli
	hlt
	jmp	5b

	.text
/* One stub a vector: pushes what the processor did not, and calls native_exception(vector, error, rip, rsp). */
	.balign	16
	.globl native_vectors
native_vectors:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	(vector != 8) && ((vector < 10) || (vector > 14)) && (vector != 17) && (vector != 21)
	push	$0
	.endif
	push	$vector
	jmp	native_trap
	.set	vector, vector + 1
	.endr
native_trap:
	mov	(%rsp), %rdi
	mov	8(%rsp), %rsi
	mov	16(%rsp), %rdx
	mov	40(%rsp), %rcx
	cld
	and	$-16, %rsp
	call	native_exception
	ud2

	.data
	.balign	16
	.globl native_gdt
native_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 08H: 64-bit code */
	.quad	0x00cf93000000ffff	/* 10H: data */
	.quad	0, 0			/* 18H: TSS, filled in by tables.c */
gdt_pointer:
	.word	. - native_gdt - 1
	.quad	native_gdt

	.bss
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4 * 4096
stack:	.skip	STACK
	.section .note.GNU-stack,"",@progbits
