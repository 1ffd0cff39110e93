/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option ROM: the BIOS calls it once PCI is set up, and it does not return. It asks for the size of memory, enters
 * protected mode, loads the hypervisor from the boot disk (ata0-master, PIO) to 1 MiB and jumps there.
 */
#include "boot/header.h"

#define SECTOR 0x7000
#define ATA 0x1f0
#define COM1 0x3f8

	.text
	.code16
	.globl _start
_start:
	.byte	0x55, 0xaa, 2		/* 1 KiB; the checksum is the last byte (boot/oprom-checksum) */
	cli
	cld
	mov	$0xe801, %ax		/* AX = KiB from 1 MiB to 16 MiB, BX = 64 KiB blocks above */
	int	$0x15
	cli
	movzwl	%ax, %eax
	movzwl	%bx, %ebx
	shl	$6, %ebx
	add	%eax, %ebx
	in	$0x92, %al		/* A20 */
	or	$2, %al
	out	%al, $0x92
	lgdtl	%cs:gdt_pointer - _start
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$SECTOR, %esp
	mov	%ebx, %ebp		/* KiB above 1 MiB */
	xor	%esi, %esi
	mov	$1, %ebx
	mov	$SECTOR, %edi
	call	load
	cmpl	$BOOT_MAGIC, SECTOR + BOOT_OFF_MAGIC
	mov	$no_medium, %esi
	jne	fail
	mov	SECTOR + BOOT_OFF_HV_SECTORS, %ebx
	mov	SECTOR + BOOT_OFF_HV_SECTOR, %esi
	mov	$BOOT_HV_ADDRESS, %edi
	call	load
	mov	%ebp, %ebx
	mov	$BOOT_MAGIC, %eax
	mov	$BOOT_HV_ADDRESS, %ecx
	jmp	*%ecx

/* Loads EBX sectors from sector ESI to EDI, at most 128 a command. */
load:
	test	%ebx, %ebx
	jz	5f
	mov	%ebx, %ecx
	cmp	$128, %ecx
	jbe	1f
	mov	$128, %ecx
1:	sub	%ecx, %ebx
	mov	%ecx, %eax
	mov	$ATA + 2, %edx
	out	%al, %dx
	mov	%esi, %eax
	inc	%edx
	out	%al, %dx		/* LBA 7:0 */
	shr	$8, %eax
	inc	%edx
	out	%al, %dx		/* 15:8 */
	shr	$8, %eax
	inc	%edx
	out	%al, %dx		/* 23:16 */
	shr	$8, %eax
	or	$0xe0, %al
	inc	%edx
	out	%al, %dx		/* 27:24, LBA, master */
	mov	$0x20, %al		/* READ SECTORS */
	inc	%edx
	out	%al, %dx
	add	%ecx, %esi
2:	push	%ecx
	mov	$ATA + 7, %edx
	mov	$1000000, %ecx
3:	in	%dx, %al
	test	$0x01, %al
	jnz	4f
	and	$0x88, %al		/* BSY, DRQ */
	cmp	$0x08, %al
	loopne	3b
	jne	4f
	mov	$ATA, %edx
	mov	$128, %ecx
	rep insl
	pop	%ecx
	loop	2b
	jmp	load
4:	mov	$read_error, %esi
	jmp	fail
5:	ret

/* One line on COM1, then stop. */
fail:
	lodsb	%ds:(%esi), %al
	test	%al, %al
	jz	7f
	mov	%al, %ah
	mov	$COM1 + 5, %edx
6:	in	%dx, %al
	test	$0x20, %al
	jz	6b
	mov	%ah, %al
	mov	$COM1, %edx
	out	%al, %dx
	jmp	fail
7:	cli
	hlt
	jmp	7b

no_medium:
	.asciz	"reprise: the boot disk has no hypervisor on it\r\n"
read_error:
	.asciz	"reprise: the boot disk cannot be read\r\n"

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff
	.quad	0x00cf92000000ffff
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt
	.org	1023			/* the checksum byte follows */
	.section .note.GNU-stack,"",@progbits
