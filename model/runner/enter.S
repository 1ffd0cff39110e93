/* SPDX-License-Identifier: BSD-2-Clause */
/* void runner_enter(struct enter_frame *frame, u64 resume): HOST_RSP in the VMCS is this function's stack. */
#define HOST_RSP 0x6c14
#define TSC 0
#define FAILED 8
#define TSC_EXIT 16
#define GPR 24
	.text
	.globl runner_enter
runner_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	$HOST_RSP, %eax
	vmwrite	%rsp, %rax
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, TSC(%rdi)
	movq	$0, FAILED(%rdi)
	test	%rsi, %rsi
	mov	GPR+0x00(%rdi), %rax
	mov	GPR+0x08(%rdi), %rcx
	mov	GPR+0x10(%rdi), %rdx
	mov	GPR+0x18(%rdi), %rbx
	mov	GPR+0x28(%rdi), %rbp
	mov	GPR+0x30(%rdi), %rsi
	mov	GPR+0x40(%rdi), %r8
	mov	GPR+0x48(%rdi), %r9
	mov	GPR+0x50(%rdi), %r10
	mov	GPR+0x58(%rdi), %r11
	mov	GPR+0x60(%rdi), %r12
	mov	GPR+0x68(%rdi), %r13
	mov	GPR+0x70(%rdi), %r14
	mov	GPR+0x78(%rdi), %r15
	mov	GPR+0x38(%rdi), %rdi
	jz	1f
	vmresume
	jmp	2f
1:	vmlaunch
2:	mov	(%rsp), %rdi
	movq	$1, FAILED(%rdi)
	jmp	3f

	.globl runner_exit
runner_exit:
	push	%rax
	push	%rdx
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	16(%rsp), %rdx
	mov	%rax, TSC_EXIT(%rdx)
	pop	%rax
	mov	%rax, GPR+0x10(%rdx)
	pop	%rax
	mov	%rax, GPR+0x00(%rdx)
	mov	%rdi, GPR+0x38(%rdx)
	mov	%rdx, %rdi
	mov	%rcx, GPR+0x08(%rdi)
	mov	%rbx, GPR+0x18(%rdi)
	mov	%rbp, GPR+0x28(%rdi)
	mov	%rsi, GPR+0x30(%rdi)
	mov	%r8, GPR+0x40(%rdi)
	mov	%r9, GPR+0x48(%rdi)
	mov	%r10, GPR+0x50(%rdi)
	mov	%r11, GPR+0x58(%rdi)
	mov	%r12, GPR+0x60(%rdi)
	mov	%r13, GPR+0x68(%rdi)
	mov	%r14, GPR+0x70(%rdi)
	mov	%r15, GPR+0x78(%rdi)
3:	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	cld
	ret
	.section .note.GNU-stack,"",@progbits
