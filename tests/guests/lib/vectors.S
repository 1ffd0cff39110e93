/* SPDX-License-Identifier: BSD-2-Clause */
/* The 256 entries of the IDT: each makes a struct frame and calls trap_enter. Also the way to CPL 3 and back. */
#include "stubs.h"
	.text
	vector_stubs vector_entry

#ifdef __x86_64__
common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbx		/* unused */
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	cld
	and	$-16, %rsp
	call	trap_enter
	mov	%rbp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.globl user_call
user_call:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, user_kernel_stack
	movq	$user_back, trap_handler + 0x80 * 8
	pushq	$0x2b
	pushq	$user_stack_end
	pushq	$0x2		/* IF=0, IOPL=0 */
	pushq	$0x33
	push	%rdi
	iretq

user_back:			/* a trap_handler: on the stack of RSP0 */
	mov	user_kernel_stack, %rsp
	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
#else
common:
	pushal
	push	%ds
	push	%es
	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	lea	8(%esp), %eax
	mov	%esp, %ebp
	cld
	and	$-16, %esp
	sub	$12, %esp
	push	%eax
	call	trap_enter
	mov	%ebp, %esp
	pop	%es
	pop	%ds
	popal
	add	$8, %esp
	iretl

	.globl user_call
user_call:
	mov	4(%esp), %eax
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	mov	%esp, user_kernel_stack
	movl	$user_back, trap_handler + 0x80 * 4
	mov	$0x2b, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	push	$0x2b
	push	$user_stack_end
	push	$0x2
	push	$0x23
	push	%eax
	iretl

user_back:
	mov	user_kernel_stack, %esp
	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	ret
#endif

	.bss
	.balign 16
user_kernel_stack:
	.skip	16
	.skip	8192
user_stack_end:
	.section .note.GNU-stack, "", @progbits
