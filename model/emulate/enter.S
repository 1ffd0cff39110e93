/* SPDX-License-Identifier: BSD-2-Clause */
/* Into a snippet and back at its first trap, with the time on both sides. Offsets are those of struct run (guest.c). */
#include "model/emulate/case.h"
#define GPR(n) (AT_RUN + 8 * (n))
#define RUN_IP (AT_RUN + 128)
#define RUN_CS (AT_RUN + 136)
#define RUN_FLAGS (AT_RUN + 144)
#define RUN_SS (AT_RUN + 152)
#define RUN_DS (AT_RUN + 160)
#define RUN_ES (AT_RUN + 168)
#define RUN_FS (AT_RUN + 176)
#define RUN_GS (AT_RUN + 184)
#define RUN_START (AT_RUN + 192)
#define RUN_END (AT_RUN + 200)
#define RUN_VECTOR (AT_RUN + 208)
#define RUN_ERROR (AT_RUN + 216)
#define RUN_HARNESS (AT_RUN + 224)
#define RUN_KIND (AT_RUN + 232)
#define DS0 0x18
#include "stubs.h"
	.text
	vector_stubs run_vector

#ifdef __x86_64__
	.globl run_enter
run_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, RUN_HARNESS
	mov	RUN_DS, %ds
	mov	RUN_ES, %es
	mov	RUN_FS, %fs
	mov	RUN_GS, %gs
	pushq	RUN_SS
	pushq	GPR(4)
	pushq	RUN_FLAGS
	pushq	RUN_CS
	pushq	RUN_IP
	mov	GPR(1), %rcx
	mov	GPR(3), %rbx
	mov	GPR(5), %rbp
	mov	GPR(6), %rsi
	mov	GPR(7), %rdi
	mov	GPR(8), %r8
	mov	GPR(9), %r9
	mov	GPR(10), %r10
	mov	GPR(11), %r11
	mov	GPR(12), %r12
	mov	GPR(13), %r13
	mov	GPR(14), %r14
	mov	GPR(15), %r15
	rdtsc
	mov	%eax, RUN_START
	mov	%edx, RUN_START + 4
	mov	GPR(0), %rax
	mov	GPR(2), %rdx
	iretq

common:	mov	%rax, GPR(0)
	mov	%rdx, GPR(2)
	rdtsc
	mov	%eax, RUN_END
	mov	%edx, RUN_END + 4
	mov	%rcx, GPR(1)
	mov	%rbx, GPR(3)
	mov	%rbp, GPR(5)
	mov	%rsi, GPR(6)
	mov	%rdi, GPR(7)
	mov	%r8, GPR(8)
	mov	%r9, GPR(9)
	mov	%r10, GPR(10)
	mov	%r11, GPR(11)
	mov	%r12, GPR(12)
	mov	%r13, GPR(13)
	mov	%r14, GPR(14)
	mov	%r15, GPR(15)
	mov	%ds, RUN_DS
	mov	%es, RUN_ES
	mov	%fs, RUN_FS
	mov	%gs, RUN_GS
	popq	RUN_VECTOR
	popq	RUN_ERROR
	popq	RUN_IP
	popq	RUN_CS
	popq	RUN_FLAGS
	popq	GPR(4)
	popq	RUN_SS
	mov	$DS0, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	RUN_HARNESS, %rsp
	cld
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.globl run_enter_real, real_begin, real_common, real_end
run_enter_real:
real_begin:
real_common:
real_end:
	ret
#else
	.globl run_enter
run_enter:
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	mov	%esp, RUN_HARNESS
	cmpl	$1, RUN_KIND
	je	1f
	cmpl	$2, RUN_KIND
	je	2f
	mov	RUN_SS, %ss		/* the same privilege: on the snippet's stack */
	mov	GPR(4), %esp
	jmp	3f
2:	pushl	RUN_GS			/* virtual-8086 mode */
	pushl	RUN_FS
	pushl	RUN_DS
	pushl	RUN_ES
	pushl	RUN_SS
	pushl	GPR(4)
	jmp	4f
1:	pushl	RUN_SS
	pushl	GPR(4)
3:	mov	RUN_ES, %es
	mov	RUN_FS, %fs
	mov	RUN_GS, %gs
