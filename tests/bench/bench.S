/* SPDX-License-Identifier: BSD-2-Clause */
/* The benchmark guest, in real mode: loops of 1000 round trips between marks. Mark n begins loop n; loop 1 is empty. */
#define ROUNDS 1000

	.macro	mark n
	mov	$\n, %eax
	out	%eax, $0xf5
	mov	$ROUNDS, %esi
	.endm

	.code16
	.globl _start
_start:
	cli
	mark	1
1:	nop
	dec	%esi
	jnz	1b
	mark	2
2:	xor	%eax, %eax
	cpuid
	dec	%esi
	jnz	2b
	mark	3
3:	in	$0x21, %al
	dec	%esi
	jnz	3b
	mark	4
4:	rdtsc
	dec	%esi
	jnz	4b
	mark	5
5:	out	%al, $0x80
	dec	%esi
	jnz	5b
	mark	6
	mov	$0x277, %ecx
6:	rdmsr
	dec	%esi
	jnz	6b
	mark	7
	mov	$50000000, %esi		/* a plain loop for the speed of Bochs */
7:	dec	%esi
	jnz	7b
	mark	8
	xor	%eax, %eax
	out	%al, $0xf4
