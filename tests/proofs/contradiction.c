/* SPDX-License-Identifier: BSD-2-Clause */
/* A contract that nobody can meet proves everything. */
/*@ requires low:  x < 0;
    requires high: x > 0;
    assigns  \nothing;
    exits    \false;
    ensures  wrong: \result == 42;
*/
int nobody(int x)
{
	return x;
}