4:	pushl	RUN_FLAGS
	pushl	RUN_CS
	pushl	RUN_IP
	mov	GPR(1), %ecx
	mov	GPR(3), %ebx
	mov	GPR(5), %ebp
	mov	GPR(6), %esi
	mov	GPR(7), %edi
	rdtsc
	mov	%eax, RUN_START
	mov	%edx, RUN_START + 4
	mov	GPR(0), %eax
	mov	GPR(2), %edx
	cmpl	$2, RUN_KIND
	je	1f
	mov	RUN_DS, %ds
1:	iretl

common:	push	%ds
	pushl	$DS0
	pop	%ds
	mov	%eax, GPR(0)
	mov	%edx, GPR(2)
	rdtsc
	mov	%eax, RUN_END
	mov	%edx, RUN_END + 4
	mov	%ecx, GPR(1)
	mov	%ebx, GPR(3)
	mov	%ebp, GPR(5)
	mov	%esi, GPR(6)
	mov	%edi, GPR(7)
	mov	%es, RUN_ES
	mov	%fs, RUN_FS
	mov	%gs, RUN_GS
	popl	RUN_DS
	popl	RUN_VECTOR
	popl	RUN_ERROR
	popl	RUN_IP
	popl	RUN_CS
	popl	RUN_FLAGS
	testl	$1 << 17, RUN_FLAGS
	jnz	2f
	testl	$3, RUN_CS
	jnz	1f
	mov	%esp, GPR(4)
	mov	%ss, RUN_SS
	jmp	3f
2:	popl	GPR(4)
	popl	RUN_SS
	popl	RUN_ES
	popl	RUN_DS
	popl	RUN_FS
	popl	RUN_GS
	jmp	3f
1:	popl	GPR(4)
	popl	RUN_SS
3:
back:	mov	$DS0, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	RUN_HARNESS, %esp
	cld
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	ret

	.globl run_enter_real
run_enter_real:
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	mov	%esp, RUN_HARNESS
	lidt	real_idtr
	ljmp	$0x58, $AT_REAL_CODE
real_idtr:
	.word	0x3ff
	.long	0

/* Copied to AT_REAL_CODE. */
	.code16
	.globl real_begin, real_common, real_end
real_begin:
	mov	$0x60, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	%ax, %fs
	mov	%ax, %gs
	mov	%cr0, %eax
	and	$~1, %al
	mov	%eax, %cr0
	ljmp	$0, $(1f - real_begin + AT_REAL_CODE)
1:	xor	%ax, %ax
	mov	%ax, %ds
	mov	RUN_SS, %ss
	mov	GPR(4), %esp
	mov	RUN_ES, %es
	mov	RUN_FS, %fs
	mov	RUN_GS, %gs
	pushl	RUN_FLAGS
	pushl	RUN_CS
	pushl	RUN_IP
	mov	GPR(1), %ecx
	mov	GPR(3), %ebx
	mov	GPR(5), %ebp
	mov	GPR(6), %esi
	mov	GPR(7), %edi
	rdtsc
	mov	%eax, RUN_START
	mov	%edx, RUN_START + 4
	mov	GPR(0), %eax
	mov	GPR(2), %edx
	mov	RUN_DS, %ds
	iretl

real_common:
	mov	%eax, %cs:GPR(0)
	mov	%edx, %cs:GPR(2)
	rdtsc
	mov	%eax, %cs:RUN_END
	mov	%edx, %cs:RUN_END + 4
	mov	%ecx, %cs:GPR(1)
	mov	%ebx, %cs:GPR(3)
	mov	%ebp, %cs:GPR(5)
	mov	%esi, %cs:GPR(6)
	mov	%edi, %cs:GPR(7)
	mov	%ds, %cs:RUN_DS
	mov	%es, %cs:RUN_ES
	mov	%fs, %cs:RUN_FS
	mov	%gs, %cs:RUN_GS
	mov	%ss, %cs:RUN_SS
	xor	%eax, %eax
	mov	%eax, %cs:RUN_ERROR
	popw	%ax
	mov	%eax, %cs:RUN_VECTOR
	popw	%ax
	mov	%eax, %cs:RUN_IP
	popw	%ax
	mov	%eax, %cs:RUN_CS
	popw	%ax
	mov	%eax, %cs:RUN_FLAGS
	mov	%esp, %cs:GPR(4)
	mov	%cr0, %eax
	mov	%eax, %edx
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$0x50, $back
real_end:
	.code32
#endif
	.section .note.GNU-stack, "", @progbits
