/* SPDX-License-Identifier: BSD-2-Clause */
/* Code in a segment whose base is not 0: a routine of three bytes at 2000H:10H. For the debugger's tests, too. */
/* expect: status=0 console~"SUCCESS" */
#include "real.inc"
real_main:
	mov	$0x2000, %ax
	mov	%ax, %es
	movl	$0x00cb9090, %es:0x10	/* nop; nop; lret */
	lcall	$0x2000, $0x10
	SUCCESS
