/* SPDX-License-Identifier: BSD-2-Clause */
/* An exception without a usable vector table in real mode is a triple fault: status 120. */
/* expect: status=120 */
#include "real.inc"
real_main:
	lidt	none
	ud2
	FAIL	"it goes on after a triple fault"
none:	.word	0, 0, 0
