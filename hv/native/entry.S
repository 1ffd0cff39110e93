/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM entry and exit. The guest's time-stamp counter is set on the way in and the host's is read at both ends: between
 * the two RDTSC lie a fixed number of instructions (native_calibrate measures it) and the guest's own.
 */
#include "entry.h"

#define TSC_OFFSET 0x2010

/*
 * s64 native_enter(struct vcpu *vcpu, u64 tsc_base): the ticks between the two RDTSC less native_stub_ticks, or
 * CPU_ENTRY_FAILED if VMLAUNCH or VMRESUME failed. They fit in 32 bits: the timer stops a guest within a quantum. HOST_RSP in the VMCS is `vcpu` itself.
 */
	.text
	.globl native_enter
native_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, VCPU_HOST_RSP(%rdi)
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, VCPU_TSC_ENTRY(%rdi)
	sub	%rax, %rsi
	mov	$TSC_OFFSET, %eax
	vmwrite	%rsi, %rax
	cmpq	$0, VCPU_LAUNCHED(%rdi)
	mov	VCPU_GPR+0x00(%rdi), %rax
	mov	VCPU_GPR+0x08(%rdi), %rcx
	mov	VCPU_GPR+0x10(%rdi), %rdx
	mov	VCPU_GPR+0x18(%rdi), %rbx
	mov	VCPU_GPR+0x28(%rdi), %rbp
	mov	VCPU_GPR+0x30(%rdi), %rsi
	mov	VCPU_GPR+0x40(%rdi), %r8
	mov	VCPU_GPR+0x48(%rdi), %r9
	mov	VCPU_GPR+0x50(%rdi), %r10
	mov	VCPU_GPR+0x58(%rdi), %r11
	mov	VCPU_GPR+0x60(%rdi), %r12
	mov	VCPU_GPR+0x68(%rdi), %r13
	mov	VCPU_GPR+0x70(%rdi), %r14
	mov	VCPU_GPR+0x78(%rdi), %r15
	mov	VCPU_GPR+0x38(%rdi), %rdi
	je	1f
	vmresume
	jmp	2f
1:	vmlaunch
2:	mov	$1, %eax
	shl	$63, %rax
	jmp	3f

	.globl native_exit
native_exit:
	mov	%rax, VCPU_GPR+0x00(%rsp)
	mov	%rdx, VCPU_GPR+0x10(%rsp)
	rdtsc
	sub	VCPU_TSC_ENTRY(%rsp), %eax
	cltq
	sub	native_stub_ticks(%rip), %rax
	mov	%rcx, VCPU_GPR+0x08(%rsp)
	mov	%rbx, VCPU_GPR+0x18(%rsp)
	mov	%rbp, VCPU_GPR+0x28(%rsp)
	mov	%rsi, VCPU_GPR+0x30(%rsp)
	mov	%rdi, VCPU_GPR+0x38(%rsp)
	mov	%r8, VCPU_GPR+0x40(%rsp)
	mov	%r9, VCPU_GPR+0x48(%rsp)
	mov	%r10, VCPU_GPR+0x50(%rsp)
	mov	%r11, VCPU_GPR+0x58(%rsp)
	mov	%r12, VCPU_GPR+0x60(%rsp)
	mov	%r13, VCPU_GPR+0x68(%rsp)
	mov	%r14, VCPU_GPR+0x70(%rsp)
	mov	%r15, VCPU_GPR+0x78(%rsp)
	movq	$1, VCPU_LAUNCHED(%rsp)
	mov	VCPU_HOST_RSP(%rsp), %rsp
3:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/* What the calibration runs as a guest: reads its counter, then counts instructions. */
	.globl native_probe
native_probe:
	rdtsc
1:	jmp	1b

/* What ends another VM's blocking by NMI: IRETQ as a guest with virtual NMIs (hv/native/cpu.c). */
	.globl native_unblock
native_unblock:
	iretq
	.globl native_unblocked
native_unblocked:
	jmp	native_unblocked

	.data
	.balign	8
	.globl native_stub_ticks
native_stub_ticks:
	.quad	0

	.section .note.GNU-stack,"",@progbits
