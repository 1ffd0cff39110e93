/* SPDX-License-Identifier: BSD-2-Clause */
/* A flat image starts in real mode at 0:7C00H, survives a trap and ends. */
/* expect: status=0 console~"hello from real mode.*SUCCESS" */
#include "real.inc"
real_main:
	PRINT	"hello from real mode\n"
	mov	%cr0, %eax
	test	$1, %al
	FAIL_UNLESS z, "CR0.PE is set"
	VECTOR	6, handler
	ud2
	FAIL	"UD2 did not trap"
handler:
	SUCCESS
